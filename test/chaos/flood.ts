// Far more than can be done: a generator that does not slow down when the server does, cheap enough to share its machine with it.
import { inParallel, openVisitor } from '../bench/load/target.ts';
import type { Target, Visitor } from '../bench/load/target.ts';
import { WireClient } from '../bench/wire-client.ts';
import { Histogram } from '../bench/statistics.ts';
import type { Store } from '../../server/ports/store.ts';
import { newUuid } from '../../shared/ids.ts';
import { pause } from './stage.ts';

/** An ack after this is no use to whoever wrote, ms. */
const usefulMs = 5000;
const text = 'Could you tell me whether the Saturday trip still has two places left for beginners?';

/** What came of the messages of one second. */
export interface Second {
  sent: number;
  acked: number;
  /** Acked within 5 s. */
  good: number;
  /** Refused with `unavailable` and a time to come again. */
  refused: number;
  /** `unavailable` without such a time: the store did not answer within its deadline, the outcome is unknown. */
  unknown: number;
  /** Refused in any other way, by what was said. */
  otherwise: string[];
}

export interface Flood {
  visitors: Visitor[];
  /** As many messages in flight as that for `ms`: what is acked a second. Whoever is told to come again does so then. */
  patient(inFlight: number, ms: number): Promise<number>;
  /** So many a second for `ms`, whatever comes of them; resolves when all are answered, or 10 s after the last. */
  open(perSecond: number, ms: number): Promise<OpenRun>;
  /** Acked messages that the log does not hold just once. */
  judge(store: Store): Promise<{ acked: number; lost: number; doubled: number }>;
  close(): void;
}

export interface OpenRun {
  seconds: Second[];
  unanswered: number;
  /** Of what was acked, ms. */
  p50: number;
  p99: number;
  longest: number;
  /** How far the generator fell behind its own pace at worst, ms. */
  behindMs: number;
}

/** Tries again when told to: whoever gathers on a machine that is busy anyway may come too fast. */
const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      const told = /"retryAfterMs":(\d+)/.exec(String(error))?.[1];
      if (told === undefined || tries === 50) throw error;
      await pause(Number(told));
    }
  }
};

/**
 * Visitors in conversations that a member holds, so that no answer is part of the figures. The member stays: whose holder is away
 * for two minutes is answered by the AI again.
 */
export const gather = async (targets: readonly Target[], count: number): Promise<Flood> => {
  const { url, token } = targets[0]!;
  const staff = await WireClient.open({ url, namespace: '/console', auth: { v: 1, token } });
  const visitors = await inParallel(count, 12, async (i) => {
    const visitor = await patiently(() => openVisitor(targets[i % targets.length]!));
    const { conversationId } = visitor;
    const input = { conversationId, clientId: newUuid() };
    await patiently(() => visitor.client.ask('message:send', { ...input, text: 'Hello' }));
    await patiently(() => staff.ask('conversation:take', input));
    return visitor;
  });

  let last = 0;
  const idOf = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
  const acked = new Map<string, Set<string>>(visitors.map(({ conversationId }) => [conversationId, new Set()]));

  /** `ok`; `later` where it was refused with a time to come again, `unknown` where without; else what was said. */
  const send = ({ client, conversationId }: Visitor, answered: (said: string, ms: number) => void) => {
    const clientId = idOf((last += 1));
    const sentAt = performance.now();
    client.emit(
      'message:send',
      `{"conversationId":"${conversationId}","clientId":"${clientId}","text":"${text}"}`,
      (bytes) => {
        const ms = performance.now() - sentAt;
        if (bytes.includes('"ok":true')) {
          acked.get(conversationId)!.add(clientId);
          answered('ok', ms);
        } else if (bytes.includes('"unavailable"')) {
          answered(bytes.includes('"retryAfterMs"') ? 'later' : 'unknown', ms);
        } else answered(bytes.toString().slice(0, 200), ms);
      },
    );
  };

  return {
    visitors,
    async patient(inFlight, ms) {
      const until = performance.now() + ms;
      let count = 0;
      let next = 0;
      // Over all conversations, so that none becomes longer than any that people have.
      const visit = async (): Promise<void> => {
        while (performance.now() < until) {
          const visitor = visitors[(next += 1) % visitors.length]!;
          const said = await new Promise<string>((answered) => send(visitor, answered));
          if (said === 'ok') count += 1;
          else await pause(1000 + 2000 * Math.random());
        }
      };
      await Promise.all(Array.from({ length: inFlight }, visit));
      return (count * 1000) / ms;
    },
    async open(perSecond, ms) {
      const seconds: Second[] = [];
      const times = new Histogram();
      const began = performance.now();
      const counts = { sent: 0, due: 0, unanswered: 0 };
      let behindMs = 0;
      let longest = 0;
      const at = (): Second => {
        const n = Math.floor((performance.now() - began) / 1000);
        return (seconds[n] ??= { sent: 0, acked: 0, good: 0, refused: 0, unknown: 0, otherwise: [] });
      };
      const total = Math.round((perSecond * ms) / 1000);
      const sendOne = (): void => {
        at().sent += 1;
        counts.unanswered += 1;
        send(visitors[counts.sent % visitors.length]!, (said, tookMs) => {
          counts.unanswered -= 1;
          const second = at();
          if (said === 'later') second.refused += 1;
          else if (said === 'unknown') second.unknown += 1;
          else if (said !== 'ok') second.otherwise.push(said);
          else {
            second.acked += 1;
            if (tookMs <= usefulMs) second.good += 1;
            times.add(tookMs);
            longest = Math.max(longest, tookMs);
          }
        });
        counts.sent += 1;
      };
      while (counts.sent < total) {
        const passed = performance.now() - began;
        behindMs = Math.max(behindMs, passed - (counts.sent * 1000) / perSecond);
        counts.due = Math.min(total, Math.floor((passed * perSecond) / 1000));
        while (counts.sent < counts.due) sendOne();
        await pause(2);
      }
      const end = performance.now();
      while (counts.unanswered > 0 && performance.now() - end < 10_000) await pause(20);
      return {
        seconds,
        unanswered: counts.unanswered,
        p50: times.percentile(0.5),
        p99: times.percentile(0.99),
        longest,
        behindMs,
      };
    },
    async judge(store) {
      const judged = { acked: 0, lost: 0, doubled: 0 };
      for (const [conversationId, ids] of acked) {
        judged.acked += ids.size;
        const found = new Map<string, number>();
        for (let seq = 0; ;) {
          const facts = await store.factsAfter(conversationId, seq, 500);
          for (const fact of facts) {
            if (fact.type !== 'message.created' || fact.clientId === undefined) continue;
            found.set(fact.clientId, (found.get(fact.clientId) ?? 0) + 1);
          }
          seq = facts.at(-1)?.seq ?? 0;
          if (facts.length < 500) break;
        }
        for (const id of ids) if (!found.has(id)) judged.lost += 1;
        for (const times of found.values()) if (times > 1) judged.doubled += 1;
      }
      return judged;
    },
    close: () => {
      staff.close();
      for (const { client } of visitors) client.close();
    },
  };
};
