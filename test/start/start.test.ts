// `npm start` as an operator meets it: real processes, real folders, real ports.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { FirstRunFacts } from '../../server/seed/first-run.ts';

// Each test starts processes, up to three: that takes a while on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const root = resolve(import.meta.dirname, '../..');
const secret = /(?:link|con|pat)_[\w-]{20,}|in-[\w-]{20,}/;

interface Run {
  child: ChildProcess;
  output: { stdout: string; stderr: string };
  /** Resolves with what stdout holds once it matches; rejects where the process ends first. */
  printed(pattern: RegExp): Promise<string>;
  exit: Promise<number | null>;
}

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const undo of cleanUp.splice(0)) undo();
});

const newDataDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'tiller-start-'));
  cleanUp.push(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'data');
};

const readLink = (url: string, token: string): Promise<Response> =>
  fetch(`${url}/api/console/link/read`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });

/** The server alone with the given environment: nothing of the test's own leaks in. */
const start = (env: Record<string, string>, args: string[] = []): Run => {
  const child = spawn(process.execPath, [join(root, 'scripts/start.mjs'), ...args], {
    // Away from the repository, where a `.env` of whoever runs the tests may lie.
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'info', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanUp.push(() => child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const exit = new Promise<number | null>((done) => child.once('close', done));
  const printed = (pattern: RegExp): Promise<string> =>
    new Promise((done, fail) => {
      const look = (): void => {
        if (pattern.test(output.stdout)) done(output.stdout);
      };
      child.stdout.on('data', look);
      void exit.then((code) => fail(new Error(`exit ${code}: ${output.stdout}${output.stderr}`)));
      look();
    });
  return { child, output, printed, exit };
};

const json = async (run: Run): Promise<FirstRunFacts> => JSON.parse(await run.printed(/\n/)) as FirstRunFacts;
const stop = async (run: Run): Promise<number | null> => {
  run.child.kill('SIGTERM');
  return run.exit;
};

test('the first start tells everything once, in one line with --json and in a file for its owner alone', async () => {
  const dataDir = newDataDir();
  const run = start({ DATA_DIR: dataDir }, ['--json']);
  const facts = await json(run);
  expect(run.output.stdout.trim().split('\n')).toHaveLength(1);
  expect(facts.consoleUrl).toMatch(/\/console\/link#token=link_[\w-]{43}$/);
  expect(facts.demoUrl).toBe(`${facts.url}/demo`);
  expect(facts.embed).toContain(`'${facts.url}/widget/pat-chat.js'`);
  expect(facts.embed).toContain(facts.widgetKey);
  expect(facts.keys).toEqual({
    functions: expect.stringMatching(/^pat_[\w-]{43}$/),
    v1: expect.stringMatching(/^in-[\w-]{43}$/),
    webchats: expect.stringMatching(/^pat_[\w-]{43}$/),
    widget: expect.stringMatching(/^caty_[0-9a-f]{32}$/),
    console: expect.stringMatching(/^con_[\w-]{43}$/),
  });
  const file = join(dataDir, 'first-run.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(facts);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  // Ready when it says so, with everything behind the addresses.
  for (const url of [
    `${facts.url}/readyz`,
    facts.demoUrl!,
    `${facts.url}/console`,
    `${facts.url}/widget.js`,
    facts.url,
  ]) {
    expect([url, (await fetch(url)).status]).toEqual([url, 200]);
  }
  const view = await (await fetch(`${facts.url}/w/${facts.widgetKey}`)).json();
  expect(view).toMatchObject({ widgetKey: facts.widgetKey, assistantName: 'Robin', availability: 'online' });
  // Hashes alone are kept: no file of the store holds what was told.
  expect(await stop(run)).toBe(0);
  const { functions, v1, webchats, console } = facts.keys!;
  const told = [facts.consoleUrl.split('#token=')[1]!, functions, v1, webchats, console];
  for (const name of readdirSync(dataDir).filter((file) => file !== 'first-run.json')) {
    const bytes = readFileSync(join(dataDir, name), 'latin1');
    expect([name, told.filter((one) => bytes.includes(one))]).toEqual([name, []]);
  }
  expect(run.output.stderr).not.toMatch(secret);
});

test('a second start seeds nothing twice and tells no secret', async () => {
  const dataDir = newDataDir();
  const first = await (async () => {
    const run = start({ DATA_DIR: dataDir }, ['--json']);
    const facts = await json(run);
    expect(await stop(run)).toBe(0);
    return facts;
  })();
  const run = start({ DATA_DIR: dataDir });
  const text = await run.printed(/Demo/);
  expect(text + run.output.stderr).not.toMatch(secret);
  expect(text).toContain(first.widgetKey);
  const url = /ready at (\S+)/.exec(text)![1]!;
  const console = (path: string) =>
    fetch(`${url}/api/console${path}`, { headers: { authorization: `Bearer ${first.keys!.console}` } }).then(
      (response) => response.json() as Promise<Record<string, { articles: number }[]>>,
    );
  expect((await console('/widgets'))['widgets']).toHaveLength(1);
  expect((await console('/members'))['members']).toHaveLength(1);
  const { assistants } = await console('/assistants');
  expect(assistants).toHaveLength(2);
  expect(assistants![0]!.articles).toBeGreaterThan(20);
  // The link of the first start still works, on the address of this one.
  const token = first.consoleUrl.split('#token=')[1]!;
  expect((await readLink(url, token)).status).toBe(200);
  expect(await stop(run)).toBe(0);
});

test('a lost password is no lost installation: --link tells a fresh link', async () => {
  const dataDir = newDataDir();
  const first = start({ DATA_DIR: dataDir }, ['--json']);
  const old = (await json(first)).consoleUrl;
  await stop(first);
  const run = start({ DATA_DIR: dataDir }, ['--json', '--link']);
  const { consoleUrl, url, keys } = await json(run);
  expect(keys).toBeUndefined();
  expect(consoleUrl).toMatch(/#token=link_/);
  const status = async (link: string) => (await readLink(url, link.split('#token=')[1]!)).status;
  expect([await status(consoleUrl), await status(old)]).toEqual([200, 404]);
  await stop(run);
});

test('TILLER_DEMO=0 leaves an empty organisation that is ready to use', async () => {
  const run = start({ DATA_DIR: newDataDir(), TILLER_DEMO: '0' }, ['--json']);
  const { url, demoUrl, widgetKey, keys } = await json(run);
  expect(demoUrl).toBeNull();
  expect((await fetch(`${url}/demo`)).status).toBe(404);
  expect((await fetch(`${url}/w/${widgetKey}`)).status).toBe(200);
  const me = await fetch(`${url}/api/console/me`, { headers: { authorization: `Bearer ${keys!.console}` } });
  expect(await me.json()).toMatchObject({ demoUrl: null, organisation: { name: 'My organisation' } });
  await stop(run);
});

test('PUBLIC_URL is what is told and embedded', async () => {
  const run = start({ DATA_DIR: newDataDir(), PUBLIC_URL: 'https://chat.example.com/' }, ['--json']);
  const facts = await json(run);
  expect(facts.url).toBe('https://chat.example.com');
  expect(facts.embed).toContain("'https://chat.example.com/widget/pat-chat.js'");
  await stop(run);
});

test('--forget-first-run deletes the file with the keys and ends; the keys stay valid', async () => {
  const dataDir = newDataDir();
  const first = start({ DATA_DIR: dataDir }, ['--json']);
  const { keys } = await json(first);
  await stop(first);
  const file = join(dataDir, 'first-run.json');
  const forgets = start({ DATA_DIR: dataDir }, ['--forget-first-run']);
  expect(await forgets.exit).toBe(0);
  expect(forgets.output.stdout).toContain(`${file} is deleted`);
  expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
  const again = start({ DATA_DIR: dataDir }, ['--forget-first-run']);
  expect([await again.exit, again.output.stdout]).toEqual([0, `There is no ${file}.\n`]);
  const run = start({ DATA_DIR: dataDir }, ['--json']);
  const { url } = await json(run);
  const headers = { authorization: `Bearer ${keys!.console}` };
  expect((await fetch(`${url}/api/console/me`, { headers })).status).toBe(200);
  await stop(run);
});

test('what others can reach or read on the way is warned of, in the welcome and in the log', async () => {
  const open = start({ DATA_DIR: newDataDir(), HOST: '0.0.0.0' });
  const text = await open.printed(/Demo/);
  expect(text).toMatch(/Warning: PUBLIC_URL is not set.*TILLER_HOSTS/);
  expect(text).toMatch(/Warning: .*plain HTTP.*TLS/);
  expect(open.output.stderr).toMatch(/"level":"warn".*PUBLIC_URL is not set/);
  await stop(open);
  const local = start({ DATA_DIR: newDataDir() });
  expect(await local.printed(/Demo/)).not.toContain('Warning');
  expect(local.output.stderr).not.toContain('"level":"warn"');
  await stop(local);
});

test('a port in use is said, and leaves nothing behind', async () => {
  const taken = createServer();
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
  cleanUp.push(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const dataDir = newDataDir();
  const run = start({ DATA_DIR: dataDir, PORT: String(port) });
  expect(await run.exit).toBe(1);
  expect(run.output.stderr).toContain(`port ${port}`);
  expect(run.output.stderr).not.toMatch(/\n\s+at /);
  expect(statSync(join(dataDir, 'first-run.json'), { throwIfNoEntry: false })).toBeUndefined();
});

test('a data folder in use by another process is said, and harms neither', async () => {
  const dataDir = newDataDir();
  const first = start({ DATA_DIR: dataDir }, ['--json']);
  const { url } = await json(first);
  const second = start({ DATA_DIR: dataDir });
  expect(await second.exit).toBe(1);
  expect(second.output.stderr).toContain('Tiller cannot start');
  expect(second.output.stderr).not.toMatch(/\n\s+at /);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(await stop(first)).toBe(0);
});

test('a wrong environment names every problem at once and starts nothing', async () => {
  const dataDir = newDataDir();
  const env = { PORT: 'http', LOG_LEVEL: 'loud', TILLER_SECRET: 'hunter2', REDIS_URL: 'redis://r', AI_PROVIDER: 'x' };
  const run = start({ DATA_DIR: dataDir, ...env });
  expect(await run.exit).toBe(1);
  for (const name of Object.keys(env)) expect(run.output.stderr).toContain(`  ${name}: `);
  expect(run.output.stderr).not.toContain('hunter2');
  expect(statSync(dataDir, { throwIfNoEntry: false })).toBeUndefined();
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it with 0 within 10 s, open connections or not', async (signal) => {
  const run = start({ DATA_DIR: newDataDir() }, ['--json']);
  const { url } = await json(run);
  // A connection kept alive, and one that says nothing at all.
  await (await fetch(`${url}/healthz`)).text();
  const idle = connect(Number(new URL(url).port), '127.0.0.1');
  idle.on('error', () => {});
  await new Promise((done) => idle.once('connect', done));
  const began = performance.now();
  run.child.kill(signal);
  expect(await run.exit).toBe(0);
  expect(performance.now() - began).toBeLessThan(10_000);
});
