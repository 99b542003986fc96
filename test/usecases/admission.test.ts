// When a node has too much to do, by a clock that the test holds.
import { array, assert, integer, property, record } from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../server/adapters/log/pino.ts';
import { createMetrics } from '../../server/adapters/metrics/prom.ts';
import { Admission } from '../../server/usecases/admission.ts';
import type { Owing } from '../../server/usecases/admission.ts';

let now = 0;
let loopMs = 0;
const ends: (() => void)[] = [];
const logged: string[] = [];
const clock = { now: () => now, monotonic: () => now };
const silent = createLog('silent');
const note = (_: Record<string, unknown>, message: string): void => void logged.push(message);

const create = (owing?: Owing): Admission => {
  const log = { ...silent, debug: note, info: note, warn: note, error: note };
  const pulse = { lateMs: () => loopMs };
  return new Admission({ clock, pulse, log, metrics: createMetrics(), ...(owing === undefined ? {} : { owing }) });
};

beforeEach(() => {
  now = 1000;
  loopMs = 0;
  logged.length = 0;
});

/** A batch whose oldest command has waited for `waitedMs` and whose write takes `tookMs`. */
const batch = (admission: Admission, waitedMs: number, tookMs: number): void => {
  admission.queued();
  now += waitedMs;
  admission.take(1);
  now += tookMs;
  admission.done();
};

/** Late at every look until there is too much to do. */
const overload = (admission: Admission): void => {
  for (let i = 0; i < 3; i += 1) batch(admission, 600, 100);
};

describe('new work', () => {
  it('is taken on however late one batch is: a slow write is no overload', () => {
    const admission = create();
    for (let i = 0; i < 20; i += 1) {
      batch(admission, 2000, 2000);
      batch(admission, 10, 10);
      admission.queued();
      now += 490;
      expect(admission.work()).toBe(0);
      admission.take(1);
    }
    expect(logged).toEqual([]);
  });

  it('is refused, with a time to come again, once every batch has been late for half a second', () => {
    const admission = create();
    overload(admission);
    admission.queued();
    expect(admission.work()).toBe(0);
    now += 200;
    const retryAfterMs = admission.work();
    expect(retryAfterMs).toBeGreaterThanOrEqual(1000);
    expect(retryAfterMs).toBeLessThanOrEqual(5000);
  });

  it('is refused within a batch that never ends, for the queue tells before it is taken up', () => {
    const admission = create();
    admission.queued();
    now += 600;
    expect(admission.work()).toBe(0);
    now += 600;
    expect(admission.work()).toBeGreaterThan(0);
  });

  it('gathers again as soon as what was queued is taken up, for as long as half a batch takes', () => {
    const admission = create();
    overload(admission);
    batch(admission, 400, 800);
    admission.queued();
    now += 350;
    expect(admission.work()).toBe(0);
    now += 100;
    expect(admission.work()).toBeGreaterThan(0);
    admission.take(1);
    expect(admission.work()).toBe(0);
  });

  it('tells when it begins and when it ends, once each and not for each refusal', () => {
    const admission = create();
    overload(admission);
    for (let i = 0; i < 50; i += 1) {
      admission.queued();
      now += 300;
      admission.work();
      admission.take(1);
    }
    expect(logged).toHaveLength(1);
    now += 3001;
    expect(admission.arrive({}, 'visitor')).toBe(0);
    expect(logged).toHaveLength(2);
  });

  /** What a store follows that is slower than it acknowledges. */
  const owingStage = (perMs: number) => {
    const lately = { owed: 0, owedMs: 0, speed: perMs };
    const admission = create({ owed: () => lately.owed, owedMs: () => lately.owedMs, speed: () => lately.speed });
    return { lately, admission };
  };

  it('is refused while more was acknowledged than the store can follow, however fast it is acknowledged', () => {
    const { lately, admission } = owingStage(0.1);
    // A burst that the store has had no time for yet is no overload.
    Object.assign(lately, { owed: 900, owedMs: 1000 });
    expect(admission.work()).toBe(0);
    lately.owedMs = 1001;
    expect(admission.work()).toBeGreaterThanOrEqual(1000);
    batch(admission, 10, 10);
    expect(admission.work()).toBeGreaterThanOrEqual(1000);
    // Two seconds' worth of it: from now on one comes in for each that is done.
    lately.owed = 200;
    expect(admission.work()).toBeGreaterThanOrEqual(1000);
    lately.owed = 199;
    expect(admission.work()).toBe(0);
    // Also where the oldest is no longer late, or everything would come in at once again.
    Object.assign(lately, { owed: 200, owedMs: 400 });
    expect(admission.work()).toBeGreaterThanOrEqual(1000);
    lately.owed = 0;
    now += 3000;
    expect(admission.work()).toBe(0);
    // It is over.
    lately.owed = 200;
    expect(admission.work()).toBe(0);
  });

  it('counts what is not acknowledged yet as well, lets a few in however slow it is, and nothing once it stands still', async () => {
    const { lately, admission } = owingStage(0.001);
    const asked = Array.from({ length: 30 }, () => admission.during(() => new Promise<void>((end) => ends.push(end))));
    Object.assign(lately, { owed: 20, owedMs: 1500 });
    expect(admission.work()).toBeGreaterThanOrEqual(1000);
    lately.owed = 19;
    expect(admission.work()).toBe(0);
    lately.owedMs = 6001;
    expect(admission.work()).toBeGreaterThanOrEqual(1000);
    // Where no speed is known yet time alone tells.
    Object.assign(lately, { owed: 5, owedMs: 2000, speed: 0 });
    expect(admission.work()).toBe(0);
    lately.owedMs = 2001;
    expect(admission.work()).toBeGreaterThanOrEqual(1000);
    for (const end of ends.splice(0)) end();
    await Promise.all(asked);
  });

  it('at three times what a store follows it has two seconds of it under way all the time, whatever its speed', () => {
    assert(
      property(integer({ min: 30, max: 400 }), (perSecond) => {
        const { lately, admission } = owingStage(perSecond / 1000);
        const waiting: number[] = [];
        let [asked, done] = [0, 0];
        // Twenty seconds in steps of 20 ms, of which the first five are for finding it out.
        for (let step = 1; step <= 1000; step += 1) {
          now += 20;
          for (; done < (step * perSecond) / 50 && waiting.length > 0; done += 1) waiting.shift();
          for (; asked < (step * perSecond * 3) / 50; asked += 1) {
            Object.assign(lately, { owed: waiting.length, owedMs: now - (waiting[0] ?? now) });
            if (admission.work() === 0) waiting.push(now);
          }
          if (step <= 250) continue;
          const most = Math.max(50, perSecond * 2);
          expect(waiting.length).toBeLessThanOrEqual(most);
          expect(waiting.length).toBeGreaterThanOrEqual(most - Math.ceil(perSecond / 50));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is refused while what was taken on is not answered, wherever in the store it waits', async () => {
    const admission = create();
    let answer = (): void => undefined;
    const asked = admission.during(() => new Promise<void>((resolve) => (answer = resolve)));
    now += 1999;
    expect(admission.work()).toBe(0);
    now += 2;
    expect(admission.work()).toBeGreaterThanOrEqual(1000);
    answer();
    await asked;
    expect(admission.work()).toBe(0);
    await expect(admission.during(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    now += 2001;
    expect(admission.work()).toBe(0);
  });

  it('takes up no more at once than a slow store writes in a second, and everything where it is fast', () => {
    const admission = create();
    admission.queued();
    expect(admission.take(20)).toBe(20);
    now += 800;
    admission.done();
    admission.queued();
    expect(admission.take(300)).toBe(25);
    now += 100;
    admission.done();
    expect(admission.take(275)).toBe(256);
    now += 100;
    admission.done();
    expect(admission.take(400)).toBe(400);
  });

  it('never lets a command that is taken on wait behind more than half a second of others', () => {
    const times = array(record({ apart: integer({ min: 20, max: 40 }), took: integer({ min: 0, max: 2000 }) }), {
      minLength: 20,
      maxLength: 200,
    });
    assert(
      property(times, (steps) => {
        const admission = create();
        overload(admission);
        for (const { apart, took } of steps) {
          admission.queued();
          const since = now;
          for (let i = 0; i < 30; i += 1) {
            now += apart;
            if (admission.work() === 0) expect(now - since).toBeLessThanOrEqual(500);
            else expect(now - since).toBeGreaterThan(50);
          }
          admission.take(1);
          now += took;
          admission.done();
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('newcomers', () => {
  it('find a bounded number of places, which a handshake keeps no longer than half a second; staff find more', () => {
    const admission = create();
    const requests = Array.from({ length: 100 }, () => ({}));
    for (const request of requests) expect(admission.arrive(request, 'visitor')).toBe(0);
    expect(admission.arrive({}, 'visitor')).toBeGreaterThanOrEqual(1000);
    expect(admission.arrive({}, 'staff')).toBe(0);
    admission.arrived(requests[5]!);
    admission.arrived(requests[6]!);
    expect(admission.arrive({}, 'visitor')).toBe(0);
    expect(admission.arrive({}, 'visitor')).toBeGreaterThan(0);
    now += 501;
    expect(admission.arrive({}, 'visitor')).toBe(0);
  });

  /** How many of a crowd are let in right now. */
  const letIn = (admission: Admission): number =>
    Array.from({ length: 40 }, () => {
      const request = {};
      const retryAfterMs = admission.arrive(request, 'visitor');
      admission.arrived(request);
      return retryAfterMs;
    }).filter((retryAfterMs) => retryAfterMs === 0).length;

  it('are refused but for a few while the event loop stays late, and staff are not', () => {
    const admission = create();
    loopMs = 1100;
    for (let i = 0; i < 3; i += 1) {
      now += 150;
      expect(letIn(admission)).toBe(40);
    }
    for (let i = 0; i < 5; i += 1) {
      now += 150;
      admission.arrive({}, 'visitor');
    }
    expect(letIn(admission)).toBeLessThan(10);
    expect(admission.newcomersWait()).toBeGreaterThanOrEqual(1000);
    expect(admission.arrive({}, 'staff')).toBe(0);
    loopMs = 0;
    now += 150;
    expect(admission.newcomersWait()).toBe(0);
    expect(letIn(admission)).toBe(40);
  });

  it('are let in ten a second while there is too much to do, so that nobody is shut out for good', () => {
    const admission = create();
    overload(admission);
    expect(letIn(admission)).toBe(10);
    expect(letIn(admission)).toBe(0);
    expect(admission.newcomersWait()).toBeGreaterThanOrEqual(1000);
    expect(admission.arrive({}, 'staff')).toBe(0);
    now += 500;
    expect(letIn(admission)).toBe(5);
  });

  it('are turned away while others wait to open their sessions, for longer the longer it lasts', async () => {
    const admission = create();
    const ends: (() => void)[] = [];
    const open = (): Promise<void> => admission.open('new', () => new Promise<void>((end) => ends.push(end)));
    const all = Array.from({ length: 40 }, () => open());
    now += 750;
    expect(admission.arrive({}, 'visitor')).toBe(0);
    expect(admission.newcomersWait()).toBe(0);
    now += 1;
    const first = Array.from({ length: 100 }, () => admission.arrive({}, 'visitor'));
    expect(Math.min(...first)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...first)).toBeLessThanOrEqual(2000);
    expect(admission.newcomersWait()).toBeGreaterThanOrEqual(1000);
    expect(admission.arrive({}, 'staff')).toBe(0);
    // Who is here is not concerned.
    expect(admission.work()).toBe(0);
    for (let second = 0; second < 20; second += 1) {
      now += 1000;
      admission.arrive({}, 'visitor');
    }
    const later = Array.from({ length: 100 }, () => admission.arrive({}, 'visitor'));
    expect(Math.max(...later)).toBeGreaterThan(2000);
    expect(Math.max(...later)).toBeLessThanOrEqual(5000);
    const refused = Promise.allSettled(all.slice(20));
    for (const end of ends) end();
    for (const one of await refused) expect(one).toMatchObject({ reason: { code: 'unavailable' } });
    expect(admission.arrive({}, 'visitor')).toBe(0);
  });
});
