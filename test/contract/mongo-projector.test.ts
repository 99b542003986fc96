// When rows, texts and marks are written: together, so often at most, and at once for whoever asks for them.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKnown } from '../../server/adapters/store/mongo-commits.ts';
import { createGatherer } from '../../server/adapters/store/mongo-gatherer.ts';
import { createProjector } from '../../server/adapters/store/mongo-projector.ts';
import type { RowWriter } from '../../server/adapters/store/mongo-rows.ts';
import { newId } from '../../shared/ids.ts';
import { buildLog } from './log-builder.ts';

const clock = { monotonic: () => performance.now() };
const orgId = newId('org');

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

/** A projector over a database that remembers what was written in one go. */
const projecting = () => {
  const rows: { conversationId: string; head: number }[][] = [];
  const texts: number[] = [];
  const write = async (projections: Parameters<RowWriter['updateRows']>[0]): Promise<void> => {
    if (projections.length === 0) return;
    rows.push(projections.map(({ state }) => ({ conversationId: state.conversationId, head: state.head.seq })));
  };
  const writer: RowWriter = {
    find: async () => new Map(),
    foldAfresh: async () => {
      throw new Error('everything is known');
    },
    insertRows: async (projections) => {
      await write(projections);
      return [];
    },
    updateRows: write,
    overtaken: async () => [],
    insertTexts: async (commits) => void texts.push(commits.length),
    commitsById: async () => [],
  };
  const projector = createProjector(writer, createKnown(), { clock, log: { warn: () => {} } }, () => {});
  return { projector, rows, texts };
};

describe('rows and texts', () => {
  it('[S6] are written at once after a silence, and then together: a conversation with many commits writes its row once', async () => {
    const { projector, rows, texts } = projecting();
    const logs = Array.from({ length: 3 }, () => buildLog({ orgId }));
    projector.add(logs.map((log) => log.open()));
    await vi.advanceTimersByTimeAsync(0);
    expect(rows.map((some) => some.length)).toEqual([3]);
    for (let i = 0; i < 5; i++) {
      projector.add(logs.slice(0, 2).map((log) => log.say(`word ${i}`)));
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(rows).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    const heads = logs.slice(0, 2).map((log) => ({ conversationId: log.conversationId, head: log.state().head.seq }));
    expect(rows.slice(1)).toEqual([heads]);
    expect(texts).toEqual([3, 10]);
  });

  it('[S6] are written at once where somebody asks for them, and before an orderly stop', async () => {
    const { projector, rows } = projecting();
    const log = buildLog({ orgId });
    projector.add([log.open()]);
    await vi.advanceTimersByTimeAsync(0);
    projector.add([log.say('one')]);
    await projector.caughtUp(newId('conv'));
    expect(rows).toHaveLength(1);
    await projector.caughtUp(log.conversationId);
    expect(rows).toHaveLength(2);
    projector.add([log.say('two')]);
    await projector.caughtUp();
    expect(rows).toHaveLength(3);
    projector.add([log.say('three')]);
    await projector.idle();
    expect(rows.at(-1)).toEqual([{ conversationId: log.conversationId, head: log.state().head.seq }]);
  });

  it('[S6] of a burst do not wait', async () => {
    const { projector, rows } = projecting();
    projector.add([buildLog({ orgId }).open()]);
    await vi.advanceTimersByTimeAsync(0);
    for (let i = 0; i < 300; i++) projector.add([buildLog({ orgId }).open()]);
    await vi.advanceTimersByTimeAsync(0);
    expect(rows.flat()).toHaveLength(1 + 256);
    await vi.advanceTimersByTimeAsync(200);
    expect(rows.flat()).toHaveLength(1 + 300);
  });
});

describe('what is gathered', () => {
  it('[S10] is written at once after a silence, and then together and so often at most', async () => {
    const written: string[][] = [];
    const gatherer = createGatherer<true>(
      clock,
      500,
      () => true,
      async (values) => void written.push([...values.keys()]),
    );
    await Promise.all([gatherer.add('a', true), gatherer.add('b', true), vi.advanceTimersByTimeAsync(1)]);
    expect(written).toEqual([['a', 'b']]);
    const later = [gatherer.add('c', true), gatherer.add('d', true), gatherer.add('c', true)];
    await vi.advanceTimersByTimeAsync(400);
    expect(written).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(100);
    await Promise.all(later);
    expect(written.slice(1)).toEqual([['c', 'd']]);
    const last = gatherer.add('e', true);
    await gatherer.flush();
    await last;
    expect(written.at(-1)).toEqual(['e']);
  });
});
