// One HTTP connection that is kept, with one request at a time: no more than a benchmark needs, and cheaper than a client.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';

export interface Answered {
  status: number;
  body: string;
}

const headEnd = '\r\n\r\n';

export class HttpLane {
  readonly #socket: Socket;
  readonly #host: string;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve: (answer: Answered) => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    const fail = (): void => this.#waiting?.reject(new Error('the connection ended'));
    socket.once('close', fail);
    socket.once('error', fail);
  }

  static async open(url: string): Promise<HttpLane> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new HttpLane(socket, host);
  }

  /** @param head further header lines, each ended with CRLF */
  post(path: string, head: string, body: string): Promise<Answered> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(
        `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: application/json\r\n${head}` +
          `Content-Length: ${Buffer.byteLength(body)}${headEnd}${body}`,
      );
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const begin = this.#received.indexOf(headEnd);
    if (begin < 0) return;
    const head = this.#received.toString('latin1', 0, begin);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    const end = begin + headEnd.length + length;
    if (this.#received.length < end) return;
    const body = this.#received.toString('utf8', begin + headEnd.length, end);
    this.#received = this.#received.subarray(end);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), body });
  }
}
