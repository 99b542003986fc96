// What was said but is not in the log yet. An entry leaves on an ack, on its fact or on a refusal, and on nothing else.
import { isRetryable } from '../../shared/errors.ts';
import type { WireError } from '../../shared/errors.ts';
import { newUuid } from '../../shared/ids.ts';
import type { Ack } from '../../shared/wire.ts';
import type { KeyValueStorage, OutboxEntry } from './api.ts';
import { jitter } from './backoff.ts';
import type { Backoff } from './backoff.ts';
import type { Ask } from './ask.ts';
import { createEntries, stripped } from './outbox-entries.ts';
import type { ScopedStorage } from './scope.ts';
import { onOtherTab } from './wake.ts';
import type { Item } from './outbox-entries.ts';

export interface OutboxOptions {
  storage: KeyValueStorage;
  /** Storage keys are `prefix` + clientId. */
  prefix: string;
  backoff: Backoff;
  ask: Ask;
  isOnline: () => boolean;
  /** Whether an entry survives a reload. */
  isStored: (command: string) => boolean;
  /** False while the conversation is not known yet. */
  isSendable: (conversationId: string) => boolean;
  /** Called before the entry leaves. */
  acked: (entry: OutboxEntry, data: unknown) => void;
  changed: (conversationId: string) => void;
  /** Tells what other tabs do to the storage, where that is not the whole of `localStorage`. */
  onOtherTab?: ScopedStorage['onOtherTab'];
  now?: () => number;
}

export interface Outbox {
  /** `conversationId` may be `''`: the entry waits until `pin` names it. */
  add: (
    command: OutboxEntry['command'],
    conversationId: string,
    input: Record<string, unknown>,
  ) => { clientId: string; answer: Promise<Ack<unknown>> };
  of: (conversationId: string) => OutboxEntry[];
  /** Gives what waits for a conversation its conversation. */
  pin: (conversationId: string) => void;
  /** The session that `from` belonged to is gone: what was never tried goes to `to`, what may have arrived waits there for a person. */
  move: (from: string, to: string) => void;
  /** The log holds it. */
  settle: (clientId: string, data: unknown) => void;
  retry: (clientId: string) => void;
  discard: (clientId: string) => void;
  /** Sends what can be sent; called when the connection is back. */
  pump: () => void;
  /** Forgets all entries, stored ones too. */
  clear: () => void;
  /** An anonymous visitor has signed in: `enter` changes whose the storage is, and what waits goes along. */
  carry: (enter: () => void) => void;
  /** Another person is here: what waits stays stored for whose it is, and what waited for this one is taken up. */
  change: (enter: () => void) => void;
  start: () => void;
  stop: () => void;
}

/** What a person wrote: it stays after a refusal, to be sent again or discarded. Of a click its caller alone hears. */
export const isWritten = (command: string): boolean => command === 'message:send' || command === 'note:add';

/** Where in the log an acked command landed; 0 where the ack does not say. */
export const receiptOf = (data: unknown): { seq: number } => ({ seq: (data as { seq?: number } | null)?.seq ?? 0 });

/** Another tab's entries are left to it for this long, ms. */
const foreignAfterMs = 15_000;
const adoptEveryMs = 5000;

/** What many were told at the same moment must not bring them back at the same moment, ms. */
const spread = (ms: number): number => {
  const most = Math.max(250, ms / 4);
  return ms + jitter(0, { min: most, max: most });
};

export const createOutbox = (options: OutboxOptions): Outbox => {
  const now = options.now ?? Date.now;
  const entries = createEntries(options);
  /** One entry in flight per lane. */
  const inFlight = new Map<string, string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let adopting: ReturnType<typeof setInterval> | undefined;
  let unwatch: (() => void) | undefined;

  /** To stop an answer must not wait behind a message that waits for the rate limit. */
  const laneOf = ({ command, conversationId }: OutboxEntry): string =>
    command === 'reply:stop' ? `${conversationId} stop` : conversationId;

  const release = (entry: OutboxEntry): void => {
    const lane = laneOf(entry);
    if (inFlight.get(lane) === entry.clientId) inFlight.delete(lane);
  };

  const remove = (item: Item): void => {
    entries.remove(item);
    release(item.entry);
  };

  const adoptForeign = (): void => {
    for (const conversationId of entries.adopt(now() - foreignAfterMs)) options.changed(conversationId);
  };

  const send = async (item: Item): Promise<void> => {
    const { entry } = item;
    inFlight.set(laneOf(entry), entry.clientId);
    if (!item.wasTried) {
      item.wasTried = true;
      entries.save(item);
    }
    entries.change(item, { ...stripped(item.entry), status: 'sending' });
    const { conversationId, clientId, command, input } = entry;
    const answer = await options.ask(command, { ...input, ...(conversationId !== '' && { conversationId }), clientId });
    if (entries.find(clientId) !== item) return pump();
    release(entry);
    if (answer.ok) {
      options.acked(item.entry, answer.data);
      remove(item);
      item.answered?.(answer);
    } else if (isRetryable(answer.error.code)) {
      const { code, retryAfterMs } = answer.error;
      const isToldWhen = code === 'rate_limited' || retryAfterMs !== undefined;
      const wait = isToldWhen
        ? spread(retryAfterMs ?? options.backoff.max)
        : Math.max(50, jitter(item.tries, options.backoff));
      item.tries += 1;
      item.due = now() + wait;
      const waiting = isToldWhen ? { status: 'waiting' as const, retryAt: item.due } : { status: 'queued' as const };
      entries.change(item, { ...stripped(item.entry), ...waiting });
    } else if (isWritten(command)) {
      entries.change(item, { ...stripped(item.entry), status: 'failed', error: answer.error });
      entries.save(item);
      item.answered?.(answer);
    } else {
      remove(item);
      item.answered?.(answer);
    }
    pump();
  };

  /** The first entry of each free lane goes; what failed stands aside. */
  const pump = (): void => {
    clearTimeout(timer);
    if (!options.isOnline()) return;
    let soonest = Infinity;
    const seen = new Set(inFlight.keys());
    for (const item of entries.all()) {
      const { entry } = item;
      const lane = laneOf(entry);
      if (entry.status === 'failed' || entry.status === 'sending' || seen.has(lane)) continue;
      if (!options.isSendable(entry.conversationId)) continue;
      if (item.isForeign && options.isStored(entry.command) && !entries.isStored(entry.clientId)) {
        remove(item);
        continue;
      }
      seen.add(lane);
      if (item.due > now()) soonest = Math.min(soonest, item.due);
      else void send(item);
    }
    if (soonest < Infinity) timer = setTimeout(pump, Math.max(1, soonest - now()));
  };

  const rename = (item: Item, conversationId: string): void => {
    const before = item.entry.conversationId;
    item.entry = { ...item.entry, conversationId };
    entries.save(item);
    options.changed(before);
    options.changed(conversationId);
  };

  entries.adopt(Infinity);

  return {
    add: (command, conversationId, input) => {
      const createdAt = now();
      const entry: OutboxEntry = { clientId: newUuid(), conversationId, command, input, createdAt, status: 'queued' };
      const item: Item = {
        entry,
        order: entries.nextOrder(createdAt),
        isForeign: false,
        wasTried: false,
        tries: 0,
        due: 0,
      };
      const answer = new Promise<Ack<unknown>>((resolve) => {
        item.answered = resolve;
      });
      entries.insert(item);
      entries.save(item);
      options.changed(conversationId);
      pump();
      return { clientId: entry.clientId, answer };
    },
    of: (conversationId) =>
      entries
        .all()
        .filter(({ entry }) => entry.conversationId === conversationId)
        .map(({ entry }) => entry),
    pin: (conversationId) => {
      for (const item of entries.all()) if (item.entry.conversationId === '') rename(item, conversationId);
    },
    move: (from, to) => {
      for (const item of entries.all()) {
        if (item.entry.conversationId !== from) continue;
        const isDoubtful = item.wasTried && item.entry.status !== 'failed';
        const error: WireError = { code: 'unavailable', message: 'It may have arrived before the session ended' };
        if (isDoubtful) item.entry = { ...stripped(item.entry), status: 'failed', error };
        rename(item, to);
      }
    },
    settle: (clientId, data) => {
      const item = entries.find(clientId);
      if (item === undefined) return;
      remove(item);
      item.answered?.({ ok: true, data });
      pump();
    },
    retry: (clientId) => {
      const item = entries.find(clientId);
      if (item === undefined || item.entry.status === 'sending') return;
      item.due = 0;
      item.tries = 0;
      entries.change(item, { ...stripped(item.entry), status: 'queued' });
      entries.save(item);
      pump();
    },
    discard: (clientId) => {
      const item = entries.find(clientId);
      if (item === undefined) return;
      remove(item);
      item.answered?.({ ok: false, error: { code: 'conflict', message: 'Discarded' } });
      pump();
    },
    pump: () => {
      // What waited for an unknown outcome need not wait longer on a fresh connection; a rate limit still holds.
      for (const item of entries.all()) if (item.entry.status === 'queued') item.due = 0;
      adoptForeign();
      pump();
    },
    clear: () => {
      entries.clearStored();
      for (const item of entries.all()) {
        remove(item);
        item.answered?.({ ok: false, error: { code: 'conflict', message: 'Discarded' } });
      }
    },
    carry: (enter) => {
      entries.carry(enter);
      for (const conversationId of entries.adopt(Infinity)) options.changed(conversationId);
    },
    change: (enter) => {
      const released = entries.release();
      inFlight.clear();
      enter();
      for (const { answered } of released) {
        answered?.({ ok: false, error: { code: 'conflict', message: 'Somebody else is here now' } });
      }
      entries.adopt(Infinity);
    },
    start: () => {
      adopting ??= setInterval(() => {
        adoptForeign();
        pump();
      }, adoptEveryMs);
      unwatch ??= (options.onOtherTab ?? onOtherTab)((key, text) => {
        const item =
          text === null && key.startsWith(options.prefix) ? entries.find(key.slice(options.prefix.length)) : undefined;
        if (item !== undefined && item.entry.status !== 'sending') remove(item);
      });
    },
    stop: () => {
      clearInterval(adopting);
      clearTimeout(timer);
      unwatch?.();
      adopting = undefined;
      unwatch = undefined;
    },
  };
};
