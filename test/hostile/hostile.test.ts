// Every event and every route against what no client of ours would send. `npm run hostile` runs all of it, `npm test` a part.
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { staffCommands, visitorCommands } from '../../shared/commands.ts';
import type { CommandSpec } from '../../shared/commands.ts';
import { consoleRoutes } from '../../shared/console-api.ts';
import type { RouteSpec } from '../../shared/console-api.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import { newSecret, newUuid } from '../../shared/ids.ts';
import type { View } from '../../shared/view.ts';
import { connectStaff, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { canaryMs, startCanary } from './canary.ts';
import type { Canary } from './canary.ts';
import { casesOf } from './mutations.ts';
import type { Case, Fill } from './mutations.ts';
import { faultOf, inTurns, isWhole, some, startTarget } from './target.ts';
import type { Target } from './target.ts';
import { guesses, marker } from './values.ts';

/** Said by a visitor, typed as a password: nowhere in the log. */
const secret = 'canary-secret-5f1e';

let target: Target;
let canary: Canary;
let visitor: RawClient;
let staff: RawClient;
let conversationId: string;
let sessionToken: string;
const ids: Record<string, string> = {};
let count = 0;

const http = async (
  method: string,
  path: string,
  options: { body?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> } = {},
): Promise<{ status: number; text: string; error: unknown }> => {
  const response = await fetch(`${target.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { authorization: `Bearer ${target.token}`, ...options.headers },
    ...(options.body === undefined ? {} : { body: options.body }),
  });
  const text = await response.text();
  let error: unknown;
  try {
    ({ error } = JSON.parse(text) as { error: unknown });
  } catch {
    error = undefined;
  }
  count += 1;
  return { status: response.status, text, error };
};
const json = { 'content-type': 'application/json' };
const post = async <T>(path: string, body: object): Promise<T> =>
  JSON.parse((await http('POST', `/api/console${path}`, { body: JSON.stringify(body), headers: json })).text) as T;

beforeAll(async () => {
  target = await startTarget();
  canary = await startCanary(target.url, target.widgetKey);
  const scene = await openVisitor(target.url, target.widgetKey);
  visitor = scene.client;
  conversationId = scene.conversationId;
  sessionToken = scene.view.sessionToken;
  await visitor.must('message:send', { conversationId, clientId: newUuid(), text: `Hello ${secret}` });
  staff = await connectStaff(target.url, target.token);
  const { widget } = await post<{ widget: { id: string; assistantId: string } }>('/widgets', { name: 'Victim' });
  const invite = { name: 'Victim', email: 'victim@example.com', role: 'agent' };
  const { member } = await post<{ member: { id: string } }>('/members', invite);
  const { article } = await post<{ article: { id: string } }>(`/assistants/${widget.assistantId}/articles`, {
    title: 'Victim',
    text: 'Text',
  });
  const { key } = await post<{ key: { id: string } }>('/keys', { kind: 'v1', name: 'Victim' });
  const { pipeline } = await post<{ pipeline: { id: string } }>('/pipelines', {
    name: 'Victim',
    stages: [{ key: 'new', name: 'New' }],
  });
  const { ban } = await post<{ ban: { id: string } }>('/bans', { range: '198.51.100.0/24' });
  const { contacts } = JSON.parse((await http('GET', '/api/console/contacts')).text) as { contacts: { id: string }[] };
  Object.assign(ids, {
    keys: key.id,
    bans: ban.id,
    pipelines: pipeline.id,
    contacts: contacts[0]!.id,
    widgets: widget.id,
    members: member.id,
    assistants: widget.assistantId,
    articles: article.id,
    conversations: conversationId,
  });
});
afterAll(async () => {
  console.log(`${count} hostile inputs; the canary waited at most ${Math.round(slowest)} ms`);
  visitor.close();
  staff.close();
  canary.close();
  await target.stop();
});
/** The slowest answer that the canary got, ms. */
let slowest = 0;
afterEach(async () => {
  if (!target.isAlive()) throw new Error(`the server died: ${target.log().slice(-2000)}`);
  slowest = Math.max(slowest, await canary.sings());
});

/** What somebody did since; the answerer works on whatever an earlier case asked it. */
const doneSince = async (sinceSeq: number): Promise<VisibleFact[]> => {
  const { facts } = await staff.must<View>('facts:since', { conversationId, sinceSeq });
  return facts.filter((fact) => {
    if (fact.type === 'message.created') return fact.author.kind === 'visitor' || fact.author.kind === 'agent';
    return !['reply.claimed', 'reply.failed', 'draft.created'].includes(fact.type);
  });
};
const headOf = async (): Promise<number> => (await staff.must<View>('facts:since', { conversationId })).head.seq;

/** Problems that answers to these cases show. */
const problemsOf = async (
  cases: readonly Case[],
  atOnce: number,
  ask: (one: Case) => Promise<string | undefined>,
): Promise<string[]> => {
  const faults = await inTurns(cases, atOnce, ask);
  return faults.flatMap((fault, i) => (fault === undefined ? [] : [`${cases[i]!.label} ${fault}`]));
};

describe.each([
  ['/widget', visitorCommands, () => visitor],
  ['/console', staffCommands, () => staff],
] as const)('every event of %s', (_, table, speaker) => {
  const fill = (): Fill => ({
    conversationId,
    clientId: newUuid(),
    fileIds: undefined,
    since: { seq: 0, id: '' },
    phone: '+44 20 7946 0000',
    agentId: ids['members'],
    cursor: undefined,
  });

  it.each(Object.entries(table) as [string, CommandSpec][])('%s', async (name, spec) => {
    const cases = casesOf(spec.input, fill(), (all) => some(all, 7, name.length));
    const ask = async ({ input, mustRefuse }: Case): Promise<string | undefined> => {
      count += 1;
      // A clientId of its own, or the repeat of another case would be a conflict.
      const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
      const hasKey = isObject && (input as { clientId?: unknown }).clientId === first;
      const ack = await speaker().ask(name, hasKey ? { ...input, clientId: newUuid() } : input);
      if (ack.ok) return mustRefuse ? 'was accepted' : undefined;
      if (mustRefuse && ack.error.code !== 'invalid' && ack.error.code !== 'too_large') {
        return `was refused as ${ack.error.code}`;
      }
      return faultOf(ack.error);
    };
    const first = (cases.find(({ label }) => label === 'as it should be')?.input as Fill | undefined)?.['clientId'];
    const bad = cases.filter(({ mustRefuse }) => mustRefuse);
    expect(bad.length).toBeGreaterThan(5);
    const before = await headOf();
    expect(await problemsOf(bad, 50, ask)).toEqual([]);
    expect(await doneSince(before)).toEqual([]);
    const others = cases.filter(({ mustRefuse }) => !mustRefuse);
    expect(await problemsOf(others, 20, ask)).toEqual([]);
  });
});

describe('every route of the console', () => {
  const fill: Fill = { email: 'mallory@example.com', password: `${secret}-password`, assistantId: undefined };
  const pathOf = (path: string, id: string): string => `/api/console${path.replace(':id', encodeURIComponent(id))}`;

  it.each(Object.entries(consoleRoutes) as [string, RouteSpec][])('%s', async (route, spec) => {
    const [method = '', path = ''] = route.split(' ');
    const real = ids[path.split('/')[1] ?? ''] ?? '';
    const problems: string[] = [];
    const note = (what: string, fault: string | undefined): void => {
      if (fault !== undefined) problems.push(`${what} ${fault}`);
    };
    const refused = (
      { status, error }: { status: number; error: unknown },
      ...expected: number[]
    ): string | undefined => (expected.includes(status) ? faultOf(error, status) : `gave ${status}`);

    if (spec.body !== undefined) {
      const isHashing = route.endsWith('/login') || path === '/link' || path === '/me';
      const every = isHashing ? 9 : path.startsWith('/widgets') ? 31 : 7;
      const cases = casesOf(spec.body, fill, (all) => some(all, every, route.length));
      const found = await problemsOf(cases, 8, async ({ input, mustRefuse }) => {
        const body = JSON.stringify(input) ?? '';
        const answer = await http(method, pathOf(path, real), { body, headers: json });
        if (mustRefuse) return refused(answer, 400);
        if (answer.status >= 500) return `gave ${answer.status}`;
        return answer.status >= 400 ? faultOf(answer.error, answer.status) : undefined;
      });
      problems.push(...found);
      const strange: [string, string | Uint8Array<ArrayBuffer>, Record<string, string>, number[]][] = [
        ['half a JSON', `{"a":"${marker}`, json, [400]],
        ['no UTF-8', Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), json, [400]],
        ['a form', `a=${marker}`, { 'content-type': 'application/x-www-form-urlencoded' }, [415]],
        ['no type', new TextEncoder().encode('{}'), { 'content-type': '' }, [415]],
        ['an encoding of no kind', '{}', { ...json, 'content-encoding': marker }, [415]],
        ['no gzip', '{}', { ...json, 'content-encoding': 'gzip' }, [400]],
        ['a megabyte and more', `{"a":"${'x'.repeat(1024 * 1024)}"}`, json, [413]],
        ['another charset', '{}', { 'content-type': 'application/json; charset=latin1' }, [415]],
      ];
      for (const [what, body, headers, expected] of strange) {
        note(what, refused(await http(method, pathOf(path, real), { body, headers }), ...expected));
      }
    }
    if (spec.who !== 'public') {
      const forged: Record<string, string>[] = [
        { authorization: '' },
        { authorization: `Bearer ${newSecret('con')}` },
        { authorization: 'Bearer null' },
        { authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` },
        { authorization: '', cookie: `tiller=${newSecret('cookie')}` },
        { authorization: '', cookie: `tiller=${target.token}` },
        { authorization: `Bearer ${sessionToken}` },
      ];
      for (const headers of forged) {
        // What a stranger sends is not even read.
        const body = method === 'GET' ? {} : { body: `{"${marker}` };
        note(
          'forged',
          refused(await http(method, pathOf(path, real), { headers: { ...json, ...headers }, ...body }), 401),
        );
      }
      // A key that is known, but opens something else.
      const elsewhere = { ...json, authorization: `Bearer ${target.widgetKey}` };
      note('a public key', refused(await http(method, pathOf(path, real), { headers: elsewhere }), 403));
    }
    if (path.includes(':id') && method !== 'DELETE') {
      const valid =
        spec.body === undefined ? {} : { body: '{"name":"x","title":"x","text":"x","which":"catyKey"}', headers: json };
      for (const guess of some(guesses, 3)) {
        if (guess === '.' || guess === '..') continue;
        note(`guess ${guess.slice(0, 20)}`, refused(await http(method, pathOf(path, guess), valid), 404));
      }
      const broken = await http(method, `/api/console${path.replace(':id', '%ff%')}`, valid);
      note('a broken escape', refused(broken, 400, 404));
    }
    if (method !== 'GET') {
      const foreign = { ...json, origin: 'https://evil.example' };
      note('another site', refused(await http(method, pathOf(path, real), { headers: foreign, body: '{}' }), 403));
    }
    for (const wrong of ['PUT', 'OPTIONS', 'PROPFIND']) {
      const { status } = await http(wrong, pathOf(path, real));
      if (status !== 405 && status !== 204) problems.push(`${wrong} gave ${status}`);
    }
    expect(problems).toEqual([]);
  });

  it('takes any query for a search', async () => {
    for (const guess of some([...guesses, '"', '*', 'AND', 'NEAR(', 'a" OR "b', '- -', 'x'.repeat(300)], 2)) {
      for (const query of [
        `q=${encodeURIComponent(guess)}`,
        `q[$gt]=${encodeURIComponent(guess)}`,
        `q=a&q=${marker}`,
      ]) {
        const { status, error } = await http('GET', `/api/console/search?${query}`);
        expect([200, 400]).toContain(status);
        if (status === 400) expect(faultOf(error, 400)).toBeUndefined();
      }
    }
  });
});

describe('the public view', () => {
  it('of no key that was guessed exists', async () => {
    for (const guess of [...guesses, 'wgt_000000000000000000000000', `caty_${'0'.repeat(32)}`, target.token]) {
      if (guess === '.' || guess === '..') continue;
      const { status, error } = await http('GET', `/w/${encodeURIComponent(guess)}`);
      expect(status).toBe(404);
      expect(faultOf(error, 404)).toBeUndefined();
    }
    expect((await http('GET', '/w/%ff')).status).toBe(400);
  });

  it('bears any session, origin and tag', async () => {
    // One of its own: the commands above sign out as well.
    const { client, view } = await openVisitor(target.url, target.widgetKey);
    client.close();
    const { sessionToken } = view;
    for (const value of [newSecret('sess'), sessionToken, 'x'.repeat(5000), '__proto__', '{"$gt":""}', 'null']) {
      const headers = { 'x-session-id': value, 'if-none-match': value, 'sec-fetch-site': value };
      const { status, text } = await http('GET', `/w/${target.widgetKey}`, { headers });
      expect(status).toBe(200);
      expect((JSON.parse(text) as { unread?: number }).unread !== undefined).toBe(value === sessionToken);
    }
  });
});

describe('bytes that are no request', () => {
  const say = (bytes: string | Buffer): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(target.url);
      let answer = '';
      const tcp = connect(Number(port), hostname, () => tcp.write(bytes));
      tcp.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      tcp.on('error', () => undefined);
      tcp.on('close', () => resolve(answer));
      tcp.setTimeout(15_000, () => {
        tcp.destroy();
        reject(new Error(`no answer to ${String(bytes).slice(0, 40)}`));
      });
    });
  const head = 'Host: x\r\nConnection: close\r\n';

  it.each([
    ['noise', Buffer.from('16030100a5010000a1', 'hex'), /^HTTP\/1\.1 400/],
    ['a version of no kind', 'GET / HTTP/9.9\r\n\r\n', /^HTTP\/1\.1 400/],
    ['a NUL in a header', `GET / HTTP/1.1\r\n${head}X: a\u0000b\r\n\r\n`, /^HTTP\/1\.1 400/],
    [
      'two lengths',
      `POST /api/console/login HTTP/1.1\r\n${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
      /^HTTP\/1\.1 400/,
    ],
    [
      'a length and chunks',
      `POST /api/console/login HTTP/1.1\r\n${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 400/,
    ],
    ['headers without end', `GET / HTTP/1.1\r\n${head}X: ${'x'.repeat(40_000)}\r\n\r\n`, /^HTTP\/1\.1 431/],
    ['no host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400/],
    ['a path out of the house', `GET /../../etc/passwd HTTP/1.1\r\n${head}\r\n`, /^HTTP\/1\.1 404/],
    ['a path out of the widget', `GET /widget/..%2f..%2fpackage.json HTTP/1.1\r\n${head}\r\n`, /^HTTP\/1\.1 40[04]/],
    ['an address of another server', `GET http://evil.example/ HTTP/1.1\r\n${head}\r\n`, /^HTTP\/1\.1 [24]/],
    [
      'an upgrade to nothing',
      `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
      /^(HTTP\/1\.1 |$)/,
    ],
  ])('%s is refused', async (_, bytes, expected) => {
    count += 1;
    const answer = await say(bytes);
    expect(answer).toMatch(expected);
    expect(answer).not.toMatch(/HTTP\/1\.1 5|root:|node_modules/);
  });
});

describe('text', () => {
  it('that is merely strange is stored as it came', async () => {
    const { client, conversationId: id } = await openVisitor(target.url, target.widgetKey);
    const texts = [
      '\u202Eright to left\u202C',
      '<b>bold</b> & "quoted" \\ `code`',
      'zero\u200Bwidth \uFEFF',
      "Robert'); DROP TABLE commits;--",
      '${7*7} {{7*7}} %s',
      'line\r\nbreak\ttab\u0007bell',
      '🏳️‍🌈 नमस्ते 中文 العربية',
      'e\u0301 and é',
    ];
    for (const text of texts) await client.must('message:send', { conversationId: id, clientId: newUuid(), text });
    const { facts } = await client.must<View>('facts:since', { conversationId: id, sinceSeq: 0 });
    const said = facts.flatMap((fact) =>
      fact.type === 'message.created' && fact.author.kind === 'visitor' ? [fact.text] : [],
    );
    expect(said).toEqual(texts);
    client.close();
  });

  it.each(['a\u0000b', '\ud800', 'x\udc00y'])('with NUL or half a character is refused: %j', async (text) => {
    const ack = await visitor.ask('message:send', { conversationId, clientId: newUuid(), text });
    expect(ack).toMatchObject({ ok: false, error: { code: 'invalid' } });
  });
});

it('a key that the caller made up is not repeated to them', async () => {
  const customFields = { [marker.repeat(9)]: 'x', [marker.repeat(6)]: 7, size: 7 };
  const ack = await visitor.ask('lead:submit', { conversationId, name: 'Ann', customFields });
  expect(ack).toMatchObject({ ok: false, error: { code: 'invalid' } });
  expect(JSON.stringify(ack)).toContain('customFields.size');
  expect(JSON.stringify(ack)).not.toContain(marker);
});

it('forged credentials open no socket', async () => {
  for (const token of [
    newSecret('con'),
    newSecret('cookie'),
    target.widgetKey,
    sessionToken,
    '__proto__',
    'x'.repeat(199),
  ]) {
    await expect(connectStaff(target.url, token)).rejects.toMatchObject({ data: { code: 'unauthenticated' } });
  }
  const stranger = await openVisitor(target.url, target.widgetKey, { sessionToken: newSecret('sess') });
  for (const guess of some([conversationId, ...guesses], 2)) {
    const ack = await stranger.client.ask('facts:since', { conversationId: guess, sinceSeq: 0 });
    expect(ack.ok).toBe(false);
  }
  stranger.client.close();
});

it('nobody else has waited', () => {
  expect(slowest).toBeLessThan(canaryMs);
});

it('the log has told no secret, and of no failure', () => {
  const log = target.log();
  expect(log).toContain('"msg":"request"');
  for (const hidden of [secret, target.token, sessionToken, 'Bearer ']) expect(log).not.toContain(hidden);
  expect(log.split('\n').filter((line) => line.includes('"level":"error"'))).toEqual([]);
  expect(log).not.toMatch(/UnhandledPromiseRejection|uncaughtException/);
  expect(count).toBeGreaterThan(isWhole ? 10_000 : 1000);
});
