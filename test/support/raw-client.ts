// A bare Socket.IO client that records every frame: what a foreign program sees of the wire.
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { SessionView } from '../../shared/commands.ts';
import type { Fact, VisibleFact } from '../../shared/facts.ts';
import type { Signal, SignalOf, SignalType } from '../../shared/signals.ts';
import type { Ack } from '../../shared/wire.ts';

export type Frame = { event: 'fact'; fact: VisibleFact } | { event: 'signal'; signal: Signal };

export interface RawClient {
  socket: Socket;
  frames: Frame[];
  /** The ack, refusals included; rejects after 10 s of silence. */
  ask<T = Record<string, unknown>>(command: string, input?: unknown): Promise<Ack<T>>;
  /** The data of an ack that must be `ok`. Where there is too much to do, comes again when told to, as every client does. */
  must<T = Record<string, unknown>>(command: string, input?: unknown): Promise<T>;
  /** Resolves with the first frame, already here or still to come, that matches. */
  until<F extends Frame>(match: (frame: Frame) => frame is F, what?: string): Promise<F>;
  untilFact<T extends Fact['type']>(
    type: T,
    match?: (fact: Extract<Fact, { type: T }>) => boolean,
  ): Promise<Extract<Fact, { type: T }>>;
  untilSignal<T extends SignalType>(type: T, match?: (signal: SignalOf<T>) => boolean): Promise<SignalOf<T>>;
  close(): void;
}

const watch = (socket: Socket): RawClient => {
  const frames: Frame[] = [];
  const waiting = new Set<(frame: Frame) => void>();
  const record = (frame: Frame): void => {
    frames.push(frame);
    for (const look of waiting) look(frame);
  };
  socket.on('fact', (fact: VisibleFact) => record({ event: 'fact', fact }));
  socket.on('signal', (signal: Signal) => record({ event: 'signal', signal }));

  const client: RawClient = {
    socket,
    frames,
    ask: (command, input) => socket.timeout(10_000).emitWithAck(command, input ?? {}) as never,
    async must(command, input) {
      for (let tries = 0; ; tries += 1) {
        const ack = await client.ask(command, input);
        if (ack.ok) return ack.data as never;
        const { code, message, details, retryAfterMs } = ack.error;
        if (code !== 'unavailable' || retryAfterMs === undefined || tries === 5) {
          throw new Error(`${command}: ${code} ${message} ${JSON.stringify(details)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
      }
    },
    until(match, what = 'a frame') {
      const found = frames.find(match);
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`waited in vain for ${what}`));
        }, 15_000);
        const look = (frame: Frame): void => {
          if (!match(frame)) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(frame);
        };
        waiting.add(look);
      });
    },
    async untilFact(type, match = () => true) {
      const found = await client.until(
        (frame): frame is Extract<Frame, { event: 'fact' }> =>
          frame.event === 'fact' && frame.fact.type === type && match(frame.fact as never),
        type,
      );
      return found.fact as never;
    },
    async untilSignal(type, match = () => true) {
      const found = await client.until(
        (frame): frame is Extract<Frame, { event: 'signal' }> =>
          frame.event === 'signal' && frame.signal.type === type && match(frame.signal as never),
        type,
      );
      return found.signal as never;
    },
    close: () => socket.disconnect(),
  };
  return client;
};

const connected = (socket: Socket): Promise<RawClient> => {
  const client = watch(socket);
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(client));
    socket.once('connect_error', reject);
    socket.connect();
  });
};

const options = { transports: ['websocket'], forceNew: true, reconnection: false, autoConnect: false };

export const connectVisitor = (
  url: string,
  widgetKey: string,
  auth: Record<string, unknown> = {},
  extraHeaders: Record<string, string> = {},
): Promise<RawClient> =>
  connected(io(`${url}/widget`, { ...options, query: { widgetKey }, auth: { v: 1, ...auth }, extraHeaders }));

export const connectStaff = (
  url: string,
  token: string,
  extraHeaders: Record<string, string> = {},
): Promise<RawClient> => connected(io(`${url}/console`, { ...options, auth: { v: 1, token }, extraHeaders }));

/** A visitor with an open session. */
export const openVisitor = async (
  url: string,
  widgetKey: string,
  auth: Record<string, unknown> = {},
): Promise<{ client: RawClient; view: SessionView; conversationId: string }> => {
  const client = await connectVisitor(url, widgetKey, auth);
  const view = await client.must<SessionView>('session:open', {});
  return { client, view, conversationId: view.conversationId };
};
