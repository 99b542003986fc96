// Everything that can go wrong on a link, at random but repeatable: whatever was said is in the log once, in order, everywhere.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConversationSnapshot, StaffClient, VisitorClient } from '../../client/sdk/api.ts';
import { createStaffClient, createVisitorClient, memoryStorage } from '../../client/sdk/index.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import { eventually, until } from './waiting.ts';
import { startWireServer, widgetKey } from './wire-server.ts';
import type { WireServer } from './wire-server.ts';

let server: WireServer;
let clients: (VisitorClient | StaffClient)[] = [];

beforeEach(async () => {
  server = await startWireServer();
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.disconnect();
  await server.stop();
});

/** mulberry32: the same storm for the same seed. */
const random = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
  return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
};

const texts = (facts: readonly VisibleFact[]): string[] =>
  facts.flatMap((fact) => (fact.type === 'message.created' ? [fact.text] : []));

test.each([1, 2, 3, 4])('[R13] storm %i: two tabs and a person, cut, kicked, refused and not acked', async (seed) => {
  const next = random(seed);
  const more = { url: server.url, storage: memoryStorage(), backoff: { min: 2, max: 20 }, ackTimeoutMs: 80 };
  const one = createVisitorClient({ ...more, widgetKey });
  clients = [one];
  one.connect();
  one.send('v0');
  const begun = await until(one.conversation, (now) => now?.facts.length === 2);
  const { conversationId } = begun as ConversationSnapshot;
  const two = createVisitorClient({ ...more, widgetKey });
  const anna = createStaffClient({ ...more, token: 'con_good', memberId: 'mem_anna' });
  clients = [one, two, anna];
  two.connect();
  anna.connect();
  const watched = anna.open(conversationId);
  const applied = new Map<string, VisibleFact[]>(clients.map((_, index) => [String(index), []]));
  clients.forEach((client, index) => client.onFact((fact) => applied.get(String(index))?.push(fact)));

  const said = ['v0'];
  const commands = ['message:send', 'session:open', 'conversation:open', 'facts:since'];
  for (let step = 0; step < 120; step += 1) {
    const roll = next();
    const command = commands[Math.floor(next() * commands.length)]!;
    if (roll < 0.45) {
      const who = roll < 0.15 ? 'one' : roll < 0.3 ? 'two' : 'anna';
      const text = `${who} ${step}`;
      said.push(text);
      if (who === 'anna') anna.send(conversationId, text);
      else (who === 'one' ? one : two).send(text);
    } else if (roll < 0.55) server.faults.cut.push(command);
    else if (roll < 0.65) server.faults.dropAck.push(command);
    else if (roll < 0.72) server.faults.refuse.push({ command, error: { code: 'unavailable', message: 'Busy' } });
    else if (roll < 0.78) server.faults.areFactsLost = !server.faults.areFactsLost;
    else if (roll < 0.82) server.kick();
    else
      await new Promise((resolve) => {
        setTimeout(resolve, next() * 15);
      });
  }
  server.faults.areFactsLost = false;
  server.faults.cut.length = 0;
  server.faults.dropAck.length = 0;
  server.faults.refuse.length = 0;
  const log = server.log(conversationId);
  await eventually(() => texts(log.facts).length >= said.length);
  // What was lost on the way out is found at the latest with the next fact.
  one.send('end');
  const isWhole = (now: ConversationSnapshot | null): boolean =>
    now?.outbox.length === 0 && texts(now.facts).at(-1) === 'end';
  await until(one.conversation, isWhole);
  await until(two.conversation, isWhole);
  await until(watched, isWhole);

  expect(texts(log.facts).toSorted()).toEqual([...said, 'end'].toSorted());
  for (const who of ['one', 'two', 'anna']) {
    const isTheirs = (text: string): boolean => text.startsWith(who);
    expect(texts(log.facts).filter(isTheirs)).toEqual(said.filter(isTheirs));
  }
  for (const mine of [one.conversation.get(), two.conversation.get(), watched.get()]) {
    expect(mine?.facts).toEqual(log.facts);
  }
  for (const facts of applied.values()) {
    const from = facts[0]?.seq ?? 1;
    expect(facts.map((fact) => fact.seq)).toEqual(log.facts.slice(from - 1).map((fact) => fact.seq));
  }
  expect(log.facts.map((fact) => fact.seq)).toEqual(log.facts.map((_, index) => index + 1));
});
