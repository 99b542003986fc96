// Something that speaks MongoDB's wire protocol and says that it is of another version.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { BSON } from 'mongodb';

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

/** A server whose every answer is this document; `hello` tells a driver what it deals with. */
export const startOldMongo = async (hello: object): Promise<{ url: string; stop: () => void }> => {
  const server = createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      while (received.length >= HEADER && received.length >= received.readInt32LE(0)) {
        const length = received.readInt32LE(0);
        socket.write(answerTo(received.subarray(0, length), hello));
        received = received.subarray(length);
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
