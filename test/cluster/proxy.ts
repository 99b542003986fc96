// A way over loopback that can be cut, blocked, slowed and frozen: between a node and its servers, or a client and a node.
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Proxy {
  port: number;
  /** Resets every connection; new ones are served. */
  cut(): void;
  /** Nothing goes either way, and nobody is told (a black hole); new connections are accepted into it. */
  freeze(): void;
  /** What waited goes on. */
  thaw(): void;
  /** Each piece of data waits for so long, ms; 0: none. */
  delay(ms: number): void;
  /** Each connection passes at most so much each way, bytes a second; 0: whatever comes. What is on its way keeps its pace. */
  throttle(bytesPerSecond: number): void;
  /**
   * Until `cut` what the server says is thrown away and what the client says arrives: acks are lost. A stream with a hole is
   * of no use to anybody, so the cut must come.
   */
  mute(): void;
  /** Bytes that were thrown away since `mute`. */
  muted(): number;
  /** Bytes that were held back by `throttle` and `delay` so far. */
  slowed(): number;
  /** Nobody listens any more: connections are refused, those there are reset. */
  block(): Promise<void>;
  unblock(): Promise<void>;
  close(): Promise<void>;
}

/** A slow line passes a little so often, ms. */
const tickMs = 50;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const startProxy = async (target: { host?: string; port: number }): Promise<Proxy> => {
  const pairs = new Set<[Socket, Socket]>();
  let isFrozen = false;
  let delayMs = 0;
  let bytesPerSecond = 0;
  let isMuted = false;
  let mutedBytes = 0;
  let slowedBytes = 0;

  const pipe = (from: Socket, to: Socket, isOfServer: boolean): void => {
    let tail = Promise.resolve();
    let queued = 0;
    from.on('data', (data: Buffer) => {
      if (isMuted && isOfServer) {
        mutedBytes += data.length;
        return;
      }
      if (delayMs === 0 && bytesPerSecond === 0 && queued === 0) {
        if (!to.write(data)) from.pause();
        return;
      }
      // A slow line takes only what it can carry: the sender's own buffers fill.
      queued += 1;
      slowedBytes += data.length;
      if (bytesPerSecond > 0) from.pause();
      tail = tail.then(async () => {
        await pass(data, to);
        queued -= 1;
        if (queued === 0 && !isFrozen) from.resume();
      });
    });
    to.on('drain', () => {
      if (!isFrozen && queued === 0) from.resume();
    });
  };

  /** At the pace of now: a line that is quick again does not finish at its old one. */
  const pass = async (data: Buffer, to: Socket): Promise<void> => {
    if (delayMs > 0) await sleep(delayMs);
    let sent = 0;
    while (sent < data.length && !to.destroyed) {
      const size = bytesPerSecond === 0 ? data.length : Math.max(1, Math.round((bytesPerSecond * tickMs) / 1000));
      if (bytesPerSecond > 0) await sleep(tickMs);
      to.write(data.subarray(sent, sent + size));
      sent += size;
    }
  };

  const serve = (client: Socket): void => {
    const server = createConnection(target.port, target.host ?? '127.0.0.1');
    const pair: [Socket, Socket] = [client, server];
    pairs.add(pair);
    pipe(client, server, false);
    pipe(server, client, true);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
      if (isFrozen) socket.pause();
    }
  };

  let listener = createServer(serve);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  const cut = (): void => {
    isMuted = false;
    for (const [client, server] of pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    pairs.clear();
  };
  const block = async (): Promise<void> => {
    const closed = once(listener, 'close');
    listener.close();
    cut();
    await closed;
  };
  const proxy: Proxy = {
    port,
    cut,
    freeze() {
      isFrozen = true;
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    thaw() {
      isFrozen = false;
      for (const pair of pairs) for (const socket of pair) socket.resume();
    },
    delay(ms) {
      delayMs = ms;
    },
    throttle(bytes) {
      bytesPerSecond = bytes;
    },
    mute() {
      isMuted = true;
      mutedBytes = 0;
    },
    muted: () => mutedBytes,
    slowed: () => slowedBytes,
    block,
    async unblock() {
      listener = createServer(serve);
      listener.listen(port, '127.0.0.1');
      await once(listener, 'listening');
    },
    async close() {
      isFrozen = false;
      if (listener.listening) await block();
      else cut();
    },
  };
  return proxy;
};
