// A process of its own that starts the server which all test files of one run share, and stops it when the run is over.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { startMongoProcess } from './mongo-process.ts';

const [file = '', runner = ''] = process.argv.slice(2);

const tell = (text: string): void => {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

try {
  const server = await startMongoProcess();
  tell(server.url);
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    void server.stop().finally(() => {
      rmSync(dirname(file), { recursive: true, force: true });
      process.exit(0);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  setInterval(() => {
    if (!isRunning(Number(runner))) stop();
  }, 250);
} catch (error) {
  tell(`failed: ${(error as Error).stack ?? String(error)}`);
  process.exit(1);
}
