// A small file system of its own, so that a disk can be filled for good without filling anybody else's.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  path: string;
  /** Writes until nothing more goes in, also where somebody freed some since; bytes that were written. */
  fill(): number;
  /** Gives back all that `fill` took. */
  free(): void;
  /** As an operator who enlarges a volume. */
  resize(mebibytes: number): void;
  close(): void;
}

const mount = (path: string, options: string): void => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' });
};

const tryMount = (): boolean => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const path = mkdtempSync(join(tmpdir(), 'tiller-mount-'));
  try {
    mount(path, 'size=64k');
    execFileSync('umount', [path]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(path);
  }
};

let isAble: boolean | undefined;

/** Whether a file system can be mounted here; where not, titles say `(needs mount)`. */
export const canMount = (): boolean => (isAble ??= tryMount());

/** Pages, which is what the file system gives: the last one counts. */
const page = Buffer.alloc(4096, 'x');

export const startSmallDisk = (mebibytes: number): SmallDisk => {
  const path = mkdtempSync(join(tmpdir(), 'tiller-disk-'));
  mount(path, `size=${mebibytes}m,mode=0755`);
  const ballast = join(path, 'ballast');
  const unmount = (): void => {
    // Lazily: whoever still holds a file there keeps it until it ends.
    execFileSync('umount', ['-l', path], { stdio: 'ignore' });
    rmdirSync(path);
  };
  process.once('exit', unmount);
  return {
    path,
    fill() {
      const file = openSync(ballast, 'a');
      let bytes = 0;
      try {
        for (;;) bytes += writeSync(file, page);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        return bytes;
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast, { force: true }),
    resize: (size) => {
      execFileSync('mount', ['-o', `remount,size=${size}m`, path], { stdio: 'ignore' });
    },
    close() {
      process.off('exit', unmount);
      unmount();
    },
  };
};
