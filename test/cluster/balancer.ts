// A load balancer without stickiness: each connection goes to the next node that is up and takes it.
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Balancer {
  url: string;
  add(port: number): void;
  /** No new connections; those there stay. */
  remove(port: number): void;
  /** Resets every connection of every client. */
  cut(): void;
  /** Nothing goes either way on the connections there are now; new ones are served. */
  blackhole(): void;
  close(): Promise<void>;
}

export const startBalancer = async (ports: readonly number[]): Promise<Balancer> => {
  const targets = new Set(ports);
  const sockets = new Set<Socket>();
  let next = 0;

  const serve = (client: Socket): void => {
    sockets.add(client);
    client.setNoDelay(true);
    client.on('error', () => client.destroy());
    client.on('close', () => sockets.delete(client));
    const tryNext = (tries: number): void => {
      const all = [...targets];
      const port = all[next++ % Math.max(1, all.length)];
      if (port === undefined || tries === 0) {
        client.resetAndDestroy();
        return;
      }
      const server = createConnection(port, '127.0.0.1');
      let isOpen = false;
      server.once('connect', () => {
        isOpen = true;
        server.setNoDelay(true);
        sockets.add(server);
        client.pipe(server);
        server.pipe(client);
        client.on('close', () => server.destroy());
      });
      server.on('error', () => (isOpen ? client.destroy() : tryNext(tries - 1)));
      server.on('close', () => {
        sockets.delete(server);
        if (isOpen) client.destroy();
      });
    };
    tryNext(targets.size);
  };
  const listener = createServer(serve);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    add: (port) => void targets.add(port),
    remove: (port) => void targets.delete(port),
    cut() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    blackhole() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    async close() {
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
