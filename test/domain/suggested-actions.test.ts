// What a caller over REST may be offered: links that lead nowhere else, a person where one can be asked for.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOfferable, suggestedActions } from '../../server/domain/suggested-actions.ts';
import type { LinkRules } from '../../server/domain/suggested-actions.ts';
import type { Action } from '../../shared/facts.ts';

const rules: LinkRules = {
  allowedDomains: ['shop.example', '*.docs.example'],
  pageUrl: 'https://host.example/pricing',
  ownOrigin: 'https://chat.example',
  known: ['https://wiki.example/prices'],
};

describe('isOfferable', () => {
  test.each([
    '/pricing',
    '/',
    '?plan=1',
    '#prices',
    'https://shop.example/a?b#c',
    'https://api.docs.example/',
    'https://host.example/other',
    'https://wiki.example/prices',
  ])('%s may be offered', (url) => expect(isOfferable(url, rules)).toBe(true));

  test.each([
    '',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https:\\\\evil.example',
    'https://evil.example',
    'https://evilshop.example',
    'https://shop.example.evil.example',
    'https://shop.example@evil.example/',
    'https://user:word@shop.example/',
    'http://shop.example/',
    'https://wiki.example/other',
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,hi',
    'mailto:a@shop.example',
    'tel:+1234567890',
    'ftp://shop.example/',
    ' https://shop.example/',
    'https://shop.example/\n',
    'pricing',
  ])('%j may not', (url) => expect(isOfferable(url, rules)).toBe(false));

  test('an empty list lets every page embed the widget, but offers no foreign link', () => {
    const open = { ...rules, allowedDomains: [], known: [] };
    expect(isOfferable('https://shop.example/', open)).toBe(false);
    expect(isOfferable('https://host.example/x', open)).toBe(true);
  });

  test('whatever is offered stays on a host that is meant, as a browser on the page reads it', () => {
    const hosts = ['host.example', 'shop.example', 'wiki.example'];
    const url = fc.oneof(
      fc.webUrl(),
      fc.string(),
      fc
        .tuple(fc.constantFrom('/', '//', '/\\', '\\', 'https:', 'https://shop.example'), fc.string())
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(url, (candidate) => {
        if (!isOfferable(candidate, rules)) return;
        const { hostname, protocol } = new URL(candidate, rules.pageUrl);
        expect(['https:', 'http:']).toContain(protocol);
        expect(hosts.includes(hostname) || hostname.endsWith('.docs.example')).toBe(true);
      }),
    );
  });
});

describe('suggestedActions', () => {
  const how = { rules, canHandOff: true, language: 'en' as const };

  test('has the sources as links, the message’s own actions, and a person last', () => {
    const message = {
      sources: [{ title: 'Prices', url: '/prices' }, { title: 'Pasted text' }],
      actions: [{ label: 'Can I bring a dog?', action: 'message' as const }],
    };
    expect(suggestedActions(message, how)).toEqual([
      { label: 'Prices', action: 'link', url: '/prices' },
      { label: 'Can I bring a dog?', action: 'message' },
      { label: 'Talk to a person', action: 'handoff' },
    ]);
  });

  test('offers no person where none can be asked for, and never two', () => {
    const own: Action[] = [{ label: 'Talk to Sales', action: 'handoff' }];
    expect(suggestedActions({ actions: own }, how)).toEqual(own);
    expect(suggestedActions({ actions: own }, { ...how, canHandOff: false })).toEqual([]);
  });

  test('a url is on links alone, and a link without a usable one is left out', () => {
    const actions: Action[] = [
      { label: 'Go', action: 'link', url: 'https://evil.example' },
      { label: 'Go', action: 'link' },
      { label: 'Say', action: 'message', url: '/x' },
    ];
    expect(suggestedActions({ actions }, { ...how, canHandOff: false })).toEqual([{ label: 'Say', action: 'message' }]);
  });
});
