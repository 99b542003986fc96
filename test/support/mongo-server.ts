// Where the tests find a server of the MongoDB protocol: MONGODB_URL, else a mongod on PATH, else what
// test/support/ferretdb/build.sh has built; one for the whole run, and a database for each who asks.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localMongo } from './mongo-process.ts';

const configured = process.env['MONGODB_URL'] ?? '';

/** Whether tests against it can run here; where not, their titles say `(needs mongodb)`. */
export const hasMongo = configured !== '' || localMongo() !== undefined;

/** Whether a server can be started that may be frozen and killed; where not, titles say `(needs mongodb-process)`. */
export const hasMongoProcess = localMongo() !== undefined;

/** The process whose end ends the server: vitest's own, whose children the test files run in. */
const runner = process.env['VITEST'] === undefined || process.send === undefined ? process.pid : process.ppid;

const pause = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const START_MS = 60_000;

const answers = async (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = createConnection(Number(port), hostname);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** The address of the run's server, which whoever asks first starts. */
const startShared = async (): Promise<string> => {
  const folder = join(tmpdir(), `tiller-test-mongo-${runner}`);
  const file = join(folder, 'url');
  try {
    mkdirSync(folder);
    const script = join(import.meta.dirname, 'mongo-keeper.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', script, file, String(runner)], {
      detached: true,
      stdio: 'ignore',
    });
    child.unref();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  for (const end = Date.now() + START_MS; !existsSync(file); await pause(25)) {
    if (Date.now() > end) throw new Error('the MongoDB server for the tests did not come up');
  }
  const told = readFileSync(file, 'utf8');
  if (told.startsWith('failed')) throw new Error(told);
  if (await answers(told)) return told;
  // Of an earlier process with our number, whose keeper was killed.
  rmSync(folder, { recursive: true, force: true });
  return startShared();
};

let shared: Promise<string> | undefined;
let databases = 0;

/** The address of an empty database of its own. */
export const freshMongoUrl = async (name = 'test'): Promise<string> => {
  const url = new URL(configured !== '' ? configured : await (shared ??= startShared()));
  url.pathname = `/${name}_${process.pid}_${Date.now().toString(36)}_${(databases += 1)}`;
  return url.href;
};
