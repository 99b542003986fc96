// A WebSocket written by hand over TCP: it can say what no library would, and stop reading.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface Upgrade {
  status: number;
  body: string;
}

export interface RawSocket {
  tcp: Socket;
  /** Text messages so far: engine.io packets. */
  messages: string[];
  /** Sends one frame, masked as a client must; `opcode` 1 is text, 2 binary, 9 ping. */
  frame(payload: string | Buffer, options?: { opcode?: number; isFinal?: boolean; isMasked?: boolean }): void;
  /** Bytes as they are. */
  bytes(bytes: Buffer): void;
  /** Resolves with the first message, here or to come, that begins so. */
  until(prefix: string): Promise<string>;
  /** Resolves when the connection has ended. */
  closed(): Promise<void>;
  destroy(): void;
}

const patienceMs = 10_000;

const within = <T>(promise: Promise<T>, what: string): Promise<T> => {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), patienceMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

const request = (url: string, path: string, headers: Record<string, string>): string => {
  const { host } = new URL(url);
  const lines = Object.entries({
    Host: host,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
};

const dial = async (url: string): Promise<Socket> => {
  const { hostname, port } = new URL(url);
  const tcp = connect(Number(port), hostname);
  await within(new Promise<void>((resolve, reject) => tcp.once('connect', resolve).once('error', reject)), 'connect');
  tcp.on('error', () => undefined);
  return tcp;
};

/** Asks for a WebSocket and gives the server's answer: 101, or the refusal with its body. */
export const upgrade = async (url: string, path: string, headers: Record<string, string> = {}): Promise<Upgrade> => {
  const tcp = await dial(url);
  let text = '';
  const answered = new Promise<void>((resolve) => {
    tcp.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.startsWith('HTTP/1.1 101')) resolve();
    });
    tcp.once('close', () => resolve());
  });
  tcp.write(request(url, path, headers));
  await within(answered, 'the answer to an upgrade');
  tcp.destroy();
  const [head = '', ...body] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), body: body.join('\r\n\r\n') };
};

const encoded = (payload: Buffer, opcode: number, isFinal: boolean, isMasked: boolean): Buffer => {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended);
  head[0] = (isFinal ? 0x80 : 0) | opcode;
  head[1] = (isMasked ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (!isMasked) return Buffer.concat([head, payload]);
  const mask = randomBytes(4);
  const masked = Buffer.from(payload);
  for (let i = 0; i < length; i += 1) masked[i] = masked[i]! ^ mask[i & 3]!;
  return Buffer.concat([head, mask, masked]);
};

/** Takes whole frames out of what came; the server's are never masked, and here never split. */
const takeFrames = (buffered: Buffer, take: (opcode: number, payload: Buffer) => void): Buffer => {
  let rest = buffered;
  for (;;) {
    if (rest.length < 2) return rest;
    const short = rest[1]! & 0x7f;
    const extended = short < 126 ? 0 : short === 126 ? 2 : 8;
    if (rest.length < 2 + extended) return rest;
    const length = extended === 0 ? short : extended === 2 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    const begin = 2 + extended;
    if (rest.length < begin + length) return rest;
    take(rest[0]! & 0x0f, rest.subarray(begin, begin + length));
    rest = rest.subarray(begin + length);
  }
};

/**
 * An open WebSocket to engine.io, before any namespace. `query` is added to the address; one that `isDeaf` does not agree
 * to being closed. Rejects where the server ends the connection instead.
 */
export const openRaw = async (
  url: string,
  query: Record<string, string> = {},
  headers: Record<string, string> = {},
  { isDeaf = false }: { isDeaf?: boolean } = {},
): Promise<RawSocket> => {
  const tcp = await dial(url);
  const search = new URLSearchParams({ EIO: '4', transport: 'websocket', ...query }).toString();
  const messages: string[] = [];
  const waiting = new Set<() => void>();
  let buffered: Buffer = Buffer.alloc(0);
  let isOpen = false;
  const closed = new Promise<void>((resolve) => tcp.once('close', () => resolve()));
  tcp.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    if (!isOpen) {
      const end = buffered.indexOf('\r\n\r\n');
      if (end < 0) return;
      isOpen = buffered.subarray(0, end).toString().startsWith('HTTP/1.1 101');
      buffered = buffered.subarray(end + 4);
    }
    buffered = takeFrames(buffered, (opcode, payload) => {
      if (opcode === 1) messages.push(payload.toString());
      if (opcode === 8 && !isDeaf) tcp.end();
      for (const look of waiting) look();
    });
  });
  const raw: RawSocket = {
    tcp,
    messages,
    closed: () => within(closed, 'the server to end the connection'),
    frame(payload, { opcode = 1, isFinal = true, isMasked = true } = {}) {
      tcp.write(encoded(Buffer.from(payload), opcode, isFinal, isMasked));
    },
    bytes: (bytes) => void tcp.write(bytes),
    until: (prefix) =>
      within(
        new Promise((resolve) => {
          const look = (): void => {
            const found = messages.find((message) => message.startsWith(prefix));
            if (found === undefined) return;
            waiting.delete(look);
            resolve(found);
          };
          waiting.add(look);
          look();
        }),
        prefix,
      ),
    destroy: () => tcp.destroy(),
  };
  tcp.write(request(url, `/socket.io/?${search}`, headers));
  const ended = closed.then(() => Promise.reject(new Error('ended before it was open')));
  await Promise.race([raw.until('0'), ended]);
  ended.catch(() => undefined);
  return raw;
};

/** A raw socket in the `/widget` namespace. */
export const openRawVisitor = async (
  url: string,
  widgetKey: string,
  options: { isDeaf?: boolean } = {},
): Promise<RawSocket> => {
  const raw = await openRaw(url, { widgetKey }, {}, options);
  raw.frame('40/widget,{"v":1}');
  await raw.until('40/widget,');
  return raw;
};
