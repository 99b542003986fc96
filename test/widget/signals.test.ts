// The panel's signals: who read a value hears of its change, once, and only of a change.
import { describe, expect, it } from 'vitest';
import { batch, computed, effect, signal } from '../../client/widget/panel/signals.ts';

describe('signals', () => {
  it('runs an effect again for what it read, and not for what it only peeked at', () => {
    const read = signal(1);
    const peeked = signal(1);
    const seen: number[] = [];
    effect(() => seen.push(read.value + peeked.peek()));
    peeked.value = 10;
    read.value = 2;
    expect(seen).toEqual([2, 12]);
  });

  it('does not run it again where a computed value came to the same', () => {
    const count = signal(1);
    const isBig = computed(() => count.value > 10);
    let runs = 0;
    effect(() => {
      runs += 1;
      return void isBig.value;
    });
    count.value = 2;
    count.value = 3;
    expect(runs).toBe(1);
    count.value = 11;
    expect(runs).toBe(2);
  });

  it('shows no state in between, also where two paths lead to one value', () => {
    const first = signal(1);
    const double = computed(() => first.value * 2);
    const triple = computed(() => first.value * 3);
    const seen: number[] = [];
    effect(() => seen.push(double.value + triple.value));
    first.value = 2;
    batch(() => {
      first.value = 3;
      first.value = 4;
    });
    expect(seen).toEqual([5, 10, 20]);
  });

  it('works out a computed value when it is read, and not again without a change', () => {
    const count = signal(1);
    let runs = 0;
    const double = computed(() => ((runs += 1), count.value * 2));
    expect(runs).toBe(0);
    expect([double.value, double.peek(), double.value]).toEqual([2, 2, 2]);
    expect(runs).toBe(1);
    count.value = 5;
    expect(double.peek()).toBe(10);
  });

  it('follows what is read now, not what was read before', () => {
    const which = signal<'a' | 'b'>('a');
    const a = signal(1);
    const b = signal(2);
    const seen: number[] = [];
    effect(() => seen.push(which.value === 'a' ? a.value : b.value));
    which.value = 'b';
    a.value = 100;
    b.value = 3;
    expect(seen).toEqual([1, 2, 3]);
  });

  it('calls what an effect returned before the next run and at its end, and then is silent', () => {
    const count = signal(1);
    const told: string[] = [];
    const stop = effect(() => {
      const mine = count.value;
      told.push(`run ${mine}`);
      return () => told.push(`undo ${mine}`);
    });
    count.value = 2;
    stop();
    count.value = 3;
    expect(told).toEqual(['run 1', 'undo 1', 'run 2', 'undo 2']);
  });

  it('lets an effect change another signal', () => {
    const source = signal(1);
    const copy = signal(0);
    const seen: number[] = [];
    effect(() => void (copy.value = source.value));
    effect(() => seen.push(copy.value));
    source.value = 7;
    expect(seen).toEqual([1, 7]);
  });
});
