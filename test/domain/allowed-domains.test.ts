// Allowed domains, case by case: what a list means for an Origin, and as sources of `frame-ancestors`.
import { describe, expect, test } from 'vitest';
import { frameAncestorsOf, isDomainRule, isOriginAllowed } from '../../server/domain/allowed-domains.ts';

const own = { ownOrigin: 'https://chat.tiller.example' };

type Case = [list: string[], origin: string | undefined, isAllowed: boolean];

const cases: Record<string, Case[]> = {
  'an empty list allows every page': [
    [[], 'https://anything.example', true],
    [[], undefined, true],
    [[], 'null', true],
  ],
  'a bare host is https on its default port, that very host': [
    [['example.com'], 'https://example.com', true],
    [['example.com'], 'http://example.com', false],
    [['example.com'], 'https://example.com:8443', false],
    [['example.com'], 'https://www.example.com', false],
    [['www.example.com'], 'https://example.com', false],
    [['a.example', 'example.com'], 'https://example.com', true],
  ],
  'this machine is http': [
    [['localhost'], 'http://localhost', true],
    [['localhost'], 'https://localhost', false],
    [['localhost:3000'], 'http://localhost:3000', true],
    [['localhost:3000'], 'http://localhost:3001', false],
    [['localhost:*'], 'http://localhost:5173', true],
    [['127.0.0.1:*'], 'http://127.0.0.1:8080', true],
    [['[::1]:8080'], 'http://[::1]:8080', true],
    [['app.localhost:*'], 'http://app.localhost:3000', true],
  ],
  'a port is compared as a number, and the default one is none': [
    [['example.com:443'], 'https://example.com', true],
    [['example.com:8443'], 'https://example.com:8443', true],
    [['example.com:8443'], 'https://example.com', false],
    [['example.com:08443'], 'https://example.com:8443', true],
    [['example.com:*'], 'https://example.com:1', true],
    [['example.com:99999'], 'https://example.com', false],
    [['example.com:*'], 'http://example.com:1', false],
  ],
  'an origin names its scheme': [
    [['https://example.com'], 'https://example.com', true],
    [['https://example.com/'], 'https://example.com', true],
    [['http://example.com'], 'http://example.com', true],
    [['http://example.com'], 'https://example.com', false],
    [['http://example.com:8080'], 'http://example.com:8080', true],
    [['HTTPS://Example.COM'], 'https://example.com', true],
    [['https://example.com/shop'], 'https://example.com', false],
    [['ftp://example.com'], 'https://example.com', false],
    [['javascript:alert(1)'], 'https://example.com', false],
  ],
  'a wildcard is any depth below, never the apex, never everything': [
    [['*.example.com'], 'https://www.example.com', true],
    [['*.example.com'], 'https://a.b.example.com', true],
    [['*.example.com'], 'https://example.com', false],
    [['*.example.com'], 'https://evilexample.com', false],
    [['*.example.com'], 'https://example.com.evil.example', false],
    [['*.example.com:*'], 'https://a.example.com:8443', true],
    [['https://*.example.com'], 'https://a.example.com', true],
    [['*'], 'https://example.com', false],
    [['*.com'], 'https://example.com', false],
    [['https://*'], 'https://example.com', false],
    [['ex*mple.com'], 'https://example.com', false],
    [['*.*.example.com'], 'https://a.b.example.com', false],
    [['*.localhost:*'], 'http://app.localhost:5173', true],
    [['*.0.0.1'], 'https://127.0.0.1', false],
    [['*.127.0.0.1'], 'http://127.0.0.1', false],
  ],
  'names are compared as punycode in lower case': [
    [['bücher.example'], 'https://xn--bcher-kva.example', true],
    [['xn--bcher-kva.example'], 'https://xn--bcher-kva.example', true],
    [['EXAMPLE.com'], 'https://example.com', true],
    [['example.com'], 'https://EXAMPLE.com', false],
    [['exаmple.com'], 'https://example.com', false],
    [['BÜCHER.example'], 'https://xn--bcher-kva.example', true],
    [['*.bücher.example'], 'https://shop.xn--bcher-kva.example', true],
    [['例え.テスト'], 'https://xn--r8jz45g.xn--zckzah', true],
    [['example。com'], 'https://example.com', true],
    [['bücher.example'], 'https://bücher.example', false],
    [['ex%61mple.com'], 'https://example.com', false],
  ],
  'a trailing dot is another name': [
    [['example.com'], 'https://example.com.', false],
    [['example.com.'], 'https://example.com', false],
    [['example.com.'], 'https://example.com.', true],
    [['*.example.com'], 'https://a.example.com.', false],
  ],
  'look-alikes are refused': [
    [['example.com'], 'https://example.com.evil.example', false],
    [['example.com'], 'https://evil-example.com', false],
    [['example.com'], 'https://example.comevil.example', false],
    [['example.com'], 'https://example.co', false],
    [['example.com'], 'https://examp1e.com', false],
    [['*.example.com'], 'https://a.example.com.evil.example', false],
  ],
  'addresses are compared as browsers write them': [
    [['[2001:DB8::0001]'], 'https://[2001:db8::1]', true],
    [['[2001:db8::1]:8443'], 'https://[2001:db8::1]:8443', true],
    [['[2001:db8::1]'], 'https://[2001:db8::2]', false],
    [['2001:db8::1'], 'https://[2001:db8::1]', false],
    [['http://[::1]:3000'], 'http://[::1]:3000', true],
    [['192.0.2.7'], 'https://192.0.2.7', true],
    [['127.1:*'], 'http://127.0.0.1:8080', true],
    [['192.0.2.7'], 'https://192.0.2.70', false],
  ],
  'an origin that is not one origin in its own serialisation is refused': [
    [['example.com'], 'null', false],
    [['null'], 'null', false],
    [['null'], 'https://null', false],
    [['example.com'], 'https://example.com https://evil.example', false],
    [['example.com'], 'HTTPS://example.com', false],
    [['example.com'], 'https://example.com?', false],
    [['example.com'], 'https://example.com#', false],
    [['example.com'], 'https:example.com', false],
    [['example.com'], 'wss://example.com', false],
    [['example.com'], '', false],
    [['example.com'], 'https://example.com/', false],
    [['example.com'], 'https://example.com:443', false],
    [['example.com'], 'https://example.com, https://evil.example', false],
    [['example.com'], 'https://evil.example,https://example.com', false],
    [['example.com'], 'https://user@example.com', false],
    [['example.com'], 'https://example.com@evil.example', false],
    [['example.com'], 'https://evil.example\\@example.com', false],
    [['example.com'], 'https:\\\\example.com', false],
    [['example.com'], 'https://example.com\t', false],
    [['example.com'], 'file://example.com', false],
    [['example.com'], 'chrome-extension://example.com', false],
    [['example.com'], 'example.com', false],
  ],
  'entries with user, backslash, comma or nothing in them allow nothing': [
    [['user@example.com'], 'https://example.com', false],
    [['example.com\\evil'], 'https://example.com', false],
    [['example.com,evil.example'], 'https://evil.example', false],
    [[''], 'https://example.com', false],
    [[' example.com '], 'https://example.com', true],
    [['example.com?x'], 'https://example.com', false],
    [['//example.com'], 'https://example.com', false],
    [['https://user:pass@example.com'], 'https://example.com', false],
    [['example.com;sandbox'], 'https://example.com;sandbox', false],
    [["example.com'"], 'https://example.com', false],
    [['example.com:0'], 'https://example.com:0', false],
    [['example.com:'], 'https://example.com', false],
    [['wss://example.com'], 'https://example.com', false],
  ],
  'a page without an Origin is refused where a list says who may': [[['example.com'], undefined, false]],
};

describe.each(Object.entries(cases))('%s', (_name, rows) => {
  test.each(rows)('%j, %j: %s', (list, origin, isAllowed) => {
    expect(isOriginAllowed(list, origin, own)).toBe(isAllowed);
  });
});

test("the installation's own pages always pass, also under the other names of this machine", () => {
  expect(isOriginAllowed(['example.com'], 'https://chat.tiller.example', own)).toBe(true);
  expect(isOriginAllowed(['example.com'], 'http://chat.tiller.example', own)).toBe(false);
  const local = { ownOrigin: 'http://127.0.0.1:3000' };
  expect(isOriginAllowed(['example.com'], 'http://localhost:3000', local)).toBe(true);
  expect(isOriginAllowed(['example.com'], 'http://localhost:3001', local)).toBe(false);
  expect(isOriginAllowed(['example.com'], 'http://evil.example:3000', local)).toBe(false);
});

test('a same-origin request without an Origin passes by Sec-Fetch-Site', () => {
  expect(isOriginAllowed(['example.com'], undefined, { ...own, secFetchSite: 'same-origin' })).toBe(true);
  expect(isOriginAllowed(['example.com'], undefined, { ...own, secFetchSite: 'same-site' })).toBe(false);
  expect(isOriginAllowed(['example.com'], 'https://evil.example', { ...own, secFetchSite: 'same-origin' })).toBe(false);
});

const unusable = [
  '',
  '*',
  '*.com',
  'https://*',
  'null',
  'a b',
  'a,b',
  'a\\b',
  'u@a.example',
  'ftp://a.example',
  'a.example/x',
];
const usable = [
  'a.example',
  'A.example',
  '*.a.example',
  'a.example:8080',
  'a.example:*',
  'http://a.example/',
  'localhost',
];

test('a list is checked where it is taken, entry by entry', () => {
  expect(unusable.filter(isDomainRule)).toEqual([]);
  expect(usable.filter((entry) => !isDomainRule(entry))).toEqual([]);
});

const ancestors: [why: string, list: string[], sources: string[]][] = [
  ['an empty list lets every page frame', [], ['*']],
  ['a host is https', ['example.com'], ['https://example.com']],
  ['as punycode, in lower case', ['BÜCHER.example'], ['https://xn--bcher-kva.example']],
  ['with its port where that is not the usual one', ['example.com:8443'], ['https://example.com:8443']],
  ['without it where it is', ['example.com:443', 'http://a.example:80'], ['https://example.com', 'http://a.example']],
  ['with any port', ['localhost:*'], ['http://localhost:*']],
  ['any depth below', ['*.example.com'], ['https://*.example.com']],
  ['the same entry once', ['example.com', 'https://example.com/'], ['https://example.com']],
  ['nothing that is no rule', ['*', 'null', 'example.com;sandbox', "example.com'", 'a b'], []],
  ['nothing that the directive cannot say', ['[::1]:8080', 'example.com.'], []],
];

test.each(ancestors)('%s: %j', (_why, list, sources) => {
  const own = list.length === 0 ? [] : ["'self'", 'https://chat.tiller.example'];
  expect(frameAncestorsOf(list, 'https://chat.tiller.example')).toEqual([...own, ...sources]);
});

test('no entry writes anything but sources into the directive', () => {
  for (const character of [';', ',', "'", '"', '\n', ' ', '(', '=', '&', '{', '|', '^', '<']) {
    const sources = frameAncestorsOf(
      [`a${character}sandbox.example`, `*.a${character}b.example:*`],
      'https://own.example',
    );
    expect([character, sources]).toEqual([character, ["'self'", 'https://own.example']]);
  }
});
