// Nobody writes after they lost a turn: every step of the chain may be late, and the schedules are drawn at random.
import { assert as assertProperty, asyncProperty, infiniteStream, nat } from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createMongoDocuments } from '../../server/adapters/store/mongo-documents.ts';
import type { MongoDocuments } from '../../server/adapters/store/mongo-documents.ts';
import { createExclusive } from '../../server/adapters/store/mongo-exclusive.ts';
import type { Exclusive } from '../../server/adapters/store/mongo-exclusive.ts';
import { connectServer } from '../../server/adapters/store/mongo-server.ts';
import type { Server } from '../../server/adapters/store/mongo-server.ts';
import { openMongoStore } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Member } from '../../server/ports/documents.ts';
import type { SharedStore } from '../../server/ports/store.ts';
import { ChatError } from '../../shared/errors.ts';
import { newId, publicIdsOf } from '../../shared/ids.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { memberOf } from './document-promises.ts';
import { createSchedule } from './scheduled-server.ts';
import { through } from './slow-line.ts';

interface Node {
  documents: MongoDocuments;
  exclusively: Exclusive['exclusively'];
}

const nodeOn = (server: Server, terms?: Parameters<typeof createExclusive>[3], clock = systemClock): Node => {
  const documents = createMongoDocuments(server, clock);
  return { documents, exclusively: createExclusive(server, clock, documents, terms).exclusively };
};

const isUnavailable = (error: unknown): boolean => error instanceof ChatError && error.code === 'unavailable';

const countId = (orgId: string): string => `count/${orgId}`;
const entryId = (orgId: string, n: number): string => `entry/${orgId}/${n}`;

/** Enters a name in a list that has a document for each entry, and one that counts them: they must agree. */
const enter = ({ documents, exclusively }: Node, orgId: string, name: string): Promise<void> =>
  exclusively(`list of ${orgId}`, async (batch) => {
    const id = countId(orgId);
    const count = await documents.collections.members.get(orgId, id);
    const next = Number(count?.name ?? 0) + 1;
    batch.put('members', memberOf(orgId, { id, ...publicIdsOf(id), email: id, name: String(next) }));
    const entry = entryId(orgId, next);
    batch.put('members', memberOf(orgId, { id: entry, ...publicIdsOf(entry), email: entry, name }));
  });

/** @returns the names in the list, once it is checked that every entry was counted, and each once */
const check = (orgId: string, members: readonly Member[]): string[] => {
  const byId = new Map(members.map((member) => [member.id, member.name]));
  const count = Number(byId.get(countId(orgId)) ?? 0);
  const names = Array.from({ length: count }, (_, i) => byId.get(entryId(orgId, i + 1)));
  expect(names).not.toContain(undefined);
  expect(byId.size).toBe(count === 0 ? 0 : count + 1);
  expect(new Set(names).size).toBe(names.length);
  return names as string[];
};

describe('[S12] [S13] 1,000 random schedules of two nodes: late, lost and reordered requests and replies', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const settle = async (): Promise<void> => {
    for (let i = 0; i < 40; i++) await Promise.resolve();
  };

  test.each([
    ['a server that compares and writes in one step', true],
    ['a server that does not', false],
  ])('%s', { timeout: 120_000 }, async (_name, isAtomic) => {
    let acked = 0;
    let refused = 0;
    let late = 0;
    await assertProperty(
      asyncProperty(infiniteStream(nat({ max: 9999 })), async (stream) => {
        vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
        const draw = (below: number): number => stream.next().value! % below;
        let now = 1_700_000_000_000;
        let isCalm = false;
        const clock = { now: () => now, monotonic: () => now };
        const schedule = createSchedule(
          isAtomic,
          () => now,
          () => !isCalm && draw(40) === 0,
        );
        const { events } = schedule;

        const orgId = 'org_x';
        const outcomes = new Map<string, boolean>();
        const nodes = ['a', 'b'].map((node) => nodeOn(schedule.connect(node), undefined, clock));
        const run = async (node: Node, name: string): Promise<void> => {
          try {
            await enter(node, orgId, name);
            outcomes.set(name, true);
          } catch (error) {
            if (!isUnavailable(error)) throw error;
            outcomes.set(name, false);
          }
        };
        // Three tasks of each, some of which will find the lock of a node that is cut off.
        const work = Promise.all(
          nodes.flatMap((node, n) =>
            [1, 2, 3].map(async (i) => {
              await new Promise((resolve) => setTimeout(resolve, draw(12_000)));
              await run(node, `${n}${i}`);
            }),
          ),
        );
        const over = { work: false, last: false };
        void work.finally(() => (over.work = true));
        /** Whose line stands still, until when. */
        const stalled = new Map<string, number>();
        for (let steps = 0; !over.work; steps++) {
          if (steps > 20_000) throw new Error('the schedule does not end');
          await settle();
          if (draw(60) === 0) stalled.set(draw(2) === 0 ? 'a' : 'b', now + 1000 + draw(9000));
          const may = events.filter(({ node }) => (stalled.get(node) ?? 0) <= now);
          if (may.length > 0 && draw(8) > 0) {
            const event = may[draw(Math.min(may.length, 4))]!;
            events.splice(events.indexOf(event), 1);
            event.happen();
          } else {
            const passed = may.length > 0 ? 1 + draw(20) : 5 + draw(200);
            now += passed;
            vi.advanceTimersByTime(passed);
          }
        }
        await work;
        // Everything that is still on its way arrives, long after.
        late += events.length;
        now += 20_000;
        for (let i = 0; events.length > 0 && i < 5000; i++) {
          events.splice(draw(events.length), 1)[0]!.happen();
          await settle();
          now += 10;
          vi.advanceTimersByTime(10);
        }
        // Whoever comes next finds all of it, or nothing of it.
        isCalm = true;
        void run(nodeOn(schedule.connect('c'), undefined, clock), 'last').finally(() => (over.last = true));
        for (let i = 0; !over.last && i < 5000; i++) {
          await settle();
          if (events.length > 0) events.shift()!.happen();
          else {
            now += 50;
            vi.advanceTimersByTime(50);
          }
        }
        expect(outcomes.get('last')).toBe(true);
        const members = [...schedule.collection('documents').values()]
          .filter(({ shelf }) => shelf === `members/${orgId}`)
          .map(({ body }) => JSON.parse(body as string) as Member);
        const names = check(orgId, members);
        for (const [name, isDone] of outcomes) if (isDone) expect(names).toContain(name);
        acked += [...outcomes.values()].filter(Boolean).length;
        refused += [...outcomes.values()].filter((isDone) => !isDone).length;
      }),
      { numRuns: 500 },
    );
    // The schedules are of both kinds: neither all well nor all lost.
    expect(acked).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(100);
    expect(late).toBeGreaterThan(100);
  });
});

describe.skipIf(!hasMongo)('a line that stands still (needs mongodb)', { timeout: 120_000 }, () => {
  const terms = { holdMs: 2500, breakMs: 3000, waitMs: 15_000 };
  let store: SharedStore;
  let server: Server;

  beforeAll(async () => {
    const url = await freshMongoUrl('fencing');
    store = await openMongoStore({ url, clock: systemClock, follows: true });
    server = await connectServer(url, systemClock);
  });
  afterAll(async () => {
    await store?.close();
    await server?.close();
  });

  test('[S12] at whichever step it stands still, the node on it writes nothing after another took its turn', async () => {
    let steps = 0;
    const counted = through(server, async (n) => void (steps = n));
    await enter(nodeOn(counted, terms), newId('org'), 'alone');
    expect(steps).toBeGreaterThan(8);

    const play = async (at: number): Promise<string> => {
      const orgId = newId('org');
      let resume = (): void => {};
      const standing = new Promise<void>((resolve) => (resume = resolve));
      let reached = (): void => {};
      const stalled = new Promise<void>((resolve) => (reached = resolve));
      const line = through(server, async (n) => {
        if (n < at) return;
        reached();
        await standing;
      });
      const first = enter(nodeOn(line, terms), orgId, 'first').then(
        () => true,
        (error: unknown) => {
          if (!isUnavailable(error)) throw error;
          return false;
        },
      );
      // Or it is done already: it took fewer steps than the one that was counted.
      await Promise.race([stalled, first]);
      const other = nodeOn(server, terms);
      await vi.waitFor(async () => enter(other, orgId, 'second'), { timeout: 30_000, interval: 10 });
      resume();
      const isAcked = await first;
      // What it had sent is there when a call on the same line is answered; then the next one comes.
      await line.collection('meta').findOne({});
      await enter(other, orgId, 'third');
      const names = check(orgId, await store.documents.members.list(orgId));
      if (isAcked) expect(names).toContain('first');
      expect(names.filter((name) => name !== 'first')).toEqual(['second', 'third']);
      return `${names.includes('first')}`;
    };
    const outcomes: string[] = [];
    // A few at a time: a turn may take no longer than a lock is held.
    for (let i = 1; i <= steps; i += 4) {
      const some = [i, i + 1, i + 2, i + 3].filter((at) => at <= steps);
      outcomes.push(...(await Promise.all(some.map(play))));
    }
    // Before the journal it is too late for the first one; after it, whoever comes next finishes its work.
    expect(new Set(outcomes)).toEqual(new Set(['true', 'false']));
  });

  test('[S13] a put whose last step comes late is no document of another key, and its address is free after a moment', async () => {
    const play = async (at: number): Promise<void> => {
      let resume = (): void => {};
      const standing = new Promise<void>((resolve) => (resume = resolve));
      const line = through(server, async (n) => (n < at ? undefined : standing));
      const [lost, mine] = [memberOf(newId('org')), memberOf(newId('org'))];
      mine.email = lost.email;
      const failed = nodeOn(line).documents.collections.members.put(lost);
      await expect(failed).rejects.toMatchObject({ code: 'unavailable' });
      const began = performance.now();
      await store.documents.members.put(mine);
      expect(performance.now() - began).toBeLessThan(4500);
      resume();
      await line.collection('meta').findOne({});
      expect(await store.documents.members.find(`email:${mine.email}`)).toMatchObject({ id: mine.id });
      expect(await store.documents.members.get(lost.orgId, lost.id)).toBeUndefined();
    };
    await Promise.all([1, 2, 3, 4].map(play));
  });

  test('[S13] an edit that comes late undoes nothing', async () => {
    const member = memberOf(newId('org'), { name: '0' });
    await store.documents.members.put(member);
    let resume = (): void => {};
    const standing = new Promise<void>((resolve) => (resume = resolve));
    // The read goes through.
    const line = through(server, async (n) => (n === 1 ? undefined : standing));
    const late = nodeOn(line).documents.collections.members.update(member.orgId, member.id, (before) => ({
      ...before!,
      name: 'late',
    }));
    await expect(late).rejects.toMatchObject({ code: 'unavailable' });
    await store.documents.members.update(member.orgId, member.id, (before) => ({ ...before!, name: '1' }));
    resume();
    await line.collection('meta').findOne({});
    expect(await store.documents.members.get(member.orgId, member.id)).toMatchObject({ name: '1' });
    await store.documents.members.delete(member.orgId, member.id);
    expect(await store.documents.members.get(member.orgId, member.id)).toBeUndefined();
  });
});
