// Seeding: once, completely, also where the first attempt was cut short.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPasswords } from '../../server/adapters/passwords/argon2.ts';
import { openSqliteStore } from '../../server/adapters/store/sqlite.ts';
import type { Store } from '../../server/ports/store.ts';
import { seed } from '../../server/seed/demo.ts';
import type { SeedDeps } from '../../server/seed/demo.ts';
import { firstRun, firstRunFile, forgetFirstRun, welcomeText } from '../../server/seed/first-run.ts';
import { useLink } from '../../server/usecases/accounts.ts';

const url = 'http://127.0.0.1:3000';
const hour = 3_600_000;
let dir: string;
let store: Store;
let now: number;
let deps: SeedDeps;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tiller-seed-'));
  now = 1_700_000_000_000;
  const clock = { now: () => now, monotonic: () => now };
  store = await openSqliteStore({ dataDir: join(dir, 'data'), clock });
  const bus = { publish: () => {}, subscribe: () => {}, follow: () => () => {}, close: async () => {} };
  deps = { store, clock, bus, knowledge: { search: async () => [], forget: () => {} }, baseUrl: () => url };
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

const run = (renewsLink = false) => firstRun(deps, { dataDir: dir, seedsDemo: true }, url, { renewsLink });
const held = async () => {
  const { organisations, members, assistants, widgets, articles, credentials, pipelines } = store.documents;
  const orgId = (await organisations.find('uuid:3c90c3cc-0d44-4b50-8888-8dd25736052a'))!.id;
  return {
    organisations: (await organisations.list(orgId)).map(({ name }) => name),
    members: (await members.list(orgId)).length,
    assistants: (await assistants.list(orgId)).map(({ uuid, hexId }) => [uuid, hexId]),
    pipelines: (await pipelines.list(orgId)).map(({ hexId, stages }) => [hexId, stages[0]?.hexId, stages[0]?.key]),
    hexIds: [
      (await organisations.list(orgId))[0]?.hexId,
      (await members.list(orgId))[0]?.hexId,
      (await widgets.list(orgId))[0]?.hexId,
    ],
    widgets: (await widgets.list(orgId)).length,
    articles: (await articles.list(orgId)).length,
    credentials: (await credentials.list(orgId)).map(({ kind }) => kind).sort(),
  };
};

test('holds the ids that the published documents use, and one credential of each kind', async () => {
  await run();
  const { articles, ...rest } = await held();
  expect(articles).toBeGreaterThan(20);
  expect(rest).toEqual({
    organisations: ['Selwick Kayaks'],
    members: 1,
    assistants: [
      ['550e8400-e29b-41d4-a716-446655440000', '65b2a1c3d4e5f6a7b8c9d0e1'],
      ['3c90c3cc-0d44-4b50-8888-8dd25736052a', expect.stringMatching(/^[0-9a-f]{24}$/)],
    ],
    pipelines: [['66f0a0b0c0d0e0f0a0b0c0d0', '67f0a0b0c0d0e0f0a0b0c0d0', 'new']],
    hexIds: ['65a0e0e0e0e0e0e0e0e0e0e0', '65b1f0a2c3d4e5f6a7b8c9d0', '67d3a0b0c0d0e0f0a0b0c0d0'],
    widgets: 1,
    credentials: ['functions', 'link', 'token', 'v1', 'webchats'],
  });
});

test('a start that was cut short is begun anew: nothing twice, the older secrets void, the newer ones told', async () => {
  let lost = '';
  await expect(
    seed(deps, {
      isDemo: true,
      whenSeeded: async ({ link }) => {
        lost = link;
        throw new Error('power cut');
      },
    }),
  ).rejects.toThrow('power cut');
  const before = await held();
  const { facts, isFirst } = await run();
  expect(isFirst).toBe(true);
  expect(await held()).toEqual(before);
  const use = (link: string) =>
    useLink(
      { ...deps, passwords: createPasswords() },
      { token: link.split('#token=')[1]!, name: 'O', email: 'o@a.example', password: 'a long password' },
    );
  await expect(use(lost)).rejects.toMatchObject({ code: 'not_found' });
  expect((await use(facts.consoleUrl)).member.role).toBe('owner');
});

test('an owner who never used the link gets another once it has expired, and not before', async () => {
  await run();
  now += 23 * hour;
  expect((await run()).facts.consoleUrl).toBe(`${url}/console`);
  now += 2 * hour;
  const { facts, isFirst } = await run();
  expect([isFirst, facts.keys]).toEqual([false, undefined]);
  const token = facts.consoleUrl.split('#token=')[1]!;
  const input = { token, name: 'O', email: 'o@a.example', password: 'a long password' };
  await useLink({ ...deps, passwords: createPasswords() }, input);
  now += 48 * hour;
  expect((await run()).facts.consoleUrl).toBe(`${url}/console`);
  expect((await run(true)).facts.consoleUrl).toContain('#token=link_');
});

test('what an owner changed is not put back by a later start', async () => {
  const first = await run();
  const [widget] = await store.documents.widgets.list('org_65a0e0e0e0e0e0e0e0e0e0e0');
  await store.documents.widgets.put({ ...widget!, name: 'Ours' });
  const again = await run();
  const [kept] = await store.documents.widgets.list('org_65a0e0e0e0e0e0e0e0e0e0e0');
  expect([kept!.name, again.facts.widgetKey]).toEqual(['Ours', first.facts.widgetKey]);
});

test('the file of the first start is told of once the owner has a password, until it is deleted', async () => {
  const file = firstRunFile(dir);
  const told = async () => {
    const again = await run();
    return [again.keepsKeys, welcomeText(again, file).includes(`${file} still holds keys: delete it, or run`)];
  };
  const first = await run();
  expect(welcomeText(first, file)).not.toContain('still holds keys');
  expect(await told()).toEqual([false, false]);
  const token = first.facts.consoleUrl.split('#token=')[1]!;
  const input = { token, name: 'O', email: 'o@a.example', password: 'a long password' };
  await useLink({ ...deps, passwords: createPasswords() }, input);
  expect(await told()).toEqual([true, true]);
  expect(await forgetFirstRun(dir)).toBe(true);
  expect([existsSync(file), await forgetFirstRun(dir)]).toEqual([false, false]);
  expect(await told()).toEqual([false, false]);
});
