// What a node under test holds: its heap when nothing is left to collect, and what keeps its event loop alive.
import { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Usage {
  /** Bytes after a collection: of objects, and of buffers outside the heap. */
  heap: number;
  buffers: number;
  rss: number;
  /** Connections that were made to this node. */
  clients: number;
  /** Connections that this node made: to its servers. */
  servers: number;
  /** What keeps the process alive, by kind, the connections above left out. */
  resources: Record<string, number>;
}

let collect: (() => void) | undefined;

const collector = (): (() => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
};

const sockets = (): Socket[] => {
  // Not documented, but there since Node 0.4, and the only list that tells whose a connection is.
  const { _getActiveHandles: list } = process as unknown as { _getActiveHandles: () => unknown[] };
  const handles = list.call(process);
  return handles.filter((handle): handle is Socket => handle instanceof Socket && handle.remotePort !== undefined);
};

/** A connection that was made to this node: the other end's port, and bytes that the kernel does not take. */
export type Reader = [port: number, waiting: number];

export const measureReaders = (port: number): Reader[] =>
  sockets().flatMap(({ localPort, remotePort, writableLength }): Reader[] =>
    localPort === port ? [[remotePort!, writableLength]] : [],
  );

const connections = (port: number): { clients: number; servers: number } => {
  const all = sockets();
  const clients = all.filter(({ localPort }) => localPort === port).length;
  return { clients, servers: all.length - clients };
};

/** `port` is the one that this node listens on. */
export const measureUsage = (port: number): Usage => {
  collect ??= collector();
  collect();
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  delete resources['TCPSocketWrap'];
  return { heap: heapUsed, buffers: external, rss, ...connections(port), resources };
};
