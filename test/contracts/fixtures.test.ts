// Every example of the four documents against a real server.
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { callFixture, curlFor } from './calls.ts';
import { curlOf } from './curl.ts';
import { embedFixtures, fixtureIndex, restFixtures } from './fixture.ts';
import type { Field, RestFixture } from './fixture.ts';
import { breaches } from './shape.ts';
import type { Promises } from './shape.ts';

const run = promisify(execFile);
const hasCurl = spawnSync('curl', ['--version']).status === 0;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

type Example = RestFixture & { name: string; status: number };
type Body = Record<string, unknown>;

const examples = restFixtures as Example[];
const provisioning = examples.filter(({ curl }) => curl !== undefined);
const parts = examples.filter(({ part }) => part !== undefined);
/** In the document's order: what comes first makes what comes later possible. */
const chatting = Object.values(fixtureIndex)
  .flat()
  .flatMap((name) => examples.filter((one) => one.name === name))
  .filter(({ curl, part }) => curl === undefined && part === undefined);

/** The provisioning example of the same document. */
const lineOf = ({ document }: Example): Example => provisioning.find((one) => one.document === document)!;

const defaultsOf = (fields: readonly Field[] = []): Body =>
  Object.fromEntries(fields.flatMap((field) => (field.default === undefined ? [] : [[field.name, field.default]])));

/** Dialects whose answers hold the example's keys alone. The third document's three keys are an excerpt. */
const promisesOf = (example: Example): Promises => ({
  known: {
    ...defaultsOf(example.fields),
    ...(lineOf(example)?.request as Body | undefined),
    ...(example.request as Body),
  },
  isEcho: example.curl !== undefined || example.part !== undefined,
  hasExactKeys: !parts.some(({ document }) => document === example.document),
  mayBeNull: false,
});

/** What is wrong with an answer to an example; empty where nothing is. */
const faultsOf = (
  example: Example,
  { status, body }: { status: number; body: unknown },
  more: Partial<Promises> = {},
): string[] =>
  status === example.status
    ? breaches(example.response, body, { ...promisesOf(example), ...more })
    : [`${status} instead of ${example.status}: ${JSON.stringify(body)}`];

describe.skipIf(!hasCurl)('the lines as pasted, flags included (needs curl)', () => {
  it.each(provisioning)('$name', async (example) => {
    const line = `${curlFor(server, example.curl!)} -s -w '\\n%{http_code}'`;
    const { stdout } = await run('sh', ['-c', line]);
    const end = stdout.lastIndexOf('\n');
    const answer = { status: Number(stdout.slice(end + 1)), body: JSON.parse(stdout.slice(0, end)) as unknown };
    expect(faultsOf(example, answer)).toEqual([]);
  });
});

describe('the provisioning examples', () => {
  it.each(provisioning)('$name answers as printed', async (example) => {
    expect(faultsOf(example, await callFixture(server, example))).toEqual([]);
  });

  const invalidStatus = (example: Example): number => (curlOf(example.curl!).url.search === '' ? 400 : 422);

  it.each(provisioning)('$name: what the document requires is required, and named', async (example) => {
    const required = example.fields!.filter(({ isRequired }) => isRequired);
    expect(required).not.toEqual([]);
    for (const { name } of required) {
      const { [name]: _, ...body } = example.request as Body;
      const answer = await callFixture(server, example, { body });
      expect(answer.status, name).toBe(invalidStatus(example));
      expect(JSON.stringify(answer.body)).toContain(name);
    }
  });

  it.each(provisioning)('$name: fields have the documented types', async (example) => {
    for (const { name, type, options } of example.fields!) {
      const isNullable = type.endsWith('| null');
      const wrong: unknown = type.startsWith('boolean') ? 'yes' : 17;
      const refused = await callFixture(server, example, { body: { ...(example.request as Body), [name]: wrong } });
      expect(refused.status, `${name}: ${JSON.stringify(wrong)}`).toBe(invalidStatus(example));
      expect(JSON.stringify(refused.body)).toContain(name);
      if (isNullable) {
        const taken = await callFixture(server, example, { body: { ...(example.request as Body), [name]: null } });
        expect(taken.status, `${name}: null`).toBe(example.status);
        expect(JSON.stringify(taken.body)).toContain(`"${name}":null`);
      }
      for (const option of options ?? []) {
        const taken = await callFixture(server, example, { body: { ...(example.request as Body), [name]: option } });
        expect(taken.status, `${name}: ${option}`).toBe(example.status);
        expect(JSON.stringify(taken.body)).toContain(`"${name}":"${option}"`);
      }
    }
  });

  it.each(provisioning)('$name: what is left out has the documented default', async (example) => {
    const fields = example.fields!;
    const sent = example.request as Body;
    const body = Object.fromEntries(
      fields.filter(({ isRequired }) => isRequired).map(({ name }) => [name, sent[name]]),
    );
    const answer = await callFixture(server, example, { body });
    expect(answer.status).toBe(example.status);
    const shown = JSON.stringify(answer.body);
    for (const [name, value] of Object.entries(defaultsOf(fields))) {
      if (shown.includes(`"${name}":`)) expect(shown).toContain(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
    }
  });
});

describe('the stored document of the third contract', () => {
  /** The smallest picture: one transparent pixel. */
  const pixel = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
    'base64',
  );

  it.each(parts)('$method $path holds what it shows', async (example) => {
    const line = lineOf(example);
    const form = new FormData();
    form.set('file', new Blob([pixel], { type: 'image/png' }), 'icon.png');
    const uploaded = await fetch(`${server.url}${line.path}/icons`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.firstRun.keys.webchats}` },
      body: form,
    });
    const text = await uploaded.text();
    expect(uploaded.ok, text).toBe(true);
    const [, key] = /"(?:key|icon|iconKey|storageKey)":"([^"]+)"/.exec(text) ?? [];
    const body = { ...(line.request as Body), icon: key };
    const made = await callFixture(server, line);
    const [, id = ''] = /"_id":"(\w+)"/.exec(JSON.stringify(made.body)) ?? [];
    const answer = await callFixture(server, example, { body, id }, line);
    expect(faultsOf(example, answer)).toEqual([]);
    const { icon } = (answer.body as { data: { icon: string } }).data;
    const fetched = await fetch(icon);
    expect(fetched.status).toBe(200);
    expect(Buffer.from(await fetched.arrayBuffer()).equals(pixel)).toBe(true);
  });
});

describe('the chat of the fourth contract', () => {
  const sessionOf = ({ body }: { body: unknown }): string | undefined => (body as { session_id?: string }).session_id;
  const opening = chatting.find(({ response }) => sessionOf({ body: response }) !== undefined)!;

  it('answers to one session on a fresh start, request after request; what is switched off is null', async () => {
    const fresh = await startServer();
    try {
      let session: string | undefined;
      const found: Record<string, unknown> = {};
      for (const example of chatting) {
        const answer = await callFixture(fresh, example, { session });
        session ??= sessionOf(answer);
        const faults = faultsOf(example, answer, { mayBeNull: true });
        if (faults.length > 0) found[example.name] = [faults, answer.body];
      }
      expect(chatting.length).toBeGreaterThan(5);
      expect(session).toBeDefined();
      expect(found).toEqual({});
    } finally {
      await fresh.stop();
    }
  });

  it('answers as printed to the session just created, on a widget that speaks first', async () => {
    const { firstRun } = server;
    const admin = { authorization: `Bearer ${firstRun.keys.console}`, 'content-type': 'application/json' };
    const { widgets } = (await (await fetch(`${server.url}/api/console/widgets`, { headers: admin })).json()) as {
      widgets: { id: string; catyKey: string }[];
    };
    const widget = widgets.find(({ catyKey }) => catyKey === firstRun.keys.widget)!;
    const triggers = [{ type: 'high_engagement', score: 1, message: '' }];
    const set = await fetch(`${server.url}/api/console/widgets/${widget.id}`, {
      method: 'PATCH',
      headers: admin,
      body: JSON.stringify({ proactive: { isEnabled: true, cooldownSeconds: 30, triggers } }),
    });
    expect(set.status).toBe(200);
    const found: Record<string, unknown> = {};
    for (const example of chatting) {
      const session = sessionOf(await callFixture(server, opening));
      const answer = await callFixture(server, example, { session });
      const faults = faultsOf(example, answer);
      if (faults.length > 0) found[example.name] = [faults, answer.body];
    }
    expect(found).toEqual({});
  });
});

describe('the embed code', () => {
  it.each(embedFixtures)('$name is the code that every widget gets, spaces apart', async ({ document, code }) => {
    const example = provisioning.find((one) => one.document === document)!;
    const { body } = await callFixture(server, example);
    const made = body as { embed_code: string; widget_key: string };
    const bare = (text: string): string => text.replaceAll(/\s/g, '');
    const [, address = ''] = /'(https?:\/\/[^']+)\/widget\//.exec(code) ?? [];
    expect(bare(made.embed_code)).toBe(
      bare(code.replace(address, server.url).replace('YOUR_WIDGET_KEY', made.widget_key)),
    );
  });
});
