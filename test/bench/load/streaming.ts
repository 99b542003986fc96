// Readers of answers in flight: counts the tokens that arrive and how old each is.
import { ageOf, tokenLength } from '../stamp.ts';
import { Histogram, machineMs } from '../statistics.ts';
import { inParallel, openVisitor, say } from './target.ts';
import type { Target, Visitor } from './target.ts';

export interface TokenRun {
  tokens: number;
  packets: number;
  p50: number;
  p99: number;
  max: number;
}

let readers: Visitor[] = [];
let times = new Histogram();
let packets = 0;

const mark = Buffer.from('"text":"');

const onDelta = (bytes: Buffer): void => {
  if (bytes[2] !== 0x73) return;
  const found = bytes.indexOf(mark);
  if (found < 0) return;
  packets += 1;
  const now = machineMs();
  let at = found + mark.length;
  for (; bytes[at] === 0x20; at += tokenLength) times.add(ageOf(bytes, at + 1, now));
};

export const connectReaders = async ({ target, count }: { target: Target; count: number }): Promise<void> => {
  readers = await inParallel(count, 20, () => openVisitor(target));
  for (const { client } of readers) client.onEvent = onDelta;
};

/** Every reader asks; the answers begin spread over `overMs`. */
export const beginAnswers = async ({ overMs }: { overMs: number }): Promise<void> => {
  const gap = overMs / readers.length;
  await Promise.all(
    readers.map(async (reader, i) => {
      await new Promise((resolve) => setTimeout(resolve, i * gap));
      await say(reader, 'What do you have for beginners?');
    }),
  );
};

/** Counts what arrives in the next `ms`. */
export const readTokens = async ({ ms }: { ms: number }): Promise<TokenRun> => {
  times = new Histogram();
  packets = 0;
  await new Promise((resolve) => setTimeout(resolve, ms));
  const run = { tokens: times.total, packets, p50: times.percentile(0.5), p99: times.percentile(0.99) };
  return { ...run, max: times.percentile(1) };
};
