// Something that speaks MongoDB's wire protocol and answers as a test wants: of another version, or as a server is hard to get to answer.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { BSON } from 'mongodb';
import type { Document } from 'mongodb';

const HEADER = 16;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

/** An answer to any request, in the form of the question. */
const answerTo = (request: Buffer, document: object): Buffer => {
  const body = Buffer.from(BSON.serialize(document));
  const isQuery = request.readInt32LE(12) === OP_QUERY;
  // OP_REPLY: flags, cursor, start, count; OP_MSG: flags and the kind of the only section.
  const before = isQuery ? Buffer.from([8, 0, 0, 0, ...Array<number>(12).fill(0), 1, 0, 0, 0]) : Buffer.alloc(5);
  const header = Buffer.alloc(HEADER);
  header.writeInt32LE(HEADER + before.length + body.length, 0);
  header.writeInt32LE(1, 4);
  header.writeInt32LE(request.readInt32LE(4), 8);
  header.writeInt32LE(isQuery ? OP_REPLY : OP_MSG, 12);
  return Buffer.concat([header, before, body]);
};

/** The command of a request; what follows it in sections of its own is left out. */
const commandOf = (request: Buffer): Document => {
  const isQuery = request.readInt32LE(12) === OP_QUERY;
  // OP_QUERY: flags, the collection's name, skip and limit; OP_MSG: flags and the kind of the first section.
  const start = isQuery ? request.indexOf(0, HEADER + 4) + 1 + 8 : HEADER + 5;
  return BSON.deserialize(request.subarray(start, start + request.readInt32LE(start)));
};

type Answer = (command: Document) => object | Promise<object>;

/** A server whose every answer is this document, or what is made of the command; `hello` tells a driver what it deals with. */
export const startOldMongo = async (hello: object | Answer): Promise<{ url: string; stop: () => void }> => {
  const answer: Answer = typeof hello === 'function' ? (hello as Answer) : () => hello;
  const server = createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      while (received.length >= HEADER && received.length >= received.readInt32LE(0)) {
        const request = received.subarray(0, received.readInt32LE(0));
        received = received.subarray(request.length);
        void Promise.resolve(answer(commandOf(request))).then((document) => socket.write(answerTo(request, document)));
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.close();
    },
  };
};

/** What a primary of a set says of itself; ask it by `directConnection=true`, because it names no members. */
export const primaryHello = {
  ismaster: true,
  isWritablePrimary: true,
  setName: 'rs0',
  logicalSessionTimeoutMinutes: 30,
  maxWireVersion: 21,
  minWireVersion: 0,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  ok: 1,
} as const;
