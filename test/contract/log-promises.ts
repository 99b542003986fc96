// What a keeper promises of the log: [S1] to [S5].
import { expect, test } from 'vitest';
import { evolve, initialState } from '../../shared/conversation.ts';
import type { FactBody } from '../../shared/facts.ts';
import { newId } from '../../shared/ids.ts';
import { buildLog } from './log-builder.ts';
import type { Keeper } from './store-contract.ts';

const remarks = (count: number, prefix: string): FactBody[] =>
  Array.from({ length: count }, (_, i) => ({
    type: 'note.created',
    noteId: newId('note'),
    author: { kind: 'agent', name: 'Maya' },
    text: `${prefix} ${i}`,
  }));

export const describeLog = (keeper: Keeper): void => {
  const newLog = (orgId = newId('org')) => buildLog({ orgId });

  test('[S2] gives back a commit by its key, with its facts and its result', async () => {
    const log = newLog();
    const opened = log.open();
    const said = log.commit([...remarks(2, 'a')], {
      key: 'v:1',
      hash: 'abc',
      result: { messageId: 'm', deep: [1, null] },
    });
    expect(await keeper.append(opened, said)).toEqual(['appended', 'appended']);
    const [found, none, other] = await keeper.store.commitsByKey([
      { conversationId: log.conversationId, key: 'v:1' },
      { conversationId: log.conversationId, key: 'v:2' },
      { conversationId: newId('conv'), key: 'v:1' },
    ]);
    expect(found).toEqual(said.commit);
    expect([none, other]).toEqual([undefined, undefined]);
  });

  test('[S2] tells a repeated key from an outrun number, whatever number the repeat claims', async () => {
    const log = newLog();
    await keeper.append(log.open(), log.say('one', { key: 'v:1' }), log.say('two', { key: 'v:2' }));
    const attempt = async (first: number, key: string): Promise<unknown> =>
      (await keeper.append(log.fork().say('again', { first, key })))[0];
    expect(await attempt(2, 'v:1')).toBe('repeated');
    expect(await attempt(3, 'v:1')).toBe('repeated');
    expect(await attempt(4, 'v:1')).toBe('repeated');
    expect(await attempt(9, 'v:2')).toBe('repeated');
    expect(await attempt(2, 'v:3')).toBe('outrun');
    expect(await attempt(3, 'v:3')).toBe('outrun');
    expect(await attempt(4, 'v:3')).toBe('appended');
  });

  test('[S2] refuses a commit that would leave a gap', async () => {
    const log = newLog();
    expect(await keeper.append(log.fork().say('early', { first: 2 }))).toEqual(['outrun']);
    expect(await keeper.store.state(log.conversationId)).toBeUndefined();
    await keeper.append(log.open());
    expect(await keeper.append(log.fork().say('early', { first: 3 }))).toEqual(['outrun']);
    expect(await keeper.store.factsAfter(log.conversationId, 0, 10)).toHaveLength(1);
  });

  test('[S2] a refused commit leaves none of its facts', async () => {
    const log = newLog();
    await keeper.append(log.open());
    const mine = log.fork();
    const theirs = log.fork();
    expect(await keeper.append(mine.commit(remarks(3, 'mine')))).toEqual(['appended']);
    expect(await keeper.append(theirs.commit(remarks(5, 'theirs')))).toEqual(['outrun']);
    expect(await keeper.store.factsAfter(log.conversationId, 0, 100)).toEqual(mine.facts);
    expect((await keeper.store.state(log.conversationId))?.state).toEqual(mine.state());
  });

  test('[S2] of many who write the same number at once exactly one wins', async () => {
    const log = newLog();
    await keeper.append(log.open());
    let last = log;
    for (let round = 0; round < 5; round++) {
      const head = last.state().head.seq;
      const forks = Array.from({ length: 12 }, () => last.fork());
      const entries = forks.map((fork, i) => fork.say(`${round} ${i}`));
      const results = await Promise.all(entries.map(async (entry) => (await keeper.append(entry))[0]));
      expect(results.filter((result) => result === 'appended')).toHaveLength(1);
      expect(results.filter((result) => result === 'outrun')).toHaveLength(11);
      last = forks[results.indexOf('appended')]!;
      expect(await keeper.store.factsAfter(log.conversationId, head, 10)).toEqual(last.facts.slice(head));
    }
  });

  test('[S2] of many who send the same key at once exactly one is appended and the others are repeats', async () => {
    const log = newLog();
    await keeper.append(log.open());
    const entries = Array.from({ length: 12 }, () => log.fork().say('hello', { key: 'v:same' }));
    const results = await Promise.all(entries.map(async (entry) => (await keeper.append(entry))[0]));
    expect(results.filter((result) => result === 'appended')).toHaveLength(1);
    expect(results.filter((result) => result === 'repeated')).toHaveLength(11);
  });

  test('[S2] the same key serves in two conversations', async () => {
    const orgId = newId('org');
    const [a, b] = [newLog(orgId), newLog(orgId)];
    expect(await keeper.append(a.open(), b.open(), a.say('a', { key: 'v:1' }), b.say('b', { key: 'v:1' }))).toEqual([
      'appended',
      'appended',
      'appended',
      'appended',
    ]);
    const [one, two] = await keeper.store.commitsByKey([
      { conversationId: a.conversationId, key: 'v:1' },
      { conversationId: b.conversationId, key: 'v:1' },
    ]);
    expect([one?.conversationId, two?.conversationId]).toEqual([a.conversationId, b.conversationId]);
  });

  test('[S3] a refused entry harms no other of its call', async () => {
    const orgId = newId('org');
    const logs = Array.from({ length: 6 }, () => newLog(orgId));
    await keeper.append(...logs.map((log) => log.open()));
    await keeper.append(logs[1]!.fork().say('first', { key: 'v:1' }), logs[4]!.fork().say('other'));
    const results = await keeper.store.append(logs.map((log) => log.say('second', { key: 'v:1' })));
    expect(results).toEqual(['appended', 'repeated', 'appended', 'appended', 'outrun', 'appended']);
    for (const [i, log] of logs.entries()) {
      const [, said] = await keeper.store.factsAfter(log.conversationId, 0, 10);
      expect(said).toMatchObject({ text: i === 1 ? 'first' : i === 4 ? 'other' : 'second' });
    }
  });

  test('[S3] later entries of a conversation see the earlier of the same call', async () => {
    const log = newLog();
    const first = log.open();
    const second = log.say('one', { key: 'v:1' });
    const repeat = log.fork().say('one', { key: 'v:1' });
    const late = log.fork().say('late', { first: 2 });
    const third = log.say('two');
    expect(await keeper.append(first, second, repeat, late, third)).toEqual([
      'appended',
      'appended',
      'repeated',
      'outrun',
      'appended',
    ]);
    expect(await keeper.store.factsAfter(log.conversationId, 0, 10)).toEqual(log.facts);
  });

  test('[S3] an empty call is answered', async () => {
    expect(await keeper.store.append([])).toEqual([]);
  });

  test('[S5] state is the fold of the log after every commit', async () => {
    const log = newLog();
    const steps = [
      () => log.open(),
      () => log.say('hello'),
      () => log.claim(),
      () => log.answer('hi'),
      () => log.label('vip', 'late'),
      () => log.identify({ name: 'Anna', email: 'anna@example.com' }),
      () => log.take('mem_1'),
      () => log.release(),
      () => log.close(),
    ];
    for (const step of steps) {
      expect(await keeper.append(step())).toEqual(['appended']);
      const found = await keeper.store.state(log.conversationId);
      expect(found).toEqual({ orgId: log.orgId, state: log.state() });
    }
    const facts = await keeper.store.factsAfter(log.conversationId, 0, 100);
    expect(facts.reduce(evolve, initialState(log.conversationId, true))).toEqual(log.state());
  });

  test('facts are paged by their numbers, also from the middle of a commit', async () => {
    const log = newLog();
    await keeper.append(
      log.open(),
      log.commit(remarks(4, 'a')),
      log.commit(remarks(7, 'b')),
      log.commit(remarks(1, 'c')),
      log.commit(remarks(21, 'd')),
    );
    const { store } = keeper;
    const id = log.conversationId;
    for (let after = 0; after <= log.facts.length + 10; after++) {
      for (const limit of [1, 3, 6, 50]) {
        const facts = log.facts.slice(after, after + limit);
        expect(await store.factsAfter(id, after, limit)).toEqual(facts);
        expect(await store.logAfter(id, after, limit)).toEqual({ orgId: log.orgId, state: log.state(), facts });
      }
    }
    for (let before = 1; before <= 15; before++) {
      for (const limit of [1, 3, 6, 50]) {
        const end = Math.min(before - 1, log.facts.length);
        expect(await store.factsBefore(id, before, limit)).toEqual(log.facts.slice(Math.max(0, end - limit), end));
      }
    }
    expect(await store.factsBefore(id, Number.POSITIVE_INFINITY, 5)).toEqual(log.facts.slice(-5));
    expect(await store.factsBefore(newId('conv'), Number.POSITIVE_INFINITY, 5)).toEqual([]);
    expect(await store.factsAfter(newId('conv'), 0, 5)).toEqual([]);
    expect(await store.logAfter(newId('conv'), 0, 5)).toBeUndefined();
    expect(await store.logAfter(newId('conv'), 30, 5)).toBeUndefined();
    expect(await store.state(newId('conv'))).toBeUndefined();
  });

  test('[S5] what closes a gap is of one moment, however fast others write', async () => {
    const log = newLog();
    await keeper.append(log.open(), ...Array.from({ length: 12 }, (_, i) => log.say(`${i}`)));
    const { store } = keeper;
    const writing = { isOver: false };
    const write = async (): Promise<void> => {
      for (let i = 0; i < 40; i += 1) await keeper.append(log.commit(remarks(1 + (i % 3), `${i}`)));
      writing.isOver = true;
    };
    const read = async (after: number): Promise<void> => {
      let seen = 0;
      for (let reads = 0; !writing.isOver && reads < 2000; reads += 1) {
        const { state, facts } = (await store.logAfter(log.conversationId, after, 1000))!;
        expect(facts.map(({ seq }) => seq)).toEqual(Array.from({ length: facts.length }, (_, i) => after + 1 + i));
        expect(facts.at(-1)?.seq).toBe(state.head.seq > after ? state.head.seq : undefined);
        expect(state.head.seq).toBeGreaterThanOrEqual(seen);
        seen = state.head.seq;
        // A keeper in memory never waits by itself, and nobody else would have a turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await Promise.all([write(), read(0), read(5), read(12)]);
    const { state } = (await store.logAfter(log.conversationId, 12, 5))!;
    expect(state).toEqual(log.state());
  });

  test('what is stored comes back as it was: scripts, quotes, markup, odd keys, long texts', async () => {
    const log = newLog();
    const texts = [
      '👩‍👩‍👧 ✓',
      'مرحبا "بالعالم"',
      "it's; DROP TABLE commits;--",
      '<b>&amp;</b>\n\t\\',
      'x'.repeat(4000),
      'é vs é',
    ];
    const odd: FactBody = {
      type: 'lead.captured',
      leadId: newId('lead'),
      customFields: { 'a.b': '1', $set: '2', '': '3', constructor: '4' },
    };
    await keeper.append(log.open(), ...texts.map((text) => log.say(text)), log.commit([odd]));
    expect(await keeper.store.factsAfter(log.conversationId, 0, 100)).toEqual(log.facts);
  });

  test('unfinished names the conversations in which an answer is owed or claimed', async () => {
    const orgId = newId('org');
    const [owed, claimed, answered] = [newLog(orgId), newLog(orgId), newLog(orgId)];
    const [held, approval, drafted] = [newLog(orgId), newLog(orgId), newLog(orgId)];
    await keeper.append(owed.open(), owed.say('?'));
    await keeper.append(claimed.open(), claimed.say('?'), claimed.claim());
    await keeper.append(answered.open(), answered.say('?'), answered.claim(), answered.answer('!'));
    await keeper.append(held.open(), held.say('?'), held.take('mem_1'));
    await keeper.append(approval.open({ isAutopilot: false }), approval.say('?'));
    await keeper.append(drafted.open({ isAutopilot: false }), drafted.say('?'), drafted.draft('!'));
    const names = async (): Promise<string[]> =>
      (await keeper.store.unfinished(100_000))
        .filter((one) => one.orgId === orgId)
        .map((one) => one.conversationId)
        .sort();
    await keeper.settled(async () => {
      expect(await names()).toEqual([owed, claimed, approval].map((log) => log.conversationId).sort());
    });
    await keeper.append(owed.answer('!'), claimed.close(), approval.take('mem_1'));
    await keeper.settled(async () => expect(await names()).toEqual([]));
    expect((await keeper.store.unfinished(1)).length).toBeLessThanOrEqual(1);
  });

  test('held names the open conversations that a member holds, by id, a page at a time', async () => {
    const orgId = newId('org');
    const logs = Array.from({ length: 3 }, () => newLog(orgId));
    const [letGo, closed, free] = [newLog(orgId), newLog(orgId), newLog(orgId)];
    for (const log of logs) await keeper.append(log.open(), log.say('?'), log.take('mem_1'));
    await keeper.append(letGo.open(), letGo.say('?'), letGo.take('mem_2'), letGo.release());
    await keeper.append(closed.open(), closed.say('?'), closed.take('mem_2'), closed.close());
    await keeper.append(free.open(), free.say('?'));
    const held = async (): Promise<{ conversationId: string; agentId: string }[]> => {
      const found: { orgId: string; conversationId: string; agentId: string }[] = [];
      for (let after = ''; ;) {
        const page = await keeper.store.held(after, 2);
        found.push(...page);
        if (page.length < 2) break;
        after = page.at(-1)!.conversationId;
      }
      return found.filter((one) => one.orgId === orgId);
    };
    const wanted = logs.map(({ conversationId }) => ({ orgId, conversationId, agentId: 'mem_1' }));
    wanted.sort((a, b) => (a.conversationId < b.conversationId ? -1 : 1));
    await keeper.settled(async () => expect(await held()).toEqual(wanted));
  });

  test('batch sizes are counted and handed out once', async () => {
    const log = newLog();
    keeper.store.takeBatchSizes();
    await keeper.append(log.open());
    await keeper.append(log.say('x'));
    expect(keeper.store.takeBatchSizes().reduce((sum, size) => sum + size, 0)).toBe(2);
    expect(keeper.store.takeBatchSizes()).toEqual([]);
    await expect(keeper.store.ping()).resolves.toBeUndefined();
  });
};
