// Whatever order facts and views come in, a client's log is the server's log.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ask } from '../../client/sdk/ask.ts';
import { createConversation } from '../../client/sdk/conversation.ts';
import type { Conversation } from '../../client/sdk/conversation.ts';
import { createLog } from '../../client/sdk/log.ts';
import type { Cursor } from '../../shared/conversation.ts';
import type { Fact, FactBody, VisibleFact } from '../../shared/facts.ts';
import { eventually } from './waiting.ts';
import { controlled, createWireLog, opened, said } from './wire-log.ts';
import type { WireLog } from './wire-log.ts';

const id = 'conv_1';

/** A body of each sort that a log has, in an order that a real log could have. */
const body = fc.constantFrom<FactBody>(
  said('visitor', 'question'),
  said('ai', 'answer'),
  said('agent', 'I am here'),
  controlled(9, 'anna'),
  { type: 'note.created', noteId: 'note_1', author: { kind: 'agent' }, text: 'hush' },
  { type: 'label.changed', labels: ['vip'], by: { id: 'mem_1', name: 'Anna' } },
  { type: 'csat.requested' } as FactBody,
);
const audience = fc.constantFrom('visitor' as const, 'staff' as const);

const grow = (log: WireLog, bodies: readonly FactBody[]): void => {
  log.append(...(log.facts.length === 0 ? [opened()] : []));
  for (const one of bodies) {
    const turn = log.state().control.turn + 1;
    log.append('turn' in one ? { ...one, turn } : one);
  }
};

interface Bench {
  server: WireLog;
  client: Conversation;
  applied: VisibleFact[];
  /** Rejects the next asks, as a lost connection would. */
  faults: { lost: number };
}

const bench = (who: 'visitor' | 'staff'): Bench => {
  const faults = { lost: 0 };
  const applied: VisibleFact[] = [];
  const made: { server: WireLog } = { server: createWireLog(id) };
  const ask: Ask = async (command, input) => {
    await Promise.resolve();
    if (faults.lost > 0) {
      faults.lost -= 1;
      return { ok: false, error: { code: 'unavailable', message: 'lost' } };
    }
    const { since, seq, limit } = input as { since: Cursor; seq: number; limit: number };
    const data = command === 'facts:since' ? made.server.view(who, since) : made.server.before(who, seq, limit);
    return { ok: true, data };
  };
  const client = createConversation(id, {
    audience: who,
    ask,
    isOnline: () => true,
    applying: () => undefined,
    applied: (fact) => applied.push(fact),
  });
  return { client, applied, faults, ...made };
};

const visibleTo = (who: 'visitor' | 'staff', log: WireLog, facts: readonly Fact[]): VisibleFact[] =>
  facts.map((fact) => log.visible(fact, who));

describe('[R6] a client applies last + 1 and nothing else', () => {
  test('facts in any order, doubled, with gaps: once each, in order, up to the first gap', () => {
    const order = fc.array(fc.nat(60), { maxLength: 200 });
    fc.assert(
      fc.property(
        fc.array(body, { minLength: 1, maxLength: 60 }),
        order,
        fc.nat(30),
        audience,
        (bodies, picks, at, who) => {
          const server = createWireLog(id);
          grow(server, bodies.slice(0, at));
          const log = createLog(id);
          const { applied: first } = log.apply(server.view(who));
          const known = server.facts.length;
          grow(server, bodies.slice(at));
          const rest = [...first];
          for (const pick of picks) {
            const fact = server.facts[pick % server.facts.length]!;
            rest.push(...log.receive(server.visible(fact, who)));
          }
          const { seq } = log.state().head;
          const expected = server.facts.slice(0, seq).slice(first.length === 0 ? 0 : first[0]!.seq - 1);
          expect(rest).toEqual(visibleTo(who, server, expected));
          const isWhole = seq === Math.max(known, ...picks.map((pick) => (pick % server.facts.length) + 1));
          expect(log.isBehind()).toBe(!isWhole);
          // What is missing closes the gap.
          if (log.isBehind()) log.apply(server.view(who, log.state().head));
          log.apply(server.view(who, log.state().head));
          expect(log.state()).toEqual(server.view(who).state);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a view older than what is held changes nothing', () => {
    const server = createWireLog(id);
    grow(server, [said('visitor', 'one')]);
    const log = createLog(id);
    log.apply(server.view('visitor'));
    const old = server.view('visitor');
    grow(server, [said('ai', 'two')]);
    log.receive(server.facts.at(-1)!);
    const before = [log.state(), log.facts()];
    expect(log.apply(old).applied).toEqual([]);
    expect([log.state(), log.facts()]).toEqual(before);
  });

  test('a critical fact of a newer version is passed over, and the state asked for', () => {
    const server = createWireLog(id);
    grow(server, [said('visitor', 'one')]);
    const log = createLog(id);
    log.apply(server.view('visitor'));
    const seq = server.facts.length + 1;
    const strange = { conversationId: id, seq, id: 'x', at: 1, type: 'poll.created', critical: true };
    log.receive(strange as unknown as VisibleFact);
    expect(log.state().head.seq).toBe(seq);
    expect(log.isBehind()).toBe(true);
  });
});

/** What may happen to a client, in any order. */
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      bodies: fc.array(body, { minLength: 1, maxLength: 4 }),
      isHeard: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('many' as const), count: fc.integer({ min: 100, max: 260 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('repeat' as const), pick: fc.nat(500) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reopen' as const), isSlow: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('breathe' as const) }) },
);

describe('[R5] a client that is told enough holds the log', () => {
  test('through losses, doubles, slow views and long gaps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 25 }), audience, async (events, who) => {
        const it = bench(who);
        const { client, server, applied, faults } = it;
        const tell = (fact: Fact): void => client.fact(server.visible(fact, who));
        for (const one of events) {
          if (one.kind === 'append' || one.kind === 'many') {
            const before = server.facts.length;
            grow(
              server,
              one.kind === 'append' ? one.bodies : Array.from({ length: one.count }, () => said('ai', 'more')),
            );
            if (one.kind === 'append' && one.isHeard) for (const fact of server.facts.slice(before)) tell(fact);
          } else if (one.kind === 'repeat') {
            const fact = server.facts[one.pick % Math.max(1, server.facts.length)];
            if (fact !== undefined) tell(fact);
          } else if (one.kind === 'reopen') {
            const finish = client.opening();
            const view = server.view(who, client.cursor());
            if (one.isSlow) await Promise.resolve();
            finish(view);
          } else if (one.kind === 'lose') {
            faults.lost += 1;
          } else {
            await new Promise((resolve) => {
              setImmediate(resolve);
            });
          }
        }
        client.opening()(server.view(who, client.cursor()));
        await eventually(() => client.cursor()?.seq === server.facts.length);
        const whole = visibleTo(who, server, server.facts);
        const firstSeq = applied[0]?.seq ?? 1;
        expect(applied).toEqual(whole.slice(firstSeq - 1));
        while (client.snapshot.get().hasEarlier) await client.loadEarlier();
        expect(client.snapshot.get().facts).toEqual(whole.filter((fact) => fact.type !== 'hidden'));
        expect(client.snapshot.get().state).toEqual(server.view(who).state);
        client.dispose();
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test('another log under the same id replaces the one held, whichever is longer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 1, max: 80 }),
        fc.boolean(),
        async (a, b, isLive) => {
          const first = bench('visitor');
          grow(
            first.server,
            Array.from({ length: a }, (_, n) => said('ai', `a${n}`)),
          );
          first.client.opening()(first.server.view('visitor'));
          // The same client meets another server.
          const other = createWireLog(id);
          grow(
            other,
            Array.from({ length: b }, (_, n) => said('ai', `b${n}`)),
          );
          const held = first.server.facts.length;
          Object.assign(first.server, other);
          const last = other.facts.at(-1)!;
          // (A fact that happens to fit cannot be told from one of the same log; a reconnect's cursor tells.)
          if (isLive && last.seq >= held && last.seq !== held + 1) first.client.fact(last);
          else first.client.opening()(other.view('visitor', first.client.cursor()));
          await eventually(() => first.client.cursor()?.id === last.id);
          while (first.client.snapshot.get().hasEarlier) await first.client.loadEarlier();
          expect(first.client.snapshot.get().facts).toEqual(other.facts);
          first.client.dispose();
        },
      ),
      { numRuns: 60 },
    );
  });
});
