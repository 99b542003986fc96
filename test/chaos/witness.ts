// People beside the load who try everything again and again while a store cannot write, and count what came of it.
import { newUuid } from '../../shared/ids.ts';
import type { SessionView } from '../../shared/commands.ts';
import type { Store } from '../../server/ports/store.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import { pause } from './stage.ts';

export interface Tally {
  /** Sends that were acked, and those that were refused, by code. */
  acked: number;
  refused: Map<string, number>;
  /** Sends in a row that were refused, up to now. */
  inARow: number;
  /** ms until the slowest answer to a send, whatever it said. */
  slowestSendMs: number;
  reads: number;
  /** What a read failed with. */
  failedReads: string[];
  slowestReadMs: number;
  /** Answers of /readyz, and of /healthz where that was not 200. */
  ready: number;
  unready: number;
  unhealthy: number;
}

export interface Witness {
  /** What was counted since the last call; counting begins anew. */
  take(): Tally;
  now(): Tally;
  /** Waits for a state of affairs, at most `ms`; how long it took, or null. */
  until(ms: number, isSo: (tally: Tally) => boolean): Promise<number | null>;
  /** Acked messages of the witness that the log does not hold just once at the place that was told; the count of refused ones that it does hold. */
  judge(store: Store): Promise<{ wrong: string[]; unknown: number }>;
  stop(): Promise<void>;
}

/** A node that has too much to do for a moment sends people away: they try again. */
const patiently = async <T>(arrive: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await arrive();
    } catch (error) {
      if (tries === 20) throw error;
      await pause(250);
    }
  }
};

const fresh = (): Tally => ({
  acked: 0,
  refused: new Map(),
  inARow: 0,
  slowestSendMs: 0,
  reads: 0,
  failedReads: [],
  slowestReadMs: 0,
  ready: 0,
  unready: 0,
  unhealthy: 0,
});

interface Sent {
  conversationId: string;
  clientId: string;
  /** Where it was acked; null: it was refused. */
  seq: number | null;
}

export const refusedIn = ({ refused }: Tally): number => [...refused.values()].reduce((sum, count) => sum + count, 0);

/** They arrive, say something and begin; `stop` ends them, and may be called twice. */
export const startWitness = async (target: {
  url: string;
  widgetKey: string;
  token: string;
  senders: number;
  /** Between two sends of one sender, ms. */
  everyMs: number;
  /** False where the store cannot be read either. */
  reads?: boolean;
}): Promise<Witness> => {
  const { url, widgetKey, token, senders, everyMs } = target;
  let tally = fresh();
  const run = { isOver: false };
  const sent: Sent[] = [];
  const visitors = await Promise.all(
    Array.from({ length: senders }, () => patiently(() => openVisitor(url, widgetKey))),
  );
  const staff = await patiently(() => connectStaff(url, token));
  const [first] = visitors as [(typeof visitors)[0]];
  for (const { client, conversationId } of visitors) {
    await client.must('message:send', { conversationId, clientId: newUuid(), text: 'a barnacle before' });
  }

  const timed = async (task: () => Promise<void>): Promise<number> => {
    const began = performance.now();
    await task();
    return performance.now() - began;
  };

  const send = async ({ client, conversationId }: (typeof visitors)[0]): Promise<void> => {
    const clientId = newUuid();
    const text = `w ${clientId} ${'x'.repeat(500)}`;
    const ack = await client
      .ask<{ seq: number }>('message:send', { conversationId, clientId, text })
      .catch((error: Error) => ({ ok: false as const, error: { code: error.message } }));
    sent.push({ conversationId, clientId, seq: ack.ok ? ack.data.seq : null });
    if (ack.ok) {
      tally.acked += 1;
      tally.inARow = 0;
    } else {
      tally.refused.set(ack.error.code, (tally.refused.get(ack.error.code) ?? 0) + 1);
      tally.inARow += 1;
    }
  };

  const questions: [string, () => Promise<unknown>][] = [
    ['facts:since', () => first.client.must('facts:since', { conversationId: first.conversationId, sinceSeq: 0 })],
    ['conversation:open', () => staff.must('conversation:open', { conversationId: first.conversationId })],
    ['inbox:open', () => staff.must('inbox:open', { filter: 'open' })],
    [
      'search',
      async () => {
        const response = await fetch(`${url}/api/console/search?q=barnacle`, {
          headers: { authorization: `Bearer ${token}` },
        });
        if (!response.ok) throw new Error(`search: ${response.status}`);
        const { hits } = (await response.json()) as { hits: unknown[] };
        if (hits.length === 0) throw new Error('search: nothing found');
      },
    ],
    [
      'session:open',
      async () => {
        const { sessionToken, visitorToken } = first.view;
        const again = await connectVisitor(url, widgetKey, { sessionToken, visitorToken });
        try {
          await again.must<SessionView>('session:open', {});
        } finally {
          again.close();
        }
      },
    ],
  ];

  // What was said just before the fault may not be in the index of words yet, which cannot be written either.
  if (target.reads !== false) await questions.find(([name]) => name === 'search')![1]();

  const asks = async (): Promise<void> => {
    for (let i = 0; !run.isOver; i += 1) {
      const [name, ask] = questions[i % questions.length]!;
      const took = await timed(async () => {
        await ask().catch((error: Error) => tally.failedReads.push(`${name}: ${error.message}`));
      });
      tally.reads += 1;
      tally.slowestReadMs = Math.max(tally.slowestReadMs, took);
      await pause(50);
    }
  };

  const sends = async (visitor: (typeof visitors)[0]): Promise<void> => {
    while (!run.isOver) {
      const took = await timed(() => send(visitor));
      tally.slowestSendMs = Math.max(tally.slowestSendMs, took);
      await pause(everyMs);
    }
  };

  const looks = async (): Promise<void> => {
    while (!run.isOver) {
      const status = await fetch(`${url}/readyz`).then(
        (response) => response.status,
        () => 0,
      );
      if (status === 200) tally.ready += 1;
      else tally.unready += 1;
      const health = await fetch(`${url}/healthz`).then(
        (response) => response.status,
        () => 0,
      );
      if (health !== 200) tally.unhealthy += 1;
      await pause(100);
    }
  };

  const running = Promise.all([...visitors.map(sends), ...(target.reads === false ? [] : [asks()]), looks()]);

  return {
    take() {
      const taken = tally;
      tally = fresh();
      return taken;
    },
    now: () => tally,
    async until(ms, isSo) {
      const began = performance.now();
      while (!isSo(tally)) {
        if (performance.now() - began > ms) return null;
        await pause(5);
      }
      return performance.now() - began;
    },
    async judge(store) {
      const wrong: string[] = [];
      let unknown = 0;
      const places = new Map<string, number[]>();
      for (const { conversationId } of visitors) {
        for (let after = 0; ;) {
          const page = await store.factsAfter(conversationId, after, 500);
          for (const fact of page) {
            if (fact.type !== 'message.created' || fact.clientId === undefined) continue;
            places.set(fact.clientId, [...(places.get(fact.clientId) ?? []), fact.seq]);
          }
          if (page.length < 500) break;
          after = page.at(-1)!.seq;
        }
      }
      for (const { clientId, seq } of sent) {
        const found = places.get(clientId) ?? [];
        if (found.length > 1) wrong.push(`${clientId} is in the log ${found.length} times`);
        if (seq !== null && found[0] !== seq) wrong.push(`${clientId} was acked at ${seq} and is not there`);
        if (seq === null && found.length > 0) unknown += 1;
      }
      return { wrong: wrong.slice(0, 3), unknown };
    },
    async stop() {
      run.isOver = true;
      await running;
      staff.close();
      for (const { client } of visitors) client.close();
    },
  };
};
