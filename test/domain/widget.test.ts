// Allowed domains, case by case, and the embed code.
import { describe, expect, test } from 'vitest';
import { embedCode, isOriginAllowed, isSafeLink, shortEmbedCode, widgetDefaults } from '../../server/domain/widget.ts';
import { may, mayChangeMember } from '../../server/domain/permit.ts';
import type { Role } from '../../server/domain/permit.ts';
import { widgetSettings } from '../../shared/widget.ts';

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
  ],
  'names are compared as punycode in lower case': [
    [['bücher.example'], 'https://xn--bcher-kva.example', true],
    [['xn--bcher-kva.example'], 'https://xn--bcher-kva.example', true],
    [['EXAMPLE.com'], 'https://example.com', true],
    [['example.com'], 'https://EXAMPLE.com', false],
    [['exаmple.com'], 'https://example.com', false],
  ],
  'a trailing dot is another name': [
    [['example.com'], 'https://example.com.', false],
    [['example.com.'], 'https://example.com', false],
  ],
  'look-alikes are refused': [
    [['example.com'], 'https://example.com.evil.example', false],
    [['example.com'], 'https://evil-example.com', false],
    [['example.com'], 'https://example.comevil.example', false],
    [['example.com'], 'https://example.co', false],
  ],
  'an origin that is not one origin in its own serialisation is refused': [
    [['example.com'], 'null', false],
    [['null'], 'null', false],
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

test('the embed code is the documented line with our address and the key', () => {
  expect(embedCode('https://solomobile.ai', 'wgt_a1b2c3d4e5f6789012345678')).toBe(
    "<script>(function(w,d,s,o,f,js,fjs){w['PatWidget']=o;w[o]=w[o]||function(){(w[o].q=w[o].q||[]).push(arguments)};js=d.createElement(s);fjs=d.getElementsByTagName(s)[0];js.id=o;js.src=f;js.async=1;fjs.parentNode.insertBefore(js,fjs);}(window,document,'script','PatChat','https://solomobile.ai/widget/pat-chat.js'));PatChat('init',{widgetKey:'wgt_a1b2c3d4e5f6789012345678'});</script>",
  );
  expect(shortEmbedCode('https://a.example', 'wgt_1')).toBe(
    '<script async src="https://a.example/widget.js" data-widget-key="wgt_1"></script>',
  );
});

test('links lead to pages, mail and phones, never to scripts or to another host by a trick', () => {
  for (const url of ['https://a.example/x', 'http://a.example', '/pricing', '/', 'mailto:a@b.example', 'tel:+441']) {
    expect([url, isSafeLink(url)]).toEqual([url, true]);
  }
  for (const url of [
    'javascript:alert(1)',
    ' javascript:x',
    'data:text/html,x',
    '//evil.example',
    '/\\evil',
    'x',
    '',
    'java\nscript:x',
    'https://',
  ]) {
    expect([url, isSafeLink(url)]).toEqual([url, false]);
  }
});

test('the defaults are settings that would be accepted', () => {
  const settings = { ...widgetDefaults, assistantId: 'a' };
  expect(widgetSettings.parse(settings)).toEqual(settings);
});

test('only an admin or the owner takes a conversation out of another’s hands', () => {
  const allowed = (['agent', 'admin', 'owner'] as Role[]).filter((role) =>
    may({ role }, 'conversation.assign-from-another'),
  );
  expect(allowed).toEqual(['admin', 'owner']);
  expect(may({ role: 'agent' }, 'conversation.take')).toBe(true);
});

test('nobody makes a link for a member above them, and nobody takes access from the owner or themselves', () => {
  const member = (id: string, role: Role) => ({ id, role });
  expect(mayChangeMember(member('a', 'admin'), member('o', 'owner'), 'link')).toBe(false);
  expect(mayChangeMember(member('a', 'admin'), member('b', 'admin'), 'link')).toBe(true);
  expect(mayChangeMember(member('a', 'agent'), member('b', 'agent'), 'link')).toBe(false);
  expect(mayChangeMember(member('o', 'owner'), member('o', 'owner'), 'link')).toBe(true);
  expect(mayChangeMember(member('a', 'admin'), member('o', 'owner'), 'access')).toBe(false);
  expect(mayChangeMember(member('a', 'admin'), member('a', 'admin'), 'access')).toBe(false);
  expect(mayChangeMember(member('a', 'admin'), member('b', 'agent'), 'access')).toBe(true);
});
