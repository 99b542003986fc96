// One write per connection and turn: a fact and the ack that follows it in the same turn share a system call, which is the
// dearest part of a message.
import type { Server } from 'socket.io';

/** What is used of an engine.io connection beneath its public side; `test/socket/wire-economy.test.ts` guards it. */
interface Engine {
  flush: (this: Engine) => void;
  writeBuffer: unknown[];
  transport: { socket?: Record<'_socket', { cork(): void; uncork(): void } | null | undefined> };
}

/** Packets are enqueued at once and in order, as before; only the writing waits until the running turn has said all. */
export const coalesceWrites = (io: Server): void => {
  const due = new Set<Engine>();

  const write = (connection: Engine, flush: () => void): void => {
    const raw = connection.writeBuffer.length > 1 ? connection.transport.socket?.['_socket'] : undefined;
    raw?.cork();
    try {
      flush.call(connection);
    } finally {
      raw?.uncork();
    }
  };

  let flush: (() => void) | undefined;
  const writeAll = (): void => {
    const connections = [...due];
    due.clear();
    for (const connection of connections) write(connection, flush!);
  };

  /** After the microtasks of this turn, in which the acks of what was just delivered are made. */
  function later(this: Engine): void {
    if (due.size === 0) process.nextTick(writeAll);
    due.add(this);
  }

  io.engine.on('connection', (connection: Engine) => {
    flush ??= connection.flush;
    connection.flush = later;
  });
};

/** What this server sends is text: nothing is searched for binary before it is encoded. */
export const encodeTextOnly = (io: Server): void => {
  const { encoder } = io as unknown as { encoder: TextEncoding };
  encoder.encode = (packet) => [encoder.encodeAsString(packet)];
};

interface TextEncoding {
  encode(packet: unknown): string[];
  encodeAsString(packet: unknown): string;
}
