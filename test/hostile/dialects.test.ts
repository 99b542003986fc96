// Every route of the four contracts against what no client would send: refused in the contract's own envelope, and nothing
// of it is stored. The schemas of the tables say what must be refused.
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dialects } from '../../server/edges/http/dialects/index.ts';
import type { Dialect, DialectRoute } from '../../server/edges/http/dialects/dialect.ts';
import { newSecret } from '../../shared/ids.ts';
import { dialectCalls } from '../dialects/route-calls.ts';
import type { RouteCall } from '../dialects/route-calls.ts';
import { onePixel, pictureForm, renewed, settle } from '../support/party.ts';
import type { Party } from '../support/party.ts';
import { canaryMs, startCanary } from './canary.ts';
import type { Canary } from './canary.ts';
import { casesOf } from './mutations.ts';
import type { Case, Fill } from './mutations.ts';
import { inTurns, isWhole, leaks, some, startTarget } from './target.ts';
import type { Target } from './target.ts';
import { guesses, isStrange, isStrangeButDollar, marker } from './values.ts';

/** Said by a visitor and named in an organisation: nowhere in the log. */
const secret = 'canarysecret5f1e';
/** Cases of one body in the tests of every day. */
const casesADay = 40;

let target: Target;
let canary: Canary;
let party: Party;
let slowest = 0;
let count = 0;

beforeAll(async () => {
  target = await startTarget();
  party = await settle(target.url, target.token, secret);
  canary = await startCanary(target.url, party.widget.widgetKey);
});
afterAll(async () => {
  console.log(`${count} hostile requests; the canary waited at most ${Math.round(slowest)} ms`);
  // Also where the beginning failed: nobody else would end that process.
  (canary as Canary | undefined)?.close();
  await target.stop();
});
afterEach(async () => {
  if (!target.isAlive()) throw new Error(`the server died: ${target.log().slice(-2000)}`);
  slowest = Math.max(slowest, await canary.sings());
});

interface Reply {
  status: number;
  text: string;
}
type Body = string | Uint8Array<ArrayBuffer> | FormData;

const json = { 'content-type': 'application/json' };

const keyOf = (dialect: Dialect): Record<string, string> => {
  if (dialect.name === 'widget-api') return { 'x-api-key': party.keys.widget };
  if (dialect.name === 'v1') return { 'x-api-key': party.keys.v1 };
  return { authorization: `Bearer ${party.keys[dialect.name as 'functions' | 'webchats']}` };
};

const http = async (method: string, path: string, headers: Record<string, string>, body?: Body): Promise<Reply> => {
  count += 1;
  const response = await fetch(`${target.url}${path}`, {
    method,
    redirect: 'manual',
    headers,
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, text: await response.text() };
};

/** What is wrong with a refusal; undefined where it is in order. */
const faultOf = (dialect: Dialect, { status, text }: Reply, ...expected: number[]): string | undefined => {
  const told = text.slice(0, 200);
  if (status >= 500 || (expected.length > 0 && !expected.includes(status))) return `gave ${status}: ${told}`;
  if (status < 400) return undefined;
  if (text.includes(marker)) return `echoes its input: ${told}`;
  if (leaks.test(text)) return `tells of the inside: ${told}`;
  if (text.length > 6000) return `is ${text.length} characters long`;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return `is no JSON: ${told}`;
  }
  const parsed = dialect.errorBody(status).safeParse(body);
  return parsed.success && JSON.stringify(parsed.data) === JSON.stringify(body) ? undefined : `is no envelope: ${told}`;
};

/** What the organisation holds that such calls could change, as digests: two of them are compared, not read. */
const held = async (): Promise<string[]> => {
  const owner = { authorization: `Bearer ${target.token}` };
  const session = { 'x-api-key': party.keys.widget, 'x-session-id': party.session.sessionId };
  const looks: [path: string, headers: Record<string, string>][] = [
    ...['widgets', 'keys', 'leads', 'pipelines', 'members', `contacts/${party.contactId}`].map(
      (path): [string, Record<string, string>] => [`/api/console/${path}`, owner],
    ),
    ['/api/widget/messages', session],
  ];
  return Promise.all(
    looks.map(async ([path, headers]) => {
      const { status, text } = await http('GET', path, headers);
      const digest = createHash('sha256').update(text.replace(/,?"lastUsedAt":\d+/g, ''));
      return `${path} ${status} ${digest.digest('hex')}`;
    }),
  );
};

const searchOf = (query: Record<string, string> = {}): string => {
  const search = new URLSearchParams(query).toString();
  return search === '' ? '' : `?${search}`;
};

describe.each(dialects.map((dialect) => [dialect.name, dialect] as const))('%s', (_, dialect) => {
  it.each(Object.entries(dialect.routes) as [string, DialectRoute][])('%s', async (name, route) => {
    const [method = '', path = ''] = name.split(' ');
    const isProvisioning = dialect.name !== 'widget-api';
    const of = isProvisioning ? await renewed(party) : party;
    const good: RouteCall = dialectCalls[name]!.call(of, of);
    const place = `${path.replace(':id', good.id ?? '')}${searchOf(good.query)}`;
    const headers = { ...keyOf(dialect), ...good.headers };
    const problems: string[] = [];
    const note = (what: string, fault: string | undefined): void => {
      if (fault !== undefined) problems.push(`${what} ${fault}`);
    };
    const { invalidStatus: invalid } = dialect;

    if (route.body !== undefined && route.reads === undefined) {
      const fill: Fill = { attributes: { a: 1 }, style_params: {}, phone: '+44 20 7946 0000', ...(good.body as Fill) };
      expect(route.body.safeParse(good.body).success).toBe(true);
      const pick = <T>(all: readonly T[]): T[] => some(all, Math.ceil(all.length / casesADay), name.length);
      const isForbidden = route.allowsDollarKeys === true ? isStrangeButDollar : isStrange;
      const cases = casesOf(route.body, fill, pick, isForbidden);
      const send = async ({ input, mustRefuse, label }: Case): Promise<void> => {
        const reply = await http(method, place, { ...headers, ...json }, JSON.stringify(input) ?? '');
        note(label, mustRefuse ? faultOf(dialect, reply, invalid) : faultOf(dialect, reply));
      };
      const bad = cases.filter(({ mustRefuse }) => mustRefuse);
      expect(bad.length).toBeGreaterThan(5);
      const before = await held();
      await inTurns(bad, 8, send);
      const strange: [string, Body, Record<string, string>, number[]][] = [
        ['half a JSON', `{"a":"${marker}`, json, [invalid]],
        ['no UTF-8', Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), json, [invalid]],
        ['a form', `a=${marker}`, { 'content-type': 'application/x-www-form-urlencoded' }, [415]],
        ['a page', `<b>${marker}</b>`, { 'content-type': 'text/html' }, [415]],
        ['an encoding of no kind', '{}', { ...json, 'content-encoding': marker }, [415]],
        ['no gzip', '{}', { ...json, 'content-encoding': 'gzip' }, [invalid]],
        ['too much', `{"a":"${'x'.repeat(1024 * 1024)}"}`, json, [413]],
        ['another charset', '{}', { 'content-type': 'application/json; charset=latin1' }, [415]],
      ];
      for (const [what, body, more, expected] of strange) {
        note(what, faultOf(dialect, await http(method, place, { ...headers, ...more }, body), ...expected));
      }
      for (const key of ['x'.repeat(256), 'a b', '\u00e9', marker.repeat(40)]) {
        if (method !== 'POST') break;
        const reply = await http(method, place, { ...headers, ...json, 'idempotency-key': key }, '{}');
        note(`an Idempotency-Key ${key.slice(0, 5)}`, faultOf(dialect, reply, invalid));
      }
      expect(await held()).toEqual(before);
      await inTurns(
        cases.filter(({ mustRefuse }) => !mustRefuse),
        4,
        send,
      );
    }

    const body = method === 'GET' || method === 'DELETE' ? undefined : `{"${marker}`;
    const secrets = [newSecret('pat'), newSecret('in'), 'null', '__proto__', 'x'.repeat(500), party.session.sessionId];
    for (const forged of [undefined, ...secrets]) {
      const bearer: Record<string, string> = { authorization: `Bearer ${forged}` };
      const apiKey: Record<string, string> = forged === undefined ? {} : { 'x-api-key': forged };
      // What a stranger sends is not even read.
      note('forged', faultOf(dialect, await http(method, place, { ...json, ...apiKey }, body), 401));
      note('forged', faultOf(dialect, await http(method, place, { ...json, ...bearer }, body), 401));
    }
    const odd = {
      authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}`,
      cookie: `tiller=${target.token}`,
    };
    note('odd credentials', faultOf(dialect, await http(method, place, { ...json, ...odd }, body), 401));

    const sent = good.body === undefined || good.body instanceof FormData ? undefined : JSON.stringify(good.body);
    const type: Record<string, string> = sent === undefined ? {} : json;
    if (path.includes(':id')) {
      for (const guess of some(guesses, 3)) {
        if (guess === '.' || guess === '..') continue;
        const guessed = path.replace(':id', encodeURIComponent(guess));
        const reply = await http(method, guessed, { ...headers, ...type }, sent);
        note(`guess ${guess.slice(0, 20)}`, faultOf(dialect, reply, 404));
      }
      const broken = await http(method, path.replace(':id', '%ff%'), { ...headers, ...type }, sent);
      note('a broken escape', faultOf(dialect, broken, invalid, 404));
    }
    if (route.query !== undefined && method === 'GET') {
      const names = Object.keys((route.query as unknown as { shape: object }).shape);
      for (const one of names) {
        for (const value of some([...guesses, '1e9', '-5', 'NaN', '9'.repeat(40), marker], 3)) {
          const wrong = new URLSearchParams({ ...good.query, [one]: value }).toString();
          for (const search of [wrong, `${wrong}&${one}=${marker}`, `${one}[$gt]=${marker}`]) {
            const reply = await http(method, `${path.replace(':id', good.id ?? '')}?${search}`, headers);
            note(`?${search.slice(0, 40)}`, faultOf(dialect, reply, 200, invalid, 404));
          }
        }
      }
    }
    for (const wrong of ['PROPFIND', 'OPTIONS']) {
      const reply = await http(wrong, place, headers);
      note(wrong, reply.status === 204 ? undefined : faultOf(dialect, reply, 405));
    }
    expect(problems).toEqual([]);
  });

  it('answers below its paths where there is nothing', async () => {
    for (const prefix of dialect.prefixes) {
      for (const tail of ['/nothing/here', `/${marker}/x`, '/..%2f..%2fetc%2fpasswd', '//', '/%00', '/%']) {
        const reply = await http('GET', `${prefix}${tail}`, keyOf(dialect));
        expect([tail, faultOf(dialect, reply, 404, dialect.invalidStatus)]).toEqual([tail, undefined]);
      }
    }
  });
});

describe.each([
  ['POST /api/webchats/icons', () => ({ authorization: `Bearer ${party.keys.webchats}` })],
  ['POST /api/console/icons', () => ({ authorization: `Bearer ${target.token}` })],
] as const)('%s', (route, keyed) => {
  const path = route.slice('POST '.length);
  const pictures: [string, () => Body, number[]][] = [
    ['a page', () => pictureForm(new TextEncoder().encode(`<html><script>${marker}</script>`)), [400, 415]],
    ['a drawing with a script', () => pictureForm(new TextEncoder().encode(`<svg onload="${marker}"/>`)), [400, 415]],
    ['nothing', () => pictureForm(new Uint8Array()), [400, 415]],
    ['half a signature', () => pictureForm(onePixel.slice(0, 5)), [400, 415]],
    ['too much', () => pictureForm(Uint8Array.from([...onePixel, ...new Uint8Array(600 * 1024)])), [413]],
    ['no file', () => new FormData(), [400]],
  ];

  it.each(pictures)('refuses %s', async (_, form, expected) => {
    const before = await held();
    const { status, text } = await http('POST', path, keyed(), form());
    expect(expected, text).toContain(status);
    expect(text).not.toContain(marker);
    expect(text).not.toMatch(leaks);
    expect(await held()).toEqual(before);
  });

  it('refuses what is no form, and a form that ends early', async () => {
    const form = { 'content-type': 'multipart/form-data; boundary=x' };
    const started = `--x\r\nContent-Disposition: form-data; name="file"; filename="${marker}.png"\r\n\r\nabc`;
    const wrong: [Record<string, string>, string][] = [
      [json, '{}'],
      [{ 'content-type': 'text/plain' }, marker],
      [form, started],
      [form, marker],
      [{ 'content-type': 'multipart/form-data' }, '--x--'],
    ];
    for (const [headers, body] of wrong) {
      const { status, text } = await http('POST', path, { ...keyed(), ...headers }, body);
      expect([400, 415], text).toContain(status);
      expect(text).not.toContain(marker);
      expect(text).not.toMatch(leaks);
    }
  });

  it('takes one file, under its name alone', async () => {
    const two = pictureForm();
    two.append('file', new Blob([onePixel]), 'second.png');
    const other = new FormData();
    other.set('picture', new Blob([onePixel]), '../../evil.png');
    for (const form of [two, other]) {
      const { status, text } = await http('POST', path, keyed(), form);
      expect([400, 413], text).toContain(status);
    }
  });
});

it('the page of a widget that does not exist is not there, whatever its key is made of', async () => {
  for (const guess of guesses) {
    if (guess === '.' || guess === '..') continue;
    const { status, text } = await http('GET', `/frame/${encodeURIComponent(guess)}`, {});
    expect([400, 404]).toContain(status);
    expect(text).not.toMatch(leaks);
  }
});

it('nobody else has waited', () => {
  expect(slowest).toBeLessThan(canaryMs);
});

it('the log has told no secret, no key of a query, and of no failure', async () => {
  await http('GET', `/api/v1/widget/list?api_key=${party.keys.v1}`, {});
  await http('GET', `/api/v1/widget/list?api_key=${newSecret('in')}`, {});
  const log = target.log();
  expect(log).toContain('"msg":"request"');
  const { keys, session } = party;
  const secrets = [keys.v1, keys.functions, keys.webchats, keys.console, session.sessionId, session.visitorId];
  for (const hidden of [...secrets, secret, 'api_key', 'in-', 'Bearer ']) expect(log).not.toContain(hidden);
  expect(log.split('\n').filter((line) => line.includes('"level":"error"'))).toEqual([]);
  expect(log).not.toMatch(/UnhandledPromiseRejection|uncaughtException/);
  expect(count).toBeGreaterThan(isWhole ? 5000 : 1000);
});
