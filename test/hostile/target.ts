// The server under attack: a process of its own, whose log is read and whose death would be seen.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCodes, errorStatus } from '../../shared/errors.ts';
import { startChild } from '../support/child-server.ts';
import { marker } from './values.ts';

export interface Target {
  url: string;
  widgetKey: string;
  /** An owner's API token. */
  token: string;
  /** Everything logged so far. */
  log(): string;
  isAlive(): boolean;
  stop(): Promise<void>;
}

export const startTarget = async (): Promise<Target> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tiller-hostile-'));
  const child = await startChild({
    PORT: '0',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'debug',
    AI_BUILTIN_WORDS_PER_SECOND: '0',
  });
  return {
    url: child.facts.url,
    widgetKey: child.facts.widgetKey,
    token: child.facts.keys!.console,
    log: () => child.stderr(),
    isAlive: () => child.process.exitCode === null && child.process.signalCode === null,
    async stop() {
      await child.terminate();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};

export const leaks = /\n\s+at |node_modules|\.ts:\d|SQLITE|ZodError|SyntaxError|TypeError|\/server\//;

/** What is wrong with a refusal as a caller gets it; undefined where it is in order. */
export const faultOf = (error: unknown, status?: number): string | undefined => {
  const text = JSON.stringify(error) ?? 'nothing';
  if (text.includes(marker)) return `echoes its input: ${text.slice(0, 200)}`;
  if (leaks.test(text)) return `tells of the inside: ${text.slice(0, 200)}`;
  const { code, message } = (error ?? {}) as { code?: string; message?: unknown };
  const known = errorCodes.find((one) => one === code);
  if (known === undefined || typeof message !== 'string' || message === '')
    return `is no envelope: ${text.slice(0, 200)}`;
  if (known === 'internal' || known === 'unavailable') return `failed: ${text.slice(0, 200)}`;
  if (status !== undefined && errorStatus[known] !== status) return `says ${known} with status ${status}`;
  if (text.length > 4000) return `is ${text.length} characters long`;
  return undefined;
};

/** At most so many at once; the answers in order. */
export const inTurns = async <T, R>(
  items: readonly T[],
  atOnce: number,
  act: (item: T) => Promise<R>,
): Promise<R[]> => {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += atOnce) {
    results.push(...(await Promise.all(items.slice(i, i + atOnce).map(act))));
  }
  return results;
};

/** All of a run, or every so-manieth in the tests of every day. */
export const isWhole = process.env['TILLER_HOSTILE'] === 'all';
export const some = <T>(items: readonly T[], every: number, offset = 0): T[] =>
  isWhole ? [...items] : items.filter((_, i) => (i + offset) % every === 0);
