// What the edge uses of Socket.IO beneath its public side: a new version that changes it must be noticed here.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import type { Socket } from 'socket.io';
import { io as connect } from 'socket.io-client';
import type { Socket as Client } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Hub, slowRoom } from '../../server/edges/socket/hub.ts';
import { coalesceWrites, encodeTextOnly } from '../../server/edges/socket/wire-economy.ts';

type Handle = { writev: (...args: unknown[]) => unknown };
interface Raw {
  conn: { transport: { socket: Record<'_socket', Record<'_handle', Handle>> } };
}

const delta = (text: string) =>
  ({
    type: 'reply.delta',
    conversationId: 'conv_a',
    replyId: 'msg_a',
    turn: 1,
    attempt: 1,
    offset: 0,
    text,
  }) as const;

describe('the economy of the wire', () => {
  let io: Server;
  let hub: Hub;
  let client: Client;
  let socket: Socket;
  const received: unknown[] = [];

  beforeEach(async () => {
    const server = createServer();
    io = new Server(server, { transports: ['websocket'], serveClient: false });
    coalesceWrites(io);
    encodeTextOnly(io);
    hub = new Hub(io);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const entered = new Promise<Socket>((resolve) => io.of('/widget').once('connection', resolve));
    const { port } = server.address() as AddressInfo;
    client = connect(`http://127.0.0.1:${port}/widget`, { transports: ['websocket'], forceNew: true });
    received.length = 0;
    client.on('signal', (signal: unknown) => received.push(signal));
    socket = await entered;
    void socket.join('conv_a');
  });

  afterEach(async () => {
    client.disconnect();
    await io.close();
  });

  /** Resolves when everything emitted before has arrived. */
  const settled = async (): Promise<void> => {
    const heard = new Promise((resolve) => client.once('end', resolve));
    socket.emit('end');
    await heard;
  };

  it('writes what one turn says to a connection in one system call, in order', async () => {
    await settled();
    const handle = (socket as unknown as Raw).conn.transport.socket['_socket']['_handle'];
    const { writev } = handle;
    let writes = 0;
    handle.writev = function (...args) {
      writes += 1;
      return writev.apply(this, args);
    };
    for (const text of ['one', 'two', 'three']) socket.emit('signal', text);
    await Promise.resolve().then(() => socket.emit('signal', 'four'));
    await settled();
    expect(received).toEqual(['one', 'two', 'three', 'four']);
    // `end` was said in the same turn too.
    expect(writes).toBe(1);
  });

  it('delivers everything that was enqueued before a connection is closed', async () => {
    await settled();
    const closed = new Promise((resolve) => client.once('disconnect', resolve));
    for (let i = 0; i < 50; i += 1) socket.emit('signal', i);
    (socket.conn as unknown as { close(): void }).close();
    await closed;
    expect(received).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('tells a room its signals, and a slow reader everything but deltas', async () => {
    const started = { type: 'reply.started', conversationId: 'conv_a', replyId: 'msg_a', turn: 1, attempt: 1 } as const;
    const tell = (signal: Parameters<Hub['receive']>[0] & { kind: 'signal' }): void => hub.receive(signal);
    tell({ kind: 'signal', orgId: 'o', to: 'both', signal: { ...started, mode: 'answer' } });
    tell({ kind: 'signal', orgId: 'o', to: 'both', signal: delta('Hello') });
    await settled();
    expect(received).toEqual([{ ...started, mode: 'answer' }, delta('Hello')]);
    void socket.join(slowRoom);
    tell({ kind: 'signal', orgId: 'o', to: 'both', signal: { ...delta(' you'), offset: 5 } });
    const read = { type: 'read.advanced', conversationId: 'conv_a', who: 'staff', seq: 3 } as const;
    tell({ kind: 'signal', orgId: 'o', to: 'both', signal: read });
    await settled();
    expect(received.slice(2)).toEqual([read]);
  });
});
