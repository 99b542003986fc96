// Stages are put in order and get keys of their own.
import { describe, expect, it } from 'vitest';
import { moved, placeOf } from '../../client/console/settings/pipelines/reorder.ts';
import { freeKey, keyOf } from '../../client/console/settings/pipelines/stage-list.tsx';

describe('putting stages in order', () => {
  it('moves one entry and keeps the order of the others', () => {
    expect(moved(['a', 'b', 'c', 'd'], 3, 1)).toEqual(['a', 'd', 'b', 'c']);
    expect(moved(['a', 'b', 'c', 'd'], 0, 3)).toEqual(['b', 'c', 'd', 'a']);
    expect(moved(['a'], 0, 0)).toEqual(['a']);
    expect(moved(['a', 'b'], 5, 0)).toEqual(['a', 'b']);
  });

  it('changes places only past the middle of a neighbour, over as many rows as the pointer went', () => {
    const middles = [20, 60, 100, 140];
    expect(placeOf(middles, 1, 60)).toBe(1);
    expect(placeOf(middles, 1, 99)).toBe(1);
    expect(placeOf(middles, 1, 101)).toBe(2);
    expect(placeOf(middles, 1, 500)).toBe(3);
    expect(placeOf(middles, 3, -40)).toBe(0);
  });
});

describe('the key of a new stage', () => {
  it('is made of its name, in letters that an address can hold', () => {
    expect(keyOf('In talks')).toBe('in-talks');
    expect(keyOf('  Déposit — paid! ')).toBe('deposit-paid');
    expect(keyOf('見込み')).toBe('');
    expect(keyOf('x'.repeat(80))).toHaveLength(40);
  });

  it('is never that of another stage, and always one that the server takes', () => {
    expect(freeKey('won', ['new'])).toBe('won');
    expect(freeKey('won', ['won', 'won-2'])).toBe('won-3');
    expect(freeKey('', [])).toBe('stage');
    const long = freeKey('y'.repeat(40), ['y'.repeat(40)]);
    expect(long).toMatch(/^[a-z0-9][a-z0-9_-]{0,39}$/);
  });
});
