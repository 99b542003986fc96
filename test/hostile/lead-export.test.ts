// An export of leads whose visitors invented names of fields: the file stays a table, and nobody waits for it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMemoryStore } from '../../server/adapters/store/memory.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Lead } from '../../server/ports/documents.ts';
import { newId } from '../../shared/ids.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { addTenant } from '../support/tenant.ts';
import type { Tenant } from '../support/tenant.ts';

/** How long anybody else may wait for an answer while a file is made, ms. */
const patienceMs = 500;
const fixedColumns = 10;

const randomFields = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, () => [newId('file'), 'x'.repeat(100)]));

const leadOf = (orgId: string, customFields: Record<string, string>): Lead => ({
  id: newId('lead'),
  orgId,
  createdAt: 1,
  updatedAt: 1,
  contactId: 'c',
  conversationId: 'v',
  widgetId: 'w',
  score: 1,
  customFields,
});

/** What this process has worked so far, ms: unlike the time it does not grow while other programs keep the machine busy. */
const workedMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Asks again and again for what needs the loop, and for what needs the store too; stops with the longest wait in ms. */
const watchOthers = (server: TestServer): (() => Promise<number>) => {
  const watching = new AbortController();
  const others = ['/healthz', `/w/${server.firstRun.widgetKey}`].map(async (path) => {
    let longest = 0;
    while (!watching.signal.aborted) {
      const [began, worked] = [performance.now(), workedMs()];
      const answer = await fetch(server.url + path);
      await answer.text();
      expect(answer.status).toBe(200);
      longest = Math.max(longest, Math.min(performance.now() - began, workedMs() - worked));
    }
    return longest;
  });
  return async () => {
    watching.abort();
    return Math.max(...(await Promise.all(others)));
  };
};

interface Keeper {
  name: string;
  leads: number;
  start: () => Promise<TestServer>;
}

const keepers: Keeper[] = [
  { name: 'sqlite', leads: 10_000, start: () => startServer() },
  {
    name: 'memory',
    leads: 10_000,
    start: async () => startServer({ store: await openMemoryStore({ clock: systemClock }) }),
  },
  ...(hasMongo
    ? [
        {
          name: 'mongodb',
          leads: 1000,
          start: async () => startServer({ env: { MONGODB_URL: await freshMongoUrl('export') } }),
        },
      ]
    : []),
];

describe.each(keepers)('an export on $name', ({ name, leads, start }) => {
  let server: TestServer;
  let tenant: Tenant;
  beforeAll(async () => {
    server = await start();
    tenant = await addTenant(server);
    const { documents } = server.node.store;
    // The oldest leads are the honest ones: what they say must not be pushed out by those that came after.
    for (let n = 0; n < leads; n += 250) {
      const isHonest = n === 0;
      await Promise.all(
        Array.from({ length: 250 }, () =>
          documents.leads.put(leadOf(tenant.orgId, isHonest ? { budget: '=1+1' } : randomFields(20))),
        ),
      );
    }
  }, 120_000);
  afterAll(() => server.stop());

  const fetchFile = async (more: RequestInit = {}): Promise<Response> =>
    fetch(`${server.url}/api/console/leads/export`, {
      headers: { authorization: `Bearer ${tenant.token}` },
      ...more,
    });

  test(
    'of random field names has at most 1,000 columns of them, and nobody waits for it',
    { timeout: 120_000 },
    async () => {
      const stop = watchOthers(server);
      const before = process.memoryUsage().rss;
      const began = performance.now();
      const answer = await fetchFile();
      const text = await answer.text();
      const tookMs = performance.now() - began;
      const longest = await stop();
      const grownMb = (process.memoryUsage().rss - before) / 1e6;
      console.log(
        `${name}: ${text.length} bytes, ${tookMs.toFixed(0)} ms, others ${longest.toFixed(0)} ms, ${grownMb.toFixed(0)} MB`,
      );
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
      expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="leads-\d{4}-\d\d-\d\d\.csv"$/);
      const rows = text.split('\r\n');
      const [header = ''] = rows;
      const columns = header.split(',');
      expect(rows).toHaveLength(leads + 2);
      expect(columns).toHaveLength(fixedColumns + 1000 + 1);
      expect(columns).toContain('"budget"');
      expect(columns.at(-1)).toBe('"custom fields left out"');
      expect(rows.filter((row) => row.includes(`"'=1+1"`))).toHaveLength(250);
      expect(longest).toBeLessThan(patienceMs);
      expect(grownMb).toBeLessThan(400);
    },
  );

  test('of few names has a column for each, and says nothing of others', async () => {
    const other = await addTenant(server);
    const { documents } = server.node.store;
    await documents.leads.put(leadOf(other.orgId, { b: '1', a: 'x, "y"' }));
    await documents.leads.put(leadOf(other.orgId, { c: '2' }));
    const headers = { authorization: `Bearer ${other.token}` };
    const text = await (await fetchFile({ headers })).text();
    const [header = '', ...rows] = text.trimEnd().split('\r\n');
    expect(header.split(',').slice(fixedColumns)).toEqual(['"a"', '"b"', '"c"']);
    expect(new Set(rows.map((row) => row.split('"c","v",')[1]))).toEqual(new Set([',,"2"', '"x, ""y""","1",']));
  });

  test('whose reader goes away ends, and the next one is whole', { timeout: 60_000 }, async () => {
    const gone = new AbortController();
    const answer = await fetchFile({ signal: gone.signal });
    const reader = answer.body!.getReader();
    await reader.read();
    gone.abort();
    await expect(reader.read()).rejects.toThrow('aborted');
    expect((await (await fetchFile()).text()).split('\r\n')).toHaveLength(leads + 2);
  });

  test('is announced to HEAD without a body', async () => {
    const answer = await fetchFile({ method: 'HEAD' });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });
});
