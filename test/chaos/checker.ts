// Reads a history and says what must never have happened. Pure: the same history gives the same verdict.
import type { Fact, VisibleFact } from '../../shared/facts.ts';
import type { Entry, History, Verdict } from './history.ts';

type Of<K extends Entry['kind']> = Extract<Entry, { kind: K }>;

const clientIdOf = (fact: VisibleFact): string | undefined =>
  fact.type === 'message.created' ? fact.clientId : undefined;

/** The log of every conversation: dense, each key once. */
const checkLogs = ({ logs }: History, verdict: Verdict): void => {
  for (const [conversationId, facts] of logs) {
    const keys = new Set<string>();
    const ids = new Set<string>();
    for (const [i, fact] of facts.entries()) {
      if (fact.seq !== i + 1) verdict.reordered.push(`${conversationId}: the log has ${fact.seq} in place ${i + 1}`);
      if (ids.has(fact.id)) verdict.doubled.push(`${conversationId}: the log has ${fact.id} twice`);
      ids.add(fact.id);
      const key = clientIdOf(fact);
      if (key !== undefined && keys.has(key)) verdict.doubled.push(`${conversationId}: the log has ${key} twice`);
      if (key !== undefined) keys.add(key);
    }
  }
};

/** What was acked is in the log, at the seq that was told; what was acked before another was asked stands before it. */
const checkAcks = ({ entries, logs }: History, verdict: Verdict): void => {
  const invokes = new Map<number, Of<'invoke'>>();
  const acked = new Map<string, { clientId: string; invokedAt: number; ackedAt: number; seq: number }[]>();
  for (const entry of entries) {
    if (entry.kind === 'invoke') invokes.set(entry.op, entry);
    if (entry.kind !== 'ok') continue;
    const invoke = invokes.get(entry.op);
    if (invoke === undefined) continue;
    const { conversationId, clientId } = invoke;
    verdict.acked += 1;
    const fact = logs.get(conversationId)?.[entry.seq - 1];
    if (fact === undefined || clientIdOf(fact) !== clientId) {
      verdict.lost.push(`${conversationId}: ${clientId} was acked at ${entry.seq} and is not there`);
    }
    const of = acked.get(conversationId) ?? [];
    of.push({ clientId, invokedAt: invoke.at, ackedAt: entry.at, seq: entry.seq });
    acked.set(conversationId, of);
  }
  for (const [conversationId, of] of acked) {
    const byAsked = of.toSorted((a, b) => a.invokedAt - b.invokedAt);
    const byAcked = of.toSorted((a, b) => a.ackedAt - b.ackedAt);
    let next = 0;
    let highest = 0;
    for (const one of byAsked) {
      for (; next < byAcked.length && byAcked[next]!.ackedAt < one.invokedAt; next += 1) {
        highest = Math.max(highest, byAcked[next]!.seq);
      }
      if (one.seq < highest) {
        verdict.reordered.push(`${conversationId}: ${one.clientId} is ${one.seq}, though ${highest} was acked before`);
      }
    }
  }
};

const isSame = (told: VisibleFact, fact: Fact | undefined): boolean =>
  fact !== undefined && told.id === fact.id && (told.type === 'hidden' || told.type === fact.type);

interface Reader {
  seq: number | null;
  turn: number;
  texts: Map<string, { attempt: number; text: string }>;
}

/** Each reader applies the log, each fact once and in order; no token of an older turn follows a newer one. */
const checkReaders = ({ entries, logs, complete }: History, verdict: Verdict): void => {
  const readers = new Map<string, Reader>();
  const readerOf = (client: string, conversationId: string): Reader => {
    const key = `${client} ${conversationId}`;
    const found = readers.get(key) ?? {
      seq: null,
      turn: 0,
      texts: new Map<string, { attempt: number; text: string }>(),
    };
    readers.set(key, found);
    return found;
  };
  const readFact = ({ client, fact }: Of<'fact'>): void => {
    verdict.facts += 1;
    const { conversationId, seq } = fact;
    const who = `${client} in ${conversationId}`;
    const reader = readerOf(client, conversationId);
    const log = logs.get(conversationId) ?? [];
    if (reader.seq !== null && seq <= reader.seq) verdict.doubled.push(`${who}: ${seq} after ${reader.seq}`);
    else if (reader.seq !== null && seq > reader.seq + 1) verdict.lost.push(`${who}: ${seq} after ${reader.seq}`);
    const logged = log[seq - 1];
    if (!isSame(fact, logged)) verdict.reordered.push(`${who}: ${seq} is not what the log has there`);
    else if (fact.type === 'message.created' && logged?.type === 'message.created' && fact.text !== logged.text) {
      verdict.torn.push(`${who}: ${seq} reads otherwise than in the log`);
    }
    reader.seq = Math.max(reader.seq ?? 0, seq);
    if (fact.type === 'message.created' && fact.author.kind === 'visitor') reader.turn += 1;
    if ('turn' in fact && fact.type !== 'draft.created') reader.turn = fact.turn;
    if (fact.type !== 'message.created' || fact.author.kind !== 'ai') return;
    const streamed = reader.texts.get(fact.messageId)?.text ?? '';
    // Whoever was cut off hears less than the log holds, never something else; a frozen text may be shorter.
    const agrees = fact.text.startsWith(streamed) || (fact.status === 'interrupted' && streamed.startsWith(fact.text));
    if (!agrees) verdict.torn.push(`${who}: ${fact.messageId} is not what was streamed`);
    reader.texts.delete(fact.messageId);
  };
  const readDelta = ({ client, conversationId, replyId, turn, attempt, offset, text }: Of<'delta'>): void => {
    verdict.deltas += 1;
    const reader = readerOf(client, conversationId);
    if (turn < reader.turn) verdict.stale.push(`${client} in ${conversationId}: turn ${turn} after ${reader.turn}`);
    const before = reader.texts.get(replyId);
    const isOlder = before !== undefined && attempt < before.attempt;
    if (isOlder) verdict.stale.push(`${client} in ${conversationId}: attempt ${attempt} after ${before.attempt}`);
    const held = before === undefined || attempt > before.attempt ? { attempt, text: '' } : before;
    if (!isOlder && offset === held.text.length) held.text += text;
    else if (!isOlder && offset === 0) held.text = text;
    if (!isOlder) reader.texts.set(replyId, held);
  };
  for (const entry of entries) {
    switch (entry.kind) {
      case 'fact':
        readFact(entry);
        break;
      case 'delta':
        readDelta(entry);
        break;
      case 'reset':
        readerOf(entry.client, entry.conversationId).seq = entry.seq;
        break;
      case 'invoke':
      case 'ok':
      case 'fail':
      case 'unknown':
        break;
    }
  }
  for (const [client, conversations] of complete) {
    for (const conversationId of conversations) {
      const head = logs.get(conversationId)?.length ?? 0;
      const { seq } = readerOf(client, conversationId);
      if ((seq ?? 0) < head) verdict.lost.push(`${client} in ${conversationId}: has ${seq ?? 0} of ${head}`);
    }
  }
};

export const check = (history: History): Verdict => {
  const verdict: Verdict = { acked: 0, facts: 0, deltas: 0, lost: [], doubled: [], reordered: [], stale: [], torn: [] };
  checkLogs(history, verdict);
  checkAcks(history, verdict);
  checkReaders(history, verdict);
  return verdict;
};

/** What is wrong, all of it; empty where nothing is. */
export const violations = ({ lost, doubled, reordered, stale, torn }: Verdict): string[] => [
  ...lost,
  ...doubled,
  ...reordered,
  ...stale,
  ...torn,
];
