// Networks of bans: every spelling of an address is the same one, and what is too wide is refused.
import { assert, integer, ipV4, ipV6, oneof, property, tuple } from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { contains, isBannedBy, isTooWide, networkOf, rulesOf } from '../../server/domain/network.ts';
import { fullAddress } from '../../server/edges/http/address.ts';
import { addressValue, banAskOf, rangeValue } from '../../server/edges/http/ban-input.ts';

const address = (text: string): string => fullAddress(text)!;
const ipv4 = ipV4().map(address);
const ipv6 = ipV6()
  .map(address)
  .filter((text) => text.includes(':'));

describe('a network', () => {
  it('holds the very addresses that ipaddr.js says it holds', () => {
    assert(
      property(
        oneof(tuple(ipv4, ipv4, integer({ min: 0, max: 32 })), tuple(ipv6, ipv6, integer({ min: 0, max: 128 }))),
        ([inside, other, bits]) => {
          const text = rangeValue(`${inside}/${bits}`);
          const network = networkOf(text);
          expect(contains(network, inside)).toBe(true);
          const cidr = ipaddr.parseCIDR(text);
          const parsed = ipaddr.parse(other);
          expect(contains(network, other)).toBe(parsed.kind() === cidr[0].kind() && parsed.match(cidr as never));
          expect(isBannedBy(rulesOf([{ kind: 'range', value: text }]), { address: other }, 0)).toBe(
            contains(network, other),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is told apart by family: an IPv6 network holds no IPv4 address', () => {
    expect(contains(networkOf('::/32'), '1.2.3.4')).toBe(false);
  });

  it('may be no wider than /16 and /32', () => {
    expect(
      ['10.1.0.0/16', '10.1.2.3', '2001:db8::/32', '2001:db8::/128'].map((text) => isTooWide(networkOf(text))),
    ).toEqual([false, false, false, false]);
    expect(['0.0.0.0/0', '10.0.0.0/15', '::/0', '2001::/31'].map((text) => isTooWide(networkOf(text)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });
});

describe('what a person writes', () => {
  it('names one address however it is spelled; an IPv6 address means its /64', () => {
    expect(addressValue(' 203.0.113.7 ')).toBe('203.0.113.7');
    expect(addressValue('::ffff:203.0.113.7')).toBe('203.0.113.7');
    expect(addressValue('::FFFF:CB00:7107')).toBe('203.0.113.7');
    expect(addressValue('2001:DB8:0001:0002:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(addressValue('2001:db8::')).toBe('2001:db8::/64');
    expect(addressValue('::1')).toBe('::/64');
  });

  it('loses its host bits', () => {
    expect(rangeValue('203.0.113.77/24')).toBe('203.0.113.0/24');
    expect(rangeValue('2001:db8:1:2:3::9/48')).toBe('2001:db8:1::/48');
    expect(rangeValue('::ffff:203.0.113.7/120')).toBe('203.0.113.0/24');
    expect(isTooWide(networkOf(rangeValue('::ffff:0:0/90')))).toBe(true);
  });

  const noAddress = ['', 'x', '127.1', '0x7f.0.0.1', '010.0.0.1', '2130706433', '1.2.3.4.5', '1.2.3.256', '1.2.3.4/32'];
  it.each([...noAddress, 'fe80::1%eth0', '1:2:3', '::1::', 'localhost', '１.2.3.4'])(
    'refuses %j as an address',
    (text) => {
      expect(() => addressValue(text)).toThrow(/^This is not an address/);
    },
  );

  const noRange = [
    '',
    '/24',
    '1.2.3.4',
    '1.2.3.4/',
    '1.2.3.4/33',
    '1.2.3.4/-1',
    '1.2.3.4/024',
    '1.2.3/24',
    '1.2.3.4/24/8',
  ];
  it.each([...noRange, '1.2.3.4/255.255.255.0', '1.2.3.4/ 24', '2001:db8::/129', '::ffff:1.2.3.4/129', '*/8'])(
    'refuses %j as a range',
    (text) => {
      expect(() => rangeValue(text)).toThrow(/^This is not a range/);
    },
  );

  it.each([
    [{}, /^Say whom to ban/],
    [{ address: '1.2.3.4', range: '1.2.3.0/24' }, /^Say one thing to ban/],
    [{ kind: 'contact', range: '1.2.3.0/24' }, /^Say one thing to ban/],
    [{ kind: 'range', conversationId: 'conv_1' }, /^Say which range/],
    [{ contactId: 'con_1', expiresAt: 5, forSeconds: 5 }, /^Say either/],
  ] as const)('refuses %j in one sentence', (input, sentence) => {
    expect(() => banAskOf(input, [])).toThrow(sentence);
  });
});

describe('a ban', () => {
  const rules = rulesOf([
    { kind: 'contact', value: 'con_1', expiresAt: 100 },
    { kind: 'address', value: '2001:db8:1:2::/64' },
    { kind: 'address', value: '203.0.113.7', expiresAt: 100 },
  ]);

  it('holds until its end by the clock, whatever is still stored', () => {
    expect([99, 100].map((now) => isBannedBy(rules, { contactId: 'con_1' }, now))).toEqual([true, false]);
    expect([99, 100].map((now) => isBannedBy(rules, { address: '203.0.113.7' }, now))).toEqual([true, false]);
    expect(isBannedBy(rules, { address: '2001:db8:1:2:ffff::9' }, 1e15)).toBe(true);
  });

  it('concerns nobody else', () => {
    for (const who of [{}, { contactId: 'con_2' }, { address: '203.0.113.8' }, { address: '2001:db8:1:3::1' }]) {
      expect(isBannedBy(rules, who, 0)).toBe(false);
    }
  });
});
