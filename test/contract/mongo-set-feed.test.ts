// The feed on a server with members: what a primary says that was outvoted, clocks that differ, and change streams that end.
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openMongoStore } from '../../server/adapters/store/mongo.ts';
import { createLog } from '../../server/adapters/log/pino.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Commit, FeedCursor, FeedPage, SharedStore } from '../../server/ports/store.ts';
import { Feed, fenceMs } from '../../server/usecases/feed.ts';
import { Utterance } from '../../server/usecases/utterance.ts';
import { newId } from '../../shared/ids.ts';
import { startMongoSet } from '../support/mongo-set.ts';
import type { MongoSet } from '../support/mongo-set.ts';
import { hasMongo } from '../support/mongo-server.ts';
import { buildLog } from './log-builder.ts';

interface Reader {
  pages: FeedPage[];
  /** The next page, asked for as current or not. */
  look: (mustBeCurrent?: boolean) => Promise<FeedPage>;
  has: (commit: Commit) => boolean;
}

describe.skipIf(!hasMongo)('the feed on a set of members (needs mongodb)', { timeout: 60_000 }, () => {
  let set: MongoSet;
  let said: { level: string; message: string }[];
  const opened: SharedStore[] = [];

  const open = async (line: string): Promise<SharedStore> => {
    const note = (level: string) => (_: unknown, message: string) => void said.push({ level, message });
    const log = { warn: note('warn'), info: note('info') };
    const store = await openMongoStore({ url: await set.line(line), clock: systemClock, log, follows: true });
    opened.push(store);
    return store;
  };
  const reader = (store: SharedStore): Reader => {
    let cursor: FeedCursor | null = null;
    const pages: FeedPage[] = [];
    return {
      pages,
      look: async (mustBeCurrent) => {
        const page = await store.feed(cursor, 500, mustBeCurrent);
        ({ cursor } = page);
        pages.push(page);
        return page;
      },
      has: ({ id }) => pages.some(({ commits }) => commits.some((one) => one.id === id)),
    };
  };
  /** A new conversation; resolves with its commit when it is acknowledged. */
  const append = async (store: SharedStore): Promise<Commit> => {
    const entry = buildLog({ orgId: newId('org') }).open();
    await vi.waitFor(async () => expect(await store.append([entry])).toEqual(['appended']), 15_000);
    return entry.commit;
  };
  /** Signs of life, as a node gives them. */
  const live = async (store: SharedStore, node = newId('node')): Promise<() => void> => {
    let counter = 0;
    const beat = async (): Promise<void> => {
      await store.beats();
      await store.beat(node, (counter += 1), '{}');
    };
    await beat();
    const timer = setInterval(() => void beat().catch(() => {}), 1000);
    return () => clearInterval(timer);
  };
  const ends: (() => void)[] = [];

  beforeEach(async () => {
    said = [];
    set = await startMongoSet();
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) end();
    await Promise.all(opened.splice(0).map(async (store) => store.close()));
    await set.close();
  });

  test('[S14] a page is current where a majority answers, and only where that was asked for and somebody lives here', async () => {
    const store = await open('here');
    const { look } = reader(store);
    expect(await look(true)).toMatchObject({ isCurrent: false });
    ends.push(await live(store));
    expect(await look()).toMatchObject({ isCurrent: false });
    expect(await look(true)).toMatchObject({ isCurrent: true, commits: [] });
    const commit = await append(store);
    expect(await look(true)).toMatchObject({ isCurrent: true, commits: [commit] });
    const before = set.commands('here');
    await look();
    const after = set.commands('here');
    expect(after['update']).toBe(before['update']);
  });

  test('[S14] an outvoted primary gives pages that are not current, in time; none of what was acknowledged elsewhere is missed', async () => {
    const [here, there] = [await open('here'), await open('there')];
    ends.push(await live(here), await live(there));
    const { look, has, pages } = reader(here);
    expect(await look(true)).toMatchObject({ isCurrent: true });
    await set.partition({ lines: ['here'] });
    const commit = await append(there);
    const from = performance.now();
    for (let i = 0; i < 3; i++) expect(await look(true)).toMatchObject({ isCurrent: false, commits: [] });
    expect(performance.now() - from).toBeLessThan(3 * 1000);
    await set.heal();
    const healedAt = performance.now();
    while (!has(commit)) {
      const page = await look(true).catch(() => undefined);
      if (page?.isCurrent === true) expect(has(commit)).toBe(true);
      await pause(50);
    }
    expect(performance.now() - healedAt).toBeLessThan(5000);
    await vi.waitFor(async () => expect(await look(true)).toMatchObject({ isCurrent: true }), 5000);
    expect(pages.filter(({ commits }) => commits.some(({ id }) => id === commit.id))).toHaveLength(1);
  });

  test('[R10] beside an outvoted primary nothing is said later than 1 s after a takeover was acknowledged', async () => {
    const [here, there] = [await open('here'), await open('there')];
    ends.push(await live(here), await live(there));
    const spoken: number[] = [];
    const feed = new Feed({
      store: here,
      clock: systemClock,
      log: createLog('silent'),
      deliver: () => {},
      followUp: async () => {},
      isSpeaking: () => true,
      isTold: () => true,
      isRestless: () => false,
    });
    await feed.start();
    feed.prepare();
    const utterance = new Utterance({
      publish: () => void spoken.push(performance.now()),
      checkpoint: async () => {},
      windowMs: () => 20,
      monotonic: () => performance.now(),
      maySpeak: () => feed.isFresh(),
    });
    const writing = setInterval(() => utterance.write('word '), 20);
    ends.push(
      () => clearInterval(writing),
      () => utterance.end(),
      () => void feed.stop(),
    );
    await vi.waitFor(() => expect(spoken.length).toBeGreaterThan(20), 5000);
    await set.partition({ lines: ['here'] });
    await append(there);
    const takenAt = performance.now();
    await pause(4000);
    expect(spoken.filter((at) => at > takenAt + fenceMs)).toEqual([]);
    // With a majority again it goes on.
    await set.heal();
    await vi.waitFor(() => expect(spoken.at(-1)!).toBeGreaterThan(takenAt + 4000), 10_000);
  });

  test.each([
    ['behind', -90_000],
    ['ahead', 90_000],
  ])(
    '[S8] gives every commit within 5 s when the clock of a new primary is %s by minutes, and when it is not any more',
    async (_, offset) => {
      const [here, there] = [await open('here'), await open('there')];
      ends.push(await live(here), await live(there));
      const { look, has } = reader(here);
      await look();
      for (const next of [offset, 0]) {
        for (const { index } of set.members) if (index !== set.primary()) set.clockOffset(index, next);
        await set.stepDown();
        // A node that begins now knows the new clock alone.
        const late = await open('late');
        ends.push(await live(late));
        for (const writer of [late, there, late, there]) {
          const commit = await append(writer);
          const from = performance.now();
          while (!has(commit)) {
            await look().catch(() => {});
            await pause(100);
            expect(performance.now() - from).toBeLessThan(5000);
          }
          await pause(500);
        }
      }
    },
  );

  test('[S8] change streams tell of commits of others, are opened anew where they end, and say so once', async () => {
    const [here, there] = [await open('here'), await open('there')];
    let woken = 0;
    ends.push(here.onChange(() => void (woken += 1)));
    await vi.waitFor(() => expect(woken).toBe(1), 5000);
    woken = 0;
    await append(there);
    await vi.waitFor(() => expect(woken).toBe(1), 2000);
    // Its own are no news.
    for (let i = 0; i < 5; i++) await append(here);
    await pause(300);
    expect(woken).toBe(1);
    set.failNext({ command: 'getMore', line: 'here' }, { error: { code: 286, errmsg: 'resume point lost' } });
    await append(there);
    await vi.waitFor(() => expect(said).toHaveLength(1), 5000);
    expect(said[0]).toEqual({ level: 'warn', message: 'the change stream ended: new commits are looked for instead' });
    woken = 0;
    await vi.waitFor(() => expect(said).toHaveLength(2), 5000);
    // Something may have been missed meanwhile.
    expect(woken).toBe(1);
    expect(said[1]).toEqual({ level: 'info', message: 'change streams tell of new commits again' });
    woken = 0;
    await append(there);
    await vi.waitFor(() => expect(woken).toBe(1), 2000);
  });

  test.each([[40_573], [136], [303]])(
    '[S8] a server that has no change streams (code %i) is asked once',
    async (code) => {
      const store = await open('here');
      const asked = { command: 'aggregate', collection: 'commits' } as const;
      const rule = set.failNext(asked, { error: { code, errmsg: 'no change streams here' } }, 10);
      ends.push(store.onChange(() => {}));
      await vi.waitFor(() => expect(said).toHaveLength(1), 5000);
      expect(said[0]).toMatchObject({
        level: 'info',
        message: expect.stringMatching(/^no change streams here/) as string,
      });
      ends.push(store.onChange(() => {}));
      await pause(1500);
      expect(rule.applied()).toBe(1);
      expect(said).toHaveLength(1);
    },
  );
});
