// What an answer says out loud where several nodes answer: nothing while it may not, and then everything in its place.
import { beforeEach, expect, it, vi } from 'vitest';
import { Utterance } from '../../server/usecases/utterance.ts';

let now = 0;
let may = true;
let told: { offset: number; text: string }[];
let utterance: Utterance;

const pass = async (ms: number): Promise<void> => {
  now += ms;
  await vi.advanceTimersByTimeAsync(ms);
};

beforeEach(() => {
  vi.useFakeTimers();
  [now, may, told] = [1000, true, []];
  utterance = new Utterance({
    publish: (offset, text) => told.push({ offset, text }),
    checkpoint: () => Promise.resolve(),
    windowMs: () => 40,
    monotonic: () => now,
    maySpeak: () => may,
  });
  return () => {
    utterance.end();
    vi.useRealTimers();
  };
});

it('[R10] is silent while the log was not looked at lately, and goes on where it was', async () => {
  utterance.write('One ');
  expect(told).toEqual([{ offset: 0, text: 'One ' }]);
  may = false;
  utterance.write('two ');
  await pass(500);
  utterance.write('three ');
  await pass(500);
  expect(utterance.said).toBe('One ');
  may = true;
  await pass(50);
  expect(told).toEqual([
    { offset: 0, text: 'One ' },
    { offset: 4, text: 'two three ' },
  ]);
});

it('[R10] says not even its end while it may not: the commit tells it', async () => {
  may = false;
  utterance.write('All of it');
  utterance.finish();
  await pass(200);
  expect(told).toEqual([]);
  expect(utterance.said).toBe('');
});

it('[R12] held for another node it says no more until then, and what it has said stays what it was', async () => {
  utterance.write('One ');
  await pass(40);
  utterance.holdFor(1000);
  utterance.write('two');
  await pass(900);
  expect(utterance.said).toBe('One ');
  await pass(200);
  expect(utterance.said).toBe('One two');
});

it('[R12] a hold of this node is not ended by the time of another’s', async () => {
  utterance.write('One ');
  utterance.holdFor(100);
  utterance.hold();
  utterance.write('two');
  await pass(500);
  expect(utterance.said).toBe('One ');
  utterance.resume();
  await pass(50);
  expect(utterance.said).toBe('One two');
});
