// What one would write in an hour: a bare Socket.IO server with rooms, optionally one durable transaction per message, and
// optionally an answer that is emitted token by token. Payloads have the shape and size of ours.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { Server } from 'socket.io';
import { serveParent } from '../child.ts';
import { startProfile, stopProfile } from './profile.ts';
import { createTokenModel } from './token-source.ts';

interface Said {
  conversationId: string;
  clientId: string;
  text: string;
}

const env = process.env;
const server = createServer();
const io = new Server(server, { transports: ['websocket'], serveClient: false, perMessageDeflate: false });

const openTable = (folder: string): DatabaseSyncInstance => {
  const db = new DatabaseSync(join(folder, 'naive.db'));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  db.exec('CREATE TABLE messages (id INTEGER PRIMARY KEY, room TEXT NOT NULL, body TEXT NOT NULL) STRICT');
  return db;
};
const db = env['BENCH_STORE'] === 'naive' ? openTable(env['DATA_DIR'] ?? '.') : undefined;
const insert = db?.prepare('INSERT INTO messages (room, body) VALUES (?, ?)');
// A statement does not keep its database: one that is collected takes the process with it.
process.on('exit', () => db?.close());

const tokens = Number(env['BENCH_TOKENS'] ?? 0);
const model = tokens > 0 ? createTokenModel({ perSecond: 50, count: tokens }) : undefined;
const request = { system: '', messages: [], passages: [], assistantName: 'Assistant', canHandOff: true };

const speak = async (conversationId: string, replyId: string): Promise<void> => {
  let offset = 0;
  for await (const event of model!.stream(request, new AbortController().signal)) {
    if (event.type !== 'text') continue;
    const { text } = event;
    const delta = { type: 'reply.delta', replyId, turn: 1, attempt: 1, offset, text, conversationId };
    io.to(conversationId).emit('signal', delta);
    offset += text.length;
  }
};

let seq = 0;
io.on('connection', (socket) => {
  socket.on('join', (room: string, ack: (answer: unknown) => void) => {
    void socket.join(room);
    ack({ ok: true, data: {} });
  });
  socket.on('message:send', ({ conversationId, clientId, text }: Said, ack: (answer: unknown) => void) => {
    seq += 1;
    const id = `6921b3c0${String(seq).padStart(16, '0')}`;
    const messageId = `msg_${id}`;
    const at = Date.now();
    const fact = {
      conversationId,
      seq,
      id: `${id}.0`,
      at,
      type: 'message.created',
      messageId,
      author: { kind: 'visitor' },
      text,
      status: 'complete',
      clientId,
    };
    insert?.run(conversationId, JSON.stringify(fact));
    io.to(conversationId).emit('fact', fact);
    ack({ ok: true, data: { messageId, seq, createdAt: at } });
    if (model !== undefined) void speak(conversationId, messageId);
  });
});

await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
serveParent({ about: () => ({ url }), startProfile, stopProfile });
