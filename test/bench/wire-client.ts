// The cheapest client that speaks the protocol: frames by hand on a bare TCP socket, so that the load generator is never
// what a figure measures.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface WireOptions {
  url: string;
  /** `/` where the server has no namespaces. */
  namespace: string;
  query?: Record<string, string>;
  auth?: Record<string, unknown>;
}

/** A received event or ack: the bytes of its JSON array, valid until the handler returns. */
export type OnBytes = (bytes: Buffer) => void;

const zero = 0x30;
const isDigit = (byte: number | undefined): byte is number => byte !== undefined && byte >= zero && byte <= zero + 9;

/** A masked text frame; the mask is zero, which the protocol allows and which costs nothing. */
const frameOf = (text: string): Buffer => {
  const length = Buffer.byteLength(text);
  const head = length < 126 ? 2 : 4;
  const frame = Buffer.allocUnsafe(head + 4 + length);
  frame[0] = 0x81;
  if (head === 2) frame[1] = 0x80 | length;
  else {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(length, 2);
  }
  frame.writeUInt32BE(0, head);
  frame.write(text, head + 4, 'utf8');
  return frame;
};

export class WireClient {
  /** Called with every event of the server. */
  onEvent: OnBytes = () => undefined;
  readonly #socket: Socket;
  readonly #prefix: string;
  readonly #auth: string;
  readonly #acks = new Map<number, OnBytes>();
  #nextId = 0;
  #rest: Buffer | null = null;
  #isUpgraded = false;
  #settle: { resolve: (client: WireClient) => void; reject: (error: Error) => void } | null = null;

  private constructor({ url, namespace, query = {}, auth = {} }: WireOptions) {
    const { hostname, port } = new URL(url);
    this.#prefix = namespace === '/' ? '' : `${namespace},`;
    this.#auth = JSON.stringify(auth);
    const search = new URLSearchParams({ EIO: '4', transport: 'websocket', ...query }).toString();
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.on('connect', () => {
      this.#socket.write(
        `GET /socket.io/?${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
      );
    });
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.#settle?.reject(error));
    this.#socket.on('close', () => this.#settle?.reject(new Error('closed by the server')));
  }

  /** Resolves when the namespace has let the client in. */
  static open(options: WireOptions): Promise<WireClient> {
    return new Promise((resolve, reject) => {
      const client = new WireClient(options);
      client.#settle = { resolve, reject };
    });
  }

  /** `json` is the argument, encoded already. */
  emit(event: string, json: string, onAck?: OnBytes): void {
    let id = '';
    if (onAck !== undefined) {
      this.#acks.set(this.#nextId, onAck);
      id = String(this.#nextId);
      this.#nextId += 1;
    }
    this.#socket.write(frameOf(`42${this.#prefix}${id}["${event}",${json}]`));
  }

  /** The data of an ack. @throws where it is a refusal */
  ask<T>(event: string, input: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      this.emit(event, JSON.stringify(input), (bytes) => {
        const [ack] = JSON.parse(bytes.toString()) as [{ ok: boolean; data: T; error?: unknown }];
        if (ack.ok) resolve(ack.data);
        else reject(new Error(`${event}: ${JSON.stringify(ack.error)}`));
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    let bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = null;
    if (!this.#isUpgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) {
        this.#rest = bytes;
        return;
      }
      const status = bytes.toString('latin1', 9, 12);
      if (status !== '101') {
        this.#settle?.reject(new Error(`upgrade refused: ${bytes.toString('latin1', 0, 300)}`));
        return;
      }
      this.#isUpgraded = true;
      bytes = bytes.subarray(end + 4);
    }
    let at = 0;
    while (bytes.length - at >= 2) {
      const short = bytes[at + 1]! & 0x7f;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length - at < head) break;
      const length =
        short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      if (bytes.length - at < head + length) break;
      this.#packet(bytes, at + head, at + head + length);
      at += head + length;
    }
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at));
  }

  #packet(bytes: Buffer, start: number, end: number): void {
    switch (bytes[start]! - zero) {
      case 0:
        this.#socket.write(frameOf(`40${this.#prefix}${this.#auth}`));
        return;
      case 2:
        this.#socket.write(frameOf('3'));
        return;
      case 4:
        this.#message(bytes, start + 1, end);
        return;
      default:
        return;
    }
  }

  #message(bytes: Buffer, start: number, end: number): void {
    let at = start + 1 + this.#prefix.length;
    switch (bytes[start]! - zero) {
      case 0:
        this.#settle?.resolve(this);
        this.#settle = null;
        return;
      case 2:
        this.onEvent(bytes.subarray(at, end));
        return;
      case 3: {
        let id = 0;
        for (let digit = bytes[at]; isDigit(digit); digit = bytes[at]) {
          id = id * 10 + digit - zero;
          at += 1;
        }
        const onAck = this.#acks.get(id);
        this.#acks.delete(id);
        onAck?.(bytes.subarray(at, end));
        return;
      }
      case 4:
        this.#settle?.reject(new Error(`refused: ${bytes.toString('utf8', start, end)}`));
        return;
      default:
        return;
    }
  }
}
