// The checker itself: a history that is right passes, and each single thing that must not happen is found.
import { expect, test } from 'vitest';
import type { Fact } from '../../shared/facts.ts';
import { check, violations } from './checker.ts';
import type { Entry, History } from './history.ts';

const conversationId = 'conv_1';
const base = (seq: number) => ({ conversationId, seq, id: `f${seq}`, at: seq });
const said = (seq: number, clientId: string): Fact => ({
  ...base(seq),
  type: 'message.created',
  messageId: `m${seq}`,
  author: { kind: 'visitor' },
  text: clientId,
  status: 'complete',
  clientId,
});
const claimed = (seq: number, turn: number, attempt = 1): Fact => ({
  ...base(seq),
  type: 'reply.claimed',
  replyId: `r${turn}`,
  turn,
  attempt,
  owner: 'n',
  mode: 'answer',
  answers: seq - 1,
});
const answered = (seq: number, turn: number, text: string): Fact => ({
  ...base(seq),
  type: 'message.created',
  messageId: `r${turn}`,
  author: { kind: 'ai' },
  text,
  status: 'complete',
});

const log: Fact[] = [
  said(1, 'a'),
  claimed(2, 1),
  answered(3, 1, 'Hello there'),
  said(4, 'b'),
  claimed(5, 2),
  answered(6, 2, 'Bye'),
];

type Told = Entry & { at: number };
const told = (client: string): Told[] => {
  const fact = (seq: number): Entry => ({ kind: 'fact', at: seq * 10, client, fact: log[seq - 1]! });
  const delta = (at: number, turn: number, offset: number, text: string, attempt = 1): Entry => ({
    kind: 'delta',
    at,
    client,
    conversationId,
    replyId: `r${turn}`,
    turn,
    attempt,
    offset,
    text,
  });
  return [
    fact(1),
    fact(2),
    delta(21, 1, 0, 'Hello '),
    delta(22, 1, 6, 'there'),
    fact(3),
    fact(4),
    fact(5),
    delta(51, 2, 0, 'By'),
    fact(6),
  ];
};

const asked: Entry[] = [
  { kind: 'invoke', at: 1, op: 1, client: 'v', conversationId, clientId: 'a' },
  { kind: 'ok', at: 9, op: 1, seq: 1 },
  { kind: 'invoke', at: 35, op: 2, client: 'v', conversationId, clientId: 'b' },
  { kind: 'ok', at: 41, op: 2, seq: 4 },
];

const good = (): { entries: Entry[]; facts: Fact[] } => ({
  // Copies: each test spoils its own.
  entries: structuredClone([...asked, ...told('v'), ...told('s')]),
  facts: structuredClone(log),
});
const historyOf = ({ entries, facts }: { entries: Entry[]; facts: Fact[] }): History => ({
  entries,
  logs: new Map([[conversationId, facts]]),
  complete: new Map([
    ['v', [conversationId]],
    ['s', [conversationId]],
  ]),
});
const judge = (change: (run: { entries: Entry[]; facts: Fact[] }) => void) => {
  const run = good();
  change(run);
  return check(historyOf(run));
};
const at = (entries: Entry[], match: (entry: Entry) => boolean): number => entries.findIndex(match);
const factAt = (entries: Entry[], client: string, seq: number): number =>
  at(entries, (entry) => entry.kind === 'fact' && entry.client === client && entry.fact.seq === seq);

test('a history in which all went well', () => {
  const verdict = check(historyOf(good()));
  expect(violations(verdict)).toEqual([]);
  expect(verdict).toMatchObject({ acked: 2, facts: 12, deltas: 6 });
});

test('an acked message that is not in the log', () => {
  const verdict = judge((run) => {
    run.facts[3] = said(4, 'somebody else’s');
  });
  expect(verdict.lost.join()).toContain('b was acked at 4');
});

test('an ack beyond the end of the log, and one that names another place', () => {
  expect(judge(({ facts }) => facts.splice(3)).lost.join()).toContain('b was acked at 4');
  const elsewhere = judge(({ entries }) => {
    const ok = entries[3] as Extract<Entry, { kind: 'ok' }>;
    ok.seq = 6;
  });
  expect(elsewhere.lost.join()).toContain('b was acked at 6');
});

test('a fact that a reader was never given', () => {
  const verdict = judge(({ entries }) => entries.splice(factAt(entries, 's', 4), 1));
  expect(verdict.lost.join()).toContain('s in conv_1: 5 after 3');
});

test('the end that a reader was never given', () => {
  const verdict = judge(({ entries }) => entries.splice(factAt(entries, 's', 6), 1));
  expect(verdict.lost.join()).toContain('has 5 of 6');
});

test('a fact given twice, and a key that is twice in the log', () => {
  const twice = judge(({ entries }) => {
    const i = factAt(entries, 's', 4);
    entries.splice(i, 0, entries[i]!);
  });
  expect(twice.doubled.join()).toContain('4 after 4');
  const again = judge(({ facts }) => facts.push(said(7, 'b')));
  expect(again.doubled.join()).toContain('b twice');
});

test('one fact in two places of the log', () => {
  const verdict = judge(({ facts }) => facts.push({ ...facts[2]!, seq: 7 }));
  expect(verdict.doubled.join()).toContain('the log has f3 twice');
});

test('another fact in the place of the one that the log has', () => {
  const verdict = judge(({ entries }) => {
    const told = entries[factAt(entries, 's', 4)] as Extract<Entry, { kind: 'fact' }>;
    told.fact = { ...told.fact, id: 'f9' };
  });
  expect(verdict.reordered.join()).toContain('s in conv_1: 4 is not what the log has there');
});

test('two facts that changed places', () => {
  const verdict = judge(({ entries }) => {
    const i = factAt(entries, 's', 4);
    [entries[i], entries[i + 1]] = [entries[i + 1]!, entries[i]!];
  });
  expect(verdict.lost.concat(verdict.doubled).length).toBeGreaterThan(0);
});

test('a hole in the log, and an order that acks contradict', () => {
  expect(judge(({ facts }) => facts.splice(4, 1)).reordered.join()).toContain('place 5');
  const verdict = judge(({ entries }) => {
    const first = entries[1] as Extract<Entry, { kind: 'ok' }>;
    const second = entries[3] as Extract<Entry, { kind: 'ok' }>;
    [first.seq, second.seq] = [second.seq, first.seq];
  });
  expect(verdict.reordered.join()).toContain('though 4 was acked before');
});

test('a token of an older turn after a newer one, and of an older attempt', () => {
  const stale = judge(({ entries }) => {
    const [delta] = entries.splice(
      at(entries, (entry) => entry.kind === 'delta'),
      1,
    );
    entries.splice(factAt(entries, 'v', 5), 0, delta!);
  });
  expect(stale.stale.join()).toContain('turn 1 after 2');
  const spliced = judge(({ entries }) => {
    const i = at(entries, (entry) => entry.kind === 'delta');
    const delta = entries[i] as Extract<Entry, { kind: 'delta' }>;
    entries[i] = { ...delta, attempt: 2 };
  });
  expect(spliced.stale.join()).toContain('attempt 1 after 2');
});

test('a token that follows the takeover of its turn', () => {
  const taken: Fact = {
    ...base(7),
    type: 'control.changed',
    turn: 3,
    isAutopilot: false,
    agentId: 'mem_1',
    agentName: 'Ann',
    waiting: null,
    reason: 'taken',
  };
  const late: Entry = {
    kind: 'delta',
    at: 72,
    client: 'v',
    conversationId,
    replyId: 'r2',
    turn: 2,
    attempt: 1,
    offset: 2,
    text: 'e',
  };
  const told = (client: string): Entry => ({ kind: 'fact', at: 71, client, fact: taken });
  const verdict = judge(({ entries, facts }) => {
    facts.push(taken);
    entries.push(told('v'), told('s'), late);
  });
  expect(violations(verdict)).toEqual(['v in conv_1: turn 2 after 3']);
});

test('a text that one reader has otherwise than the log and the others', () => {
  const verdict = judge(({ entries }) => {
    const i = factAt(entries, 's', 4);
    const told = entries[i] as Extract<Entry, { kind: 'fact' }>;
    told.fact = { ...told.fact, text: 'else' } as Fact;
  });
  expect(violations(verdict)).toEqual(['s in conv_1: 4 reads otherwise than in the log']);
});

test('an answer that reads otherwise than it streamed', () => {
  const verdict = judge(({ entries }) => {
    const i = at(entries, (entry) => entry.kind === 'delta');
    const delta = entries[i] as Extract<Entry, { kind: 'delta' }>;
    entries[i] = { ...delta, text: 'Howdy ' };
  });
  expect(verdict.torn.join()).toContain('r1 is not what was streamed');
});
