// How long this disk takes to make something durable: what group commit saves depends on it.
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './statistics.ts';

/** Median time of a write of 4 KiB with fsync, ms. */
export const fsyncMs = (folder: string): number => {
  const path = join(folder, `data-fsync-${process.pid}`);
  const file = openSync(path, 'w');
  const page = Buffer.alloc(4096);
  const times: number[] = [];
  for (let i = 0; i < 50; i += 1) {
    const began = performance.now();
    writeSync(file, page, 0, page.length, i * page.length);
    fsyncSync(file);
    times.push(performance.now() - began);
  }
  closeSync(file);
  rmSync(path);
  return median(times);
};
