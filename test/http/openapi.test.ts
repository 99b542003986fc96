import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dialects } from '../../server/edges/http/dialects/index.ts';
import { consoleRoutes } from '../../shared/console-api.ts';
import { restFixtures } from '../contracts/fixture.ts';
import type { RestFixture } from '../contracts/fixture.ts';
import { undocumented } from '../support/openapi.ts';
import type { OpenApi } from '../support/openapi.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
let document: OpenApi;
beforeAll(async () => {
  server = await startServer();
  document = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi;
});
afterAll(() => server.stop());

const operations = (): [string, string, OpenApi['paths'][string][string]][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, typeof operation] => [path, method, operation]),
  );

const refsOf = (value: unknown): string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : refsOf(inner)));

describe('the OpenAPI document', () => {
  it('names every route of every contract and of the console', () => {
    const named = new Set(operations().map(([path, method]) => `${method.toUpperCase()} ${path}`));
    const expected = [
      ...dialects.flatMap(({ routes }) => Object.keys(routes)),
      ...Object.keys(consoleRoutes).map((name) => name.replace(' ', ' /api/console')),
    ].map((name) => name.replaceAll(/:(\w+)/g, '{$1}'));
    expect(expected.filter((name) => !named.has(name))).toEqual([]);
    expect(named.size).toBeGreaterThan(Object.keys(consoleRoutes).length);
  });

  it('names each operation once, with every parameter of its path', () => {
    const ids = operations().map(([, , { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, , { operationId, parameters = [] }] of operations()) {
      const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`);
      expect([operationId, ...inPath]).toEqual([operationId, ...(path.match(/\{\w+\}/g) ?? [])]);
    }
  });

  it('refers to nothing that it does not hold, and holds nothing that it does not use', () => {
    const refs = new Set(refsOf(document));
    for (const ref of refs) {
      const found = ref
        .slice(2)
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      expect(found, ref).toBeDefined();
    }
    const unused = Object.keys(document.components.schemas).filter((name) => !refs.has(`#/components/schemas/${name}`));
    expect(unused).toEqual([]);
  });

  it('lets in by schemes that it describes, each named once', () => {
    const names = dialects.flatMap(({ security }) => Object.keys(security));
    expect(new Set(names).size).toBe(names.length);
    const used = operations().flatMap(([, , { security = [] }]) => security.flatMap((one) => Object.keys(one)));
    expect(used.filter((name) => document.components.securitySchemes[name] === undefined)).toEqual([]);
  });

  it('shows the examples of the published documents', () => {
    /** `{"...": "..."}` is any object, `"..."` anything; an excerpt leaves keys out. */
    const fits = (printed: unknown, shown: unknown, isExcerpt: boolean): boolean => {
      if (printed === '...') return shown !== undefined;
      if (typeof printed !== 'object' || printed === null) return printed === shown;
      if (typeof shown !== 'object' || shown === null) return false;
      if ('...' in printed) return true;
      const keys = Object.keys(printed);
      return (
        (isExcerpt || JSON.stringify(keys) === JSON.stringify(Object.keys(shown))) &&
        keys.every((key) => fits(Reflect.get(printed, key), Reflect.get(shown, key), isExcerpt))
      );
    };
    const rest = restFixtures as (RestFixture & { name: string; status: number })[];
    const isExcerpt = ({ document: of }: RestFixture): boolean =>
      rest.some((one) => one.document === of && one.part !== undefined);
    const missing = rest.flatMap((fixture) => {
      const { name, method, path, status, request, response } = fixture;
      const operation = document.paths[path]?.[method.toLowerCase()];
      const sent = operation?.requestBody?.content['application/json']?.example;
      const answered = operation?.responses[status]?.content?.['application/json']?.example;
      const isShown =
        (request === undefined || fits(request, sent, false)) && fits(response, answered, isExcerpt(fixture));
      return isShown ? [] : [name];
    });
    expect(missing).toEqual([]);
  });

  it('describes its own examples', () => {
    for (const [path, method, { responses }] of operations()) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        const body = content['application/json']?.example;
        if (body === undefined) continue;
        const answer = { method, path, status: Number(status), type: 'application/json', body };
        expect(undocumented(document, answer)).toBeUndefined();
      }
    }
  });

  it('is not sent twice to whoever holds it', async () => {
    for (const path of ['/openapi.json', '/asyncapi.json']) {
      const first = await fetch(`${server.url}${path}`);
      const tag = first.headers.get('etag') ?? '';
      expect(tag).not.toBe('');
      const again = await fetch(`${server.url}${path}`, { headers: { 'if-none-match': tag } });
      expect([again.status, await again.text()]).toEqual([304, '']);
    }
  });
});

const hasValidator = spawnSync('openapi-spec-validator', ['--version']).status === 0;

describe.skipIf(!hasValidator)(
  'by the schema of OpenAPI 3.1 (needs openapi-spec-validator)',
  { timeout: 60_000 },
  () => {
    it('is valid', () => {
      const folder = mkdtempSync(join(tmpdir(), 'tiller-openapi-'));
      try {
        writeFileSync(join(folder, 'openapi.json'), JSON.stringify(document));
        const ran = spawnSync('openapi-spec-validator', [join(folder, 'openapi.json')], { encoding: 'utf8' });
        expect([ran.status, ran.stdout, ran.stderr]).toEqual([0, expect.stringContaining('OK'), '']);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  },
);
