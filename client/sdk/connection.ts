// One socket that comes back by itself after every kind of loss, and asks that always get an answer.
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { isRetryable } from '../../shared/errors.ts';
import type { WireError } from '../../shared/errors.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import type { Signal } from '../../shared/signals.ts';
import type { Ack } from '../../shared/wire.ts';
import type { ClientOptions, Connection, Observable } from './api.ts';
import { askOn, isTooLarge, refusalOf, unavailable, whenOnline } from './ask.ts';
import type { Ask } from './ask.ts';
import { defaultBackoff, jitter } from './backoff.ts';
import { value } from './observable.ts';
import { onWake } from './wake.ts';

export interface Behaviour {
  namespace: string;
  query?: Record<string, string>;
  /** Read at every attempt, so that rotated credentials are used. */
  auth: () => object;
  /** What must be said before the connection counts as online, on the fresh socket. Repeated where the error is retryable. */
  greet: (ask: Ask) => Promise<{ ok: true } | { ok: false; error: WireError }>;
  /** The server refused the credentials: lets go of one; true where others are left to try at once. */
  dropRefused: (error: WireError) => boolean;
  /** Why the transport may be refused without a word: an error where the server says no, or not now, over plain HTTP, else null. */
  probe: () => Promise<WireError | null>;
  fact: (fact: VisibleFact) => void;
  signal: (signal: Signal) => void;
  /** The page was woken while the connection seems fine: resolves false where the server does not answer in time. */
  verify: (timeoutMs: number) => Promise<boolean>;
}

export interface Link {
  readonly connection: Observable<Connection>;
  connect: () => void;
  disconnect: () => void;
  /** Waits for the connection, within `timeoutMs`. */
  ask: Ask;
  isOnline: () => boolean;
  /** Drops the socket and comes back at once (credentials changed). */
  restart: () => void;
}

const connectTimeoutMs = 10_000;
/** A laptop lid that was opened: this long and not 10 s until a dead link is replaced. */
const verifyTimeoutMs = 4000;
/** Silence after which an ask without an ack means a dead link and not just a lost ack, ms. */
const silenceMs = 8000;
/** A connection that lasted this long makes the next wait a short one again, ms. */
const stableMs = 5000;
/** At the first transport failure and then every so many the server is asked over HTTP whether it refuses us. */
const failuresPerProbe = 3;

export const createLink = (options: ClientOptions, behaviour: Behaviour): Link => {
  const backoff = options.backoff ?? defaultBackoff;
  const ackTimeoutMs = options.ackTimeoutMs ?? 10_000;
  const connection = value<Connection>({ status: 'idle' });
  let socket: Socket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unwatch: (() => void) | undefined;
  let attempts = 0;
  let failures = 0;
  let onlineAt = 0;
  let heardAt = 0;
  /** The server said when to come back: waking the page must not overrule it. */
  let isHeldOff = false;

  const isOnline = (): boolean => connection.get().status === 'online';

  const drop = (): void => {
    clearTimeout(timer);
    const old = socket;
    socket = null;
    old?.off();
    old?.io.off();
    old?.disconnect();
  };

  const refuse = (error: WireError): void => {
    drop();
    connection.set({ status: 'refused', error });
  };

  const later = (ms: number, heldOff = false): void => {
    const before = connection.get();
    const since = before.status === 'offline' ? before.since : Date.now();
    isHeldOff = heldOff;
    clearTimeout(timer);
    timer = setTimeout(attempt, ms);
    connection.set({ status: 'offline', since, retryAt: Date.now() + ms });
  };

  const lost = (): void => {
    if (onlineAt > 0 && Date.now() - onlineAt >= stableMs) attempts = 0;
    onlineAt = 0;
    drop();
    later(jitter(attempts++, backoff));
  };

  /** Not before the server said, and not all at once then. */
  const comeAgain = ({ retryAfterMs }: WireError): void =>
    later((retryAfterMs ?? 0) + jitter(attempts++, backoff), retryAfterMs !== undefined);

  const handleRefusal = (error: WireError): void => {
    if (isRetryable(error.code)) {
      drop();
      comeAgain(error);
    } else if (behaviour.dropRefused(error)) {
      drop();
      attempt();
    } else {
      refuse(error);
    }
  };

  const transportFailed = async (): Promise<void> => {
    lost();
    failures += 1;
    if (failures % failuresPerProbe !== 1) return;
    const refusal = await behaviour.probe().catch(() => null);
    if (refusal === null || connection.get().status !== 'offline') return;
    if (!isRetryable(refusal.code)) refuse(refusal);
    // The next try may be under way by now; one that was let in goes on.
    else if (socket?.connected !== true) {
      drop();
      comeAgain(refusal);
    }
  };

  const askHere = (on: Socket, command: string, input: unknown, timeoutMs: number): Promise<Ack<unknown>> => {
    const askedAt = Date.now();
    return askOn(on, command, input, timeoutMs, () => {
      const isSilent = heardAt < askedAt && Date.now() - Math.max(heardAt, onlineAt) >= silenceMs;
      if (socket === on && isSilent) lost();
    });
  };

  const greet = async (on: Socket): Promise<void> => {
    const result = await behaviour.greet((command, input, ms = ackTimeoutMs) => askHere(on, command, input, ms));
    if (socket !== on) return;
    if (!result.ok) {
      handleRefusal(result.error);
      return;
    }
    onlineAt = Date.now();
    failures = 0;
    connection.set({ status: 'online' });
  };

  const attempt = (): void => {
    drop();
    const before = connection.get();
    if (before.status === 'offline') connection.set({ ...before, retryAt: null });
    const fresh = io(options.url.replace(/\/$/, '') + behaviour.namespace, {
      path: options.path ?? '/socket.io',
      transports: options.transports ?? ['websocket'],
      reconnection: false,
      autoConnect: false,
      forceNew: true,
      timeout: connectTimeoutMs,
      auth: behaviour.auth(),
      ...(behaviour.query === undefined ? {} : { query: behaviour.query }),
      ...(options.extraHeaders === undefined ? {} : { extraHeaders: options.extraHeaders }),
    });
    socket = fresh;
    const ifCurrent =
      <A extends unknown[]>(work: (...args: A) => void) =>
      (...args: A): void => {
        if (socket === fresh) work(...args);
      };
    // The library times the transport only; a server that never answers the namespace would hold us for ever.
    timer = setTimeout(() => void transportFailed(), connectTimeoutMs + 2000);
    fresh.io.on('open', () => fresh.io.engine.on('packet', () => (heardAt = Date.now())));
    fresh.on(
      'connect',
      ifCurrent(() => {
        clearTimeout(timer);
        void greet(fresh);
      }),
    );
    fresh.on(
      'connect_error',
      ifCurrent((error: Error) => {
        const refusal = refusalOf(error);
        if (refusal === null) void transportFailed();
        else handleRefusal(refusal);
      }),
    );
    fresh.on('disconnect', ifCurrent(lost));
    fresh.on('fact', ifCurrent(behaviour.fact));
    fresh.on('signal', ifCurrent(behaviour.signal));
    fresh.connect();
  };

  const wake = async (): Promise<void> => {
    const now = connection.get();
    if (now.status === 'offline' && now.retryAt !== null && !isHeldOff) {
      attempts = 0;
      attempt();
    } else if (now.status === 'online') {
      const on = socket;
      const askedAt = Date.now();
      const isFine = await behaviour.verify(Math.min(verifyTimeoutMs, ackTimeoutMs));
      if (!isFine && socket === on && isOnline() && heardAt <= askedAt) {
        drop();
        later(0);
      }
    }
  };

  return {
    connection,
    isOnline,
    connect: () => {
      const { status } = connection.get();
      if (status !== 'idle' && status !== 'refused') return;
      attempts = 0;
      failures = 0;
      unwatch ??= onWake(() => void wake());
      connection.set({ status: 'connecting' });
      attempt();
    },
    disconnect: () => {
      unwatch?.();
      unwatch = undefined;
      onlineAt = 0;
      drop();
      connection.set({ status: 'idle' });
    },
    restart: () => {
      const { status } = connection.get();
      if (status === 'idle' || status === 'refused') return;
      drop();
      later(0);
    },
    ask: async (command, input, timeoutMs = ackTimeoutMs) => {
      if (isTooLarge(input)) {
        return { ok: false, error: { code: 'too_large', message: 'Too long to send' } };
      }
      const startedAt = Date.now();
      if (!isOnline()) {
        const { status } = connection.get();
        if (status === 'refused' || !(await whenOnline(connection, timeoutMs))) return unavailable('Not connected');
      }
      if (socket === null) return unavailable('Not connected');
      return await askHere(socket, command, input, Math.max(1, timeoutMs - (Date.now() - startedAt)));
    },
  };
};
