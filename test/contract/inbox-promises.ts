// What a keeper promises of inbox rows, lists, counts and labels: [S6] and [S7].
import { expect, test } from 'vitest';
import { foldRow, matchesFilter, needsPerson } from '../../shared/inbox.ts';
import type { InboxFilter, InboxRow } from '../../shared/inbox.ts';
import { newId } from '../../shared/ids.ts';
import type { Entry, InboxQuery } from '../../server/ports/store.ts';
import { buildLog } from './log-builder.ts';
import type { LogBuilder } from './log-builder.ts';
import type { Keeper } from './store-contract.ts';

const filters: InboxFilter[] = ['needs-person', 'mine', 'ai', 'open', 'closed', 'spam'];

/** The same numbers every time. */
const dice = (seed: number) => (sides: number) => {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff;
  return (seed >> 8) % sides;
};

/** The row that a log means, folded here. */
const rowOf = (entries: readonly Entry[]): InboxRow =>
  entries.reduce<InboxRow | undefined>((row, { commit, state }) => foldRow(row, commit.facts, state), undefined)!;

const randomStep = (log: LogBuilder, roll: (sides: number) => number): Entry => {
  const always = [
    () => log.say('hello'),
    () => log.note('see file'),
    () => log.take(`mem_${roll(3)}`),
    () => log.label(...['vip', 'late', 'spam'].slice(roll(3), 1 + roll(3))),
    () => log.identify({ name: `Visitor ${roll(9)}` }),
    () => log.spam(roll(4) > 0),
  ];
  const whileOpen = [
    () => log.answer('hi'),
    () => log.claim(),
    () => log.draft('maybe'),
    () => log.wait('handoff'),
    () => log.release(),
    () => log.close(),
  ];
  const steps = log.state().status === 'closed' ? always : [...always, ...whileOpen];
  return steps[roll(steps.length)]!();
};

export const describeInbox = (keeper: Keeper): void => {
  /** All pages of a list, in order. */
  const walk = async (query: Omit<InboxQuery, 'limit'>, limit: number): Promise<InboxRow[]> => {
    const rows: InboxRow[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await keeper.store.inbox({ ...query, limit, ...(cursor == null ? {} : { cursor }) });
      expect(page.rows.length).toBeLessThanOrEqual(limit);
      rows.push(...page.rows);
      ({ cursor } = page);
    } while (cursor !== null);
    return rows;
  };
  const idsOf = (rows: readonly InboxRow[]): string[] => rows.map((row) => row.conversationId);

  test('[S6] a row is the fold of its log after every commit', async () => {
    const log = buildLog({ orgId: newId('org') });
    const entries: Entry[] = [];
    const steps = [
      () => log.open({ page: 'https://example.com/boats' }),
      () => log.say('hello'),
      () => log.claim(),
      () => log.answer('hi'),
      () => log.identify({ name: 'Anna' }),
      () => log.take('mem_1'),
      () => log.label('vip'),
      () => log.note('regular'),
      () => log.close(),
    ];
    for (const step of steps) {
      entries.push(step());
      await keeper.append(entries.at(-1)!);
      await keeper.settled(async () => {
        expect(await keeper.store.row(log.orgId, log.conversationId)).toEqual(rowOf(entries));
      });
    }
  });

  test('[S6] lists, pages and counts are those of the rows, whatever happened in whatever order', async () => {
    const roll = dice(7);
    const orgId = newId('org');
    const logs = Array.from({ length: 40 }, () => buildLog({ orgId }));
    const entries = new Map(logs.map((log) => [log.conversationId, [log.open({ isAutopilot: roll(3) > 0 })]]));
    await keeper.append(...[...entries.values()].flat());
    for (let round = 0; round < 12; round++) {
      const batch = Array.from({ length: 25 }, () => {
        const log = logs[roll(logs.length)]!;
        const entry = randomStep(log, roll);
        entries.get(log.conversationId)!.push(entry);
        return entry;
      });
      expect(new Set(await keeper.append(...batch))).toEqual(new Set(['appended']));
    }

    const rows = [...entries.values()].map(rowOf);
    const latest = (a: InboxRow, b: InboxRow): number => b.lastAt - a.lastAt;
    const longest = (a: InboxRow, b: InboxRow): number => a.waitingSince! - b.waitingSince!;
    await keeper.settled(async () => {
      for (const filter of filters) {
        for (const label of [undefined, 'vip', 'spam', 'none']) {
          for (const agentId of [undefined, 'mem_1', 'mem_2']) {
            const wanted = rows
              .filter((row) => matchesFilter(row, filter, 'mem_1'))
              .filter((row) => label === undefined || row.labels.includes(label))
              .filter((row) => agentId === undefined || row.control.agentId === agentId)
              .sort(filter === 'needs-person' ? longest : latest);
            const query = {
              orgId,
              filter,
              memberId: 'mem_1',
              ...(label === undefined ? {} : { label }),
              ...(agentId === undefined ? {} : { agentId }),
            };
            expect({ query, rows: await walk(query, 4) }).toEqual({ query, rows: wanted });
            expect({ query, rows: await walk(query, 200) }).toEqual({ query, rows: wanted });
          }
        }
      }
      const open = rows.filter((row) => row.status === 'open');
      const held: Record<string, number> = {};
      for (const { agentId } of open.map((row) => row.control)) {
        if (agentId !== null) held[agentId] = (held[agentId] ?? 0) + 1;
      }
      expect(await keeper.store.counts(orgId)).toEqual({
        needsPerson: rows.filter(needsPerson).length,
        ai: rows.filter((row) => matchesFilter(row, 'ai', '')).length,
        open: open.length,
        closed: rows.filter((row) => row.status === 'closed' && row.isSpam !== true).length,
        held,
      });
      const uses = (label: string): number =>
        rows.filter((row) => row.isSpam !== true && row.labels.includes(label)).length;
      const labels = ['vip', 'late', 'spam'].filter((label) => uses(label) > 0);
      const found = await keeper.store.labels(orgId, 10);
      expect(found.toSorted()).toEqual(labels.toSorted());
      expect(found.map(uses)).toEqual(found.map(uses).toSorted((a, b) => b - a));
      expect(await keeper.store.labels(orgId, 1)).toEqual(found.slice(0, 1));
    });
  });

  test('spam is in its own list and in no other, counts nowhere, and comes back when the mark is taken away', async () => {
    const orgId = newId('org');
    const contactId = newId('con');
    const [junk, fine] = [buildLog({ orgId, contactId }), buildLog({ orgId, contactId })];
    await keeper.append(junk.open(), fine.open(), junk.label('vip'), junk.say('buy pills'), junk.spam());
    const listed = async (filter: InboxFilter, label?: string): Promise<string[]> =>
      idsOf(await walk({ orgId, filter, memberId: 'mem_1', ...(label === undefined ? {} : { label }) }, 1));
    const none = { needsPerson: 0, ai: 1, open: 1, closed: 0, held: {} };
    await keeper.settled(async () => {
      expect(await listed('spam')).toEqual([junk.conversationId]);
      expect(await listed('spam', 'vip')).toEqual([junk.conversationId]);
      expect(await listed('spam', 'other')).toEqual([]);
      for (const filter of ['needs-person', 'mine', 'closed'] as const) expect(await listed(filter)).toEqual([]);
      for (const filter of ['ai', 'open'] as const) expect(await listed(filter)).toEqual([fine.conversationId]);
      expect(await listed('closed', 'vip')).toEqual([]);
      expect(await keeper.store.counts(orgId)).toEqual(none);
      expect(await keeper.store.labels(orgId, 10)).toEqual([]);
    });
    // Whoever folds a contact's conversations sees all of them.
    expect(await keeper.store.conversationsOf(orgId, contactId, 10)).toHaveLength(2);
    await keeper.append(junk.spam(false));
    await keeper.settled(async () => {
      expect(await listed('spam')).toEqual([]);
      expect(await listed('closed', 'vip')).toEqual([junk.conversationId]);
      expect(await keeper.store.counts(orgId)).toEqual({ ...none, closed: 1 });
      expect(await keeper.store.labels(orgId, 10)).toEqual(['vip']);
    });
  });

  test('a page ends exactly where the list does', async () => {
    const orgId = newId('org');
    const logs = Array.from({ length: 4 }, () => buildLog({ orgId }));
    await keeper.append(...logs.map((log) => log.open()));
    const query = { orgId, filter: 'open' as const, memberId: 'mem_1' };
    await keeper.settled(async () => {
      expect((await keeper.store.inbox({ ...query, limit: 4 })).cursor).toBeNull();
      const first = await keeper.store.inbox({ ...query, limit: 2 });
      expect(first.cursor).not.toBeNull();
      const second = await keeper.store.inbox({ ...query, limit: 2, cursor: first.cursor! });
      expect(second.cursor).toBeNull();
      expect(idsOf([...first.rows, ...second.rows])).toEqual(logs.map((log) => log.conversationId).toReversed());
    });
  });

  test('conversations that moved in the same millisecond are all listed, once', async () => {
    const orgId = newId('org');
    const logs = Array.from({ length: 9 }, () => buildLog({ orgId }));
    const entries = logs.map((log) => log.open());
    for (const { commit } of entries) commit.at = commit.facts[0]!.at = 1_780_000_000_000;
    await keeper.append(...entries);
    await keeper.settled(async () => {
      const found = idsOf(await walk({ orgId, filter: 'open', memberId: 'mem_1' }, 2));
      expect(found.toSorted()).toEqual(logs.map((log) => log.conversationId).toSorted());
    });
  });

  test('a cursor that no page gave is refused, never followed', async () => {
    const orgId = newId('org');
    await keeper.append(buildLog({ orgId }).open());
    for (const cursor of ['x', '', 'MTIz', "' OR 1=1 --", '{"$gt":""}', 'é']) {
      for (const filter of ['open', 'needs-person'] as const) {
        await expect(keeper.store.inbox({ orgId, filter, memberId: 'm', limit: 5, cursor })).rejects.toMatchObject({
          code: 'invalid',
        });
      }
    }
  });

  test('a contact’s conversations come latest first', async () => {
    const orgId = newId('org');
    const contactId = newId('con');
    const logs = Array.from({ length: 4 }, () => buildLog({ orgId, contactId }));
    const other = buildLog({ orgId });
    await keeper.append(...logs.map((log) => log.open()), other.open(), logs[1]!.say('again'));
    await keeper.settled(async () => {
      const ids = [logs[1]!, logs[3]!, logs[2]!, logs[0]!].map((log) => log.conversationId);
      expect(idsOf(await keeper.store.conversationsOf(orgId, contactId, 10))).toEqual(ids);
      expect(idsOf(await keeper.store.conversationsOf(orgId, contactId, 2))).toEqual(ids.slice(0, 2));
    });
  });

  test('[S7] two organisations never see each other’s rows, counts, labels and contacts', async () => {
    const [mine, theirs] = [newId('org'), newId('org')];
    const contactId = newId('con');
    const log = buildLog({ orgId: theirs, contactId });
    await keeper.append(log.open(), log.label('secret'), log.wait('handoff'), log.take('mem_1'));
    await keeper.settled(async () => {
      expect(await keeper.store.row(theirs, log.conversationId)).toBeDefined();
      expect((await keeper.store.counts(theirs)).held).toEqual({ mem_1: 1 });
    });
    expect(await keeper.store.row(mine, log.conversationId)).toBeUndefined();
    for (const filter of filters) {
      expect(await keeper.store.inbox({ orgId: mine, filter, memberId: 'mem_1', limit: 10 })).toEqual({
        rows: [],
        cursor: null,
      });
    }
    expect(await keeper.store.counts(mine)).toEqual({ needsPerson: 0, ai: 0, open: 0, closed: 0, held: {} });
    expect(await keeper.store.labels(mine, 10)).toEqual([]);
    expect(await keeper.store.conversationsOf(mine, contactId, 10)).toEqual([]);
  });
};
