// When what answers may be another server than before: connections that broke, and elections.
import type { MongoClient, TopologyDescription } from 'mongodb';

export interface Breaks {
  on(listener: () => void): void;
  /** How often so far. */
  count(): number;
  /** Which member in which election takes writes, as far as the driver knows. */
  primary(): string | undefined;
}

const primaryOf = ({ servers }: TopologyDescription): string | undefined => {
  for (const { type, address, electionId, setVersion } of servers.values()) {
    if (type === 'RSPrimary') return `${address} ${setVersion ?? ''} ${electionId?.toHexString() ?? ''}`;
  }
  return undefined;
};

/** Of a client that is not connected yet, or was just now. */
export const watchBreaks = (client: MongoClient): Breaks => {
  const listeners: (() => void)[] = [];
  let count = 0;
  let primary: string | undefined;
  let latest: string | undefined;
  const broke = (): void => {
    count += 1;
    for (const listen of listeners) listen();
  };
  client.on('connectionPoolCleared', broke);
  client.on('connectionClosed', ({ reason }) => {
    if (reason === 'error' || reason === 'stale') broke();
  });
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    primary = primaryOf(newDescription);
    if (primary === undefined || primary === latest) return;
    const isFirst = latest === undefined;
    latest = primary;
    if (!isFirst) broke();
  });
  return { on: (listener) => void listeners.push(listener), count: () => count, primary: () => primary };
};
