// MongoDB's wire protocol as a server speaks it: OP_MSG, and OP_QUERY for the handshake of a driver.
// https://github.com/mongodb/specifications/blob/master/source/message/OP_MSG.md
import { BSON } from 'mongodb';
import type { Document } from 'mongodb';

const HEADER = 16;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
const EXHAUST_ALLOWED = 65_536;
const AWAIT_CAPABLE = 8;

/** Long integers stay what they are: an id of a cursor must go back as it came. */
const decoding = { promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const;

export interface WireRequest {
  id: number;
  /** Its first key names it; `$db` is its database. */
  command: Document;
  isQuery: boolean;
  /** False where the client wants none (`moreToCome`). */
  wantsReply: boolean;
  /** More than one reply may come (`exhaustAllowed`). */
  mayStream: boolean;
}

/** Puts the pieces of a stream together to whole messages. */
export class Frames {
  #received: Buffer = Buffer.alloc(0);

  push(data: Buffer): Buffer[] {
    this.#received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data]);
    const whole: Buffer[] = [];
    while (this.#received.length >= HEADER && this.#received.length >= this.#received.readInt32LE(0)) {
      const length = this.#received.readInt32LE(0);
      if (length < HEADER) throw new Error(`a message of ${length} bytes`);
      whole.push(this.#received.subarray(0, length));
      this.#received = this.#received.subarray(length);
    }
    return whole;
  }
}

const documentAt = (message: Buffer, at: number): { document: Document; end: number } => {
  const end = at + message.readInt32LE(at);
  return { document: BSON.deserialize(message.subarray(at, end), decoding), end };
};

const textAt = (message: Buffer, at: number): { text: string; end: number } => {
  const end = message.indexOf(0, at);
  return { text: message.toString('utf8', at, end), end: end + 1 };
};

const parseQuery = (message: Buffer): Document => {
  const { text, end } = textAt(message, HEADER + 4);
  const { document } = documentAt(message, end + 8);
  return { ...(document['$query'] ?? document), $db: text.slice(0, text.indexOf('.')) };
};

/** The sections of an OP_MSG as one command: a sequence of documents becomes a list under its name. */
const parseSections = (message: Buffer, end: number): Document => {
  const command: Document = {};
  for (let at = HEADER + 4; at < end;) {
    const kind = message[at];
    at += 1;
    if (kind === 0) {
      const body = documentAt(message, at);
      // The name of the command stays its first key.
      Object.assign(command, { ...body.document, ...command });
      at = body.end;
    } else if (kind === 1) {
      const last = at + message.readInt32LE(at);
      const { text, end: first } = textAt(message, at + 4);
      const documents: Document[] = [];
      for (at = first; at < last;) {
        const one = documentAt(message, at);
        documents.push(one.document);
        at = one.end;
      }
      command[text] = documents;
    } else throw new Error(`a section of kind ${kind}`);
  }
  return command;
};

/** @throws for what is neither OP_MSG nor OP_QUERY */
export const parseRequest = (message: Buffer): WireRequest => {
  const id = message.readInt32LE(4);
  const opcode = message.readInt32LE(12);
  if (opcode === OP_QUERY) {
    return { id, command: parseQuery(message), isQuery: true, wantsReply: true, mayStream: false };
  }
  if (opcode !== OP_MSG) throw new Error(`a message of the kind ${opcode}`);
  const flags = message.readUInt32LE(HEADER);
  const end = message.length - ((flags & CHECKSUM_PRESENT) === 0 ? 0 : 4);
  return {
    id,
    command: parseSections(message, end),
    isQuery: false,
    wantsReply: (flags & MORE_TO_COME) === 0,
    mayStream: (flags & EXHAUST_ALLOWED) !== 0,
  };
};

let lastId = 0;

/**
 * A reply in the form of its request, and its own id, which the next reply of a stream answers to.
 * `more`: another one follows without a request.
 */
export const writeReply = (
  { isQuery }: Pick<WireRequest, 'isQuery'>,
  responseTo: number,
  document: Document,
  more = false,
): { id: number; message: Buffer } => {
  const body = Buffer.from(BSON.serialize(document));
  const before = Buffer.alloc(isQuery ? 20 : 5);
  if (isQuery) {
    before.writeInt32LE(AWAIT_CAPABLE, 0);
    before.writeInt32LE(1, 16);
  } else before.writeUInt32LE(more ? MORE_TO_COME : 0, 0);
  const id = (lastId = (lastId + 1) % 2_147_483_647);
  const header = Buffer.alloc(HEADER);
  header.writeInt32LE(HEADER + before.length + body.length, 0);
  header.writeInt32LE(id, 4);
  header.writeInt32LE(responseTo, 8);
  header.writeInt32LE(isQuery ? OP_REPLY : OP_MSG, 12);
  return { id, message: Buffer.concat([header, before, body]) };
};

/** The name of a command, the collection it is about, and both with the database. */
export const aboutOf = (command: Document): { name: string; collection: string; namespace: string } => {
  const [name = '', value] = Object.entries(command)[0] ?? [];
  const of = name === 'getMore' ? command['collection'] : value;
  const collection = typeof of === 'string' ? of : '';
  return { name, collection, namespace: `${String(command['$db'])}.${collection}` };
};
