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
  /** Nobody listens any more: connections are refused, those there are reset. */
  block(): Promise<void>;
  unblock(): Promise<void>;
  close(): Promise<void>;
}

export const startProxy = async (target: { host?: string; port: number }): Promise<Proxy> => {
  const pairs = new Set<[Socket, Socket]>();
  let isFrozen = false;
  let delayMs = 0;

  const pipe = (from: Socket, to: Socket): void => {
    let tail = Promise.resolve();
    from.on('data', (data) => {
      if (delayMs === 0) {
        if (!to.write(data)) from.pause();
        return;
      }
      const ms = delayMs;
      tail = tail.then(() => new Promise((resolve) => setTimeout(resolve, ms))).then(() => void to.write(data));
    });
    to.on('drain', () => {
      if (!isFrozen) from.resume();
    });
  };

  const serve = (client: Socket): void => {
    const server = createConnection(target.port, target.host ?? '127.0.0.1');
    const pair: [Socket, Socket] = [client, server];
    pairs.add(pair);
    pipe(client, server);
    pipe(server, client);
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
