// What a connection may not do before and beside commands: too many, too fast, binary.
import type { IncomingMessage } from 'node:http';
import type { Server } from 'socket.io';
import type { Config } from '../../config.ts';
import type { Clock } from '../../ports/clock.ts';
import { Limiter, perSite, rates, siteOf } from '../../usecases/limits.ts';
import { addressKey, isLocalCaller } from '../http/address.ts';
import type { Trust } from '../http/hosts.ts';
import { clientAddress } from './address.ts';

/** The part of an engine.io connection that is used here. */
interface Connection {
  id: string;
  request: IncomingMessage;
  on(event: 'packet', listener: (packet: { type: string; data?: unknown }) => void): void;
  on(event: 'close', listener: () => void): void;
  transport: { socket?: { on(event: 'ping', listener: () => void): void; terminate(): void } };
}

const connectionsPerAddress = 20;

/** Packets far above what any client of ours sends end the connection; a burst below that is answered `rate_limited`. */
const flood = { count: rates.packet.count * 3, perMs: rates.packet.perMs, burst: rates.packet.burst * 3 };

/** Binary attachments are no part of the protocol: `5` and `6` begin binary events and acks. */
const isBinary = (data: unknown): boolean =>
  typeof data !== 'string' ? data !== undefined : data.startsWith('5') || data.startsWith('6');

export interface GuardDeps {
  config: Pick<Config, 'publicUrl'>;
  clock: Clock;
  trust: Trust;
  isOff: boolean;
}

/** Watches every connection of a server. Returns whether an upgrade from a request would be one too many. */
export const guardConnections = (io: Server, deps: GuardDeps): ((request: IncomingMessage) => boolean) => {
  const open = new Map<string, number>();
  const packets = new Limiter(flood, deps.clock);
  const groupOf = (request: IncomingMessage): string => addressKey(clientAddress(request, deps.trust));

  const isFull = (group: string): boolean =>
    (open.get(group) ?? 0) >= connectionsPerAddress ||
    (open.get(siteOf(group) ?? '') ?? 0) >= connectionsPerAddress * perSite;

  io.engine.on('connection', (connection: Connection) => {
    const isCounted = !isLocalCaller(connection.request, deps.config) && !deps.isOff;
    const group = groupOf(connection.request);
    const places = isCounted ? [group, siteOf(group)].filter((place) => place !== undefined) : [];
    for (const place of places) open.set(place, (open.get(place) ?? 0) + 1);
    connection.on('close', () => {
      for (const place of places) {
        const left = (open.get(place) ?? 1) - 1;
        if (left <= 0) open.delete(place);
        else open.set(place, left);
      }
    });
    // Not `close()`: that waits half a minute for the peer to agree, reading on meanwhile.
    const cut = (): void => connection.transport.socket?.terminate();
    const isTooFast = (): boolean => !deps.isOff && packets.take(connection.id) > 0;
    connection.on('packet', ({ type, data }) => {
      if ((type === 'message' && isBinary(data)) || isTooFast()) cut();
    });
    // Each ping of the WebSocket itself is answered: a reader that never reads would pile the answers up here.
    connection.transport.socket?.on('ping', () => {
      if (isTooFast()) cut();
    });
  });

  return (request) => !deps.isOff && !isLocalCaller(request, deps.config) && isFull(groupOf(request));
};
