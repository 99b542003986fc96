// Heartbeats: who is dead is judged by the observer's own monotonic clock, and by nobody who did not look.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../server/adapters/log/pino.ts';
import type { Clock } from '../../server/ports/clock.ts';
import type { Beat, SharedStore } from '../../server/ports/store.ts';
import { Nodes } from '../../server/usecases/nodes.ts';

/** The three calls that are concerned, over a table. */
const heartbeats = () => {
  const beats = new Map<string, Beat>();
  let isAway = false;
  const answering = <T>(value: T): Promise<T> => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(value));
  return {
    set isAway(away: boolean) {
      isAway = away;
    },
    beat: (node: string, counter: number, about = '{"seats":[]}') =>
      answering(undefined).then(() => void beats.set(node, { node, counter, about })),
    beats: () => answering([...beats.values()]),
    leave: (node: string) => answering(void beats.delete(node)),
  };
};

let table: ReturnType<typeof heartbeats>;
let now = 0;
const clock: Clock = { now: () => now, monotonic: () => now };
let nodes: Nodes;
let released: number;

const pass = async (seconds: number, beating?: string): Promise<void> => {
  for (let i = 0; i < seconds; i += 1) {
    now += 1000;
    if (beating !== undefined) await table.beat(beating, now).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(1000);
  }
};

beforeEach(async () => {
  vi.useFakeTimers();
  now = 1000;
  released = 0;
  table = heartbeats();
  const store = table as unknown as SharedStore;
  nodes = new Nodes({ store, clock, log: createLog('silent'), node: 'node_a', seats: () => [] });
  nodes.onRelease(() => (released += 1));
  await nodes.start();
  return () => {
    void nodes.stop();
    vi.useRealTimers();
  };
});

describe('[R9] another node', () => {
  it('lives while its counter moves, and is dead when it stood still for 4 s', async () => {
    await pass(6, 'node_b');
    expect(nodes.isGone('node_b')).toBe(false);
    expect(nodes.knows('node_b')).toBe(true);
    await pass(3);
    expect(nodes.isGone('node_b')).toBe(false);
    expect(released).toBe(0);
    await pass(2);
    expect(nodes.isGone('node_b')).toBe(true);
    expect(released).toBeGreaterThan(0);
    await pass(1, 'node_b');
    expect(nodes.isGone('node_b')).toBe(false);
  });

  it('is not dead after an outage of the store, in which nobody could beat', async () => {
    await pass(2, 'node_b');
    table.isAway = true;
    await pass(30);
    table.isAway = false;
    await pass(1);
    expect(nodes.isGone('node_b')).toBe(false);
    await pass(4);
    expect(nodes.isGone('node_b')).toBe(true);
  });

  it('is not dead because this one stood still', async () => {
    await pass(2, 'node_b');
    now += 60_000;
    await pass(1);
    expect(nodes.isGone('node_b')).toBe(false);
  });

  it('that nobody ever heard of is given as long', async () => {
    expect(nodes.isGone('node_c')).toBe(false);
    await pass(3);
    expect(nodes.isGone('node_c')).toBe(false);
    await pass(2);
    expect(nodes.isGone('node_c')).toBe(true);
    expect(nodes.knows('node_c')).toBe(false);
  });

  it('that says it leaves, or has left, is gone at once', async () => {
    await pass(2, 'node_b');
    await table.beat('node_b', 99, '{"seats":[],"isLeaving":true}');
    await pass(1);
    expect(nodes.isGone('node_b')).toBe(true);
    await pass(1, 'node_d');
    await table.leave('node_d');
    await pass(1);
    expect(nodes.isGone('node_d')).toBe(true);
  });

  it('of several the first by name does what one should do', async () => {
    await pass(1, 'node_b');
    expect(nodes.isFirst()).toBe(true);
    await pass(1, 'node_0');
    expect(nodes.isFirst()).toBe(false);
  });
});
