// People under faults: visitors who write one message after another and staff who watch, all through the real client library,
// and a recorder that writes down what each asked and was told.
import type { StaffClient, VisitorClient } from '../../client/sdk/api.ts';
import { createStaffClient, createVisitorClient, memoryStorage } from '../../client/sdk/index.ts';
import type { Store } from '../../server/ports/store.ts';
import { owes } from '../../shared/conversation.ts';
import type { Fact } from '../../shared/facts.ts';
import type { Entry, History } from './history.ts';

export interface LoadOptions {
  /** The load balancer. */
  url: string;
  widgetKey: string;
  token: string;
  memberId: string;
  visitors: number;
  /** Of each visitor, one after the other's ack. */
  messages: number;
  /** Pause between a visitor's messages, ms: up to so much. */
  thinkMs: number;
  /** Members who watch; each watches a part of the conversations. */
  watchers: number;
  random: () => number;
}

export interface Load {
  /** Messages acked so far. */
  acked(): number;
  /** Resolves when every message was acked or refused for good. */
  done: Promise<void>;
  /** Waits until every reader has what the store has; ms that it took. */
  converged(store: Store, patienceMs: number): Promise<number>;
  /** ms until each reader held all of what its conversations hold now; Infinity where that took longer than `patienceMs`. */
  healed(store: Store, patienceMs: number): Promise<number[]>;
  /** Messages that the log holds though their visitor was told nothing yet. */
  unheard(store: Store): Promise<number>;
  history(store: Store): Promise<History>;
  /** How many clients are in which condition, for whoever finds that it does not go on. */
  condition(): string;
  close(): void;
}

/** mulberry32: the same run for the same seed, as far as processes allow. */
export const seeded = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
  return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const logOf = async (store: Store, conversationId: string): Promise<Fact[]> => {
  const facts: Fact[] = [];
  for (;;) {
    const page = await store.factsAfter(conversationId, facts.length, 500);
    facts.push(...page);
    if (page.length < 500) return facts;
  }
};

/** A message is known by its text here, which is unique: doubling it under another key would be found too. */
const byText = (fact: Fact): Fact =>
  fact.type === 'message.created' && fact.author.kind === 'visitor' ? { ...fact, clientId: fact.text } : fact;

export const startLoad = (options: LoadOptions): Load => {
  const { url, widgetKey, token, memberId, random } = options;
  const entries: Entry[] = [];
  const clients: (VisitorClient | StaffClient)[] = [];
  const more = { url, storage: undefined, backoff: { min: 50, max: 1000 }, ackTimeoutMs: 6000 };
  const conversations = new Map<string, VisitorClient>();
  const watching = new Map<string, { client: StaffClient; conversations: string[] }>();
  const at = (): number => performance.now();
  let ops = 0;
  let acked = 0;
  const run = { isOver: false };

  const record = (client: VisitorClient | StaffClient, name: string): void => {
    client.onFact((fact) => entries.push({ kind: 'fact', at: at(), client: name, fact }));
    client.onSignal((signal) => {
      if (signal.type !== 'reply.delta') return;
      const { type: _, ...delta } = signal;
      entries.push({ kind: 'delta', at: at(), client: name, ...delta });
    });
  };

  const watchers = Array.from({ length: options.watchers }, (_, i) => {
    const client = createStaffClient({ ...more, storage: memoryStorage(), token, memberId });
    const watcher = { client, conversations: [] as string[] };
    watching.set(`staff ${i}`, watcher);
    clients.push(client);
    record(client, `staff ${i}`);
    client.connect();
    return watcher;
  });

  const visit = async (n: number): Promise<void> => {
    const client = createVisitorClient({ ...more, storage: memoryStorage(), widgetKey });
    clients.push(client);
    record(client, `visitor ${n}`);
    client.connect();
    while (client.conversation.get()?.isLoaded !== true && !run.isOver) await pause(20);
    if (run.isOver) return;
    const { conversationId } = client.conversation.get()!;
    conversations.set(conversationId, client);
    for (let i = 0; i < options.messages && !run.isOver; i += 1) {
      await pause(random() * options.thinkMs);
      const text = `v${n} m${i}`;
      const op = (ops += 1);
      entries.push({ kind: 'invoke', at: at(), op, client: `visitor ${n}`, conversationId, clientId: text });
      const ack = await client.perform('message:send', { text });
      if (ack.ok) {
        acked += 1;
        entries.push({ kind: 'ok', at: at(), op, seq: ack.data.seq });
      } else entries.push({ kind: 'fail', at: at(), op, code: ack.error.code });
      if (i === 0 && watchers.length > 0) {
        const watcher = watchers[n % watchers.length]!;
        watcher.conversations.push(conversationId);
        watcher.client.open(conversationId);
      }
    }
  };

  const done = Promise.all(Array.from({ length: options.visitors }, (_, n) => visit(n))).then(() => undefined);

  const behind = async (store: Store): Promise<string[]> => {
    const late: string[] = [];
    for (const [conversationId, visitor] of conversations) {
      const state = (await store.state(conversationId))?.state;
      const head = state?.head.seq ?? 0;
      // An answer whose owner died is still to come: whoever is level now would be behind by the time the logs are read.
      if (state !== undefined && (state.reply !== null || owes(state) !== 'none')) {
        late.push(`an answer is still owed in ${conversationId}`);
      }
      const has = (client: string, seq: number): void => {
        if (seq !== head) late.push(`${client} has ${seq} of ${head} in ${conversationId}`);
      };
      const now = visitor.conversation.get();
      has('its visitor', now?.conversationId === conversationId ? now.state.head.seq : 0);
      for (const [name, watcher] of watching) {
        if (!watcher.conversations.includes(conversationId)) continue;
        has(name, watcher.client.open(conversationId).get().state.head.seq);
      }
    }
    return late;
  };

  return {
    acked: () => acked,
    done,
    async converged(store, patienceMs) {
      const began = at();
      for (;;) {
        const late = await behind(store);
        if (late.length === 0) return at() - began;
        if (at() - began > patienceMs)
          throw new Error(`not converged: ${late.slice(0, 3).join('; ')} (${late.length})`);
        await pause(100);
      }
    },
    async healed(store, patienceMs) {
      const began = at();
      const heads = new Map<string, number>();
      await Promise.all(
        [...conversations.keys()].map(async (id) => heads.set(id, (await store.state(id))?.state.head.seq ?? 0)),
      );
      const readers: (() => boolean)[] = [...conversations].map(([id, visitor]) => () => {
        const now = visitor.conversation.get();
        return now?.conversationId === id && now.state.head.seq >= heads.get(id)!;
      });
      for (const { client, conversations: ids } of watching.values()) {
        const watched = ids.filter((id) => heads.has(id));
        readers.push(() => watched.every((id) => client.open(id).get().state.head.seq >= heads.get(id)!));
      }
      const healing = readers.map(async (isHealed) => {
        while (!isHealed()) {
          if (at() - began > patienceMs) return Infinity;
          await pause(5);
        }
        return at() - began;
      });
      return Promise.all(healing);
    },
    async unheard(store) {
      const waiting = new Map<number, Extract<Entry, { kind: 'invoke' }>>();
      for (const entry of entries) {
        if (entry.kind === 'invoke') waiting.set(entry.op, entry);
        else if (entry.kind === 'ok' || entry.kind === 'fail') waiting.delete(entry.op);
      }
      const found = [...waiting.values()].map(async ({ conversationId, clientId }) => {
        const facts = await logOf(store, conversationId);
        return facts.some((fact) => fact.type === 'message.created' && fact.text === clientId);
      });
      return (await Promise.all(found)).filter(Boolean).length;
    },
    async history(store) {
      // First: what was acked by now must be in the logs that are read after.
      const written = [...entries];
      const logs = new Map<string, Fact[]>();
      for (const id of conversations.keys()) logs.set(id, (await logOf(store, id)).map(byText));
      const complete = new Map([...watching].map(([name, { conversations: ids }]) => [name, ids]));
      for (const [id, client] of conversations)
        complete.set(`visitor ${clients.indexOf(client) - watchers.length}`, [id]);
      return { entries: written, logs, complete };
    },
    condition() {
      const counts = new Map<string, number>();
      for (const client of clients) {
        const connection = client.connection.get();
        const told = connection.status === 'refused' ? `refused (${connection.error.message})` : connection.status;
        const isLoaded = !('conversation' in client) || client.conversation.get()?.isLoaded === true;
        const name = isLoaded ? told : `${told}, not loaded`;
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      return [...counts].map(([name, count]) => `${count} ${name}`).join('; ');
    },
    close() {
      run.isOver = true;
      for (const client of clients) client.disconnect();
    },
  };
};
