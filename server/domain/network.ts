// Networks of addresses: which a ban may name, and which addresses lie in one. Works on canonical text; the edges parse.

/** A network: `203.0.113.0/24`. Its address bits beyond the prefix are 0. */
export interface Network {
  /** The address as hex digits, 8 for IPv4 and 32 for IPv6. */
  hex: string;
  /** Length of the prefix in bits. */
  bits: number;
}

/** A network may be no wider than this: beyond it lies a whole provider, or everybody. */
const leastBits = { ipv4: 16, ipv6: 32 } as const;

const hexOfIpv6 = (address: string): string => {
  const [left = '', right] = address.split('::');
  const parts = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const head = parts(left);
  const tail = right === undefined ? [] : parts(right);
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].map((part) => part.padStart(4, '0')).join('');
};

const hexOfIpv4 = (address: string): string =>
  address
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('');

/** The digits of an address in its canonical form (IPv4 dotted, IPv6 lower-case with at most one `::`). */
export const hexOf = (address: string): string => (address.includes(':') ? hexOfIpv6(address) : hexOfIpv4(address));

/** The first `bits` of an address, the rest 0. */
export const masked = (hex: string, bits: number): string => {
  const whole = Math.floor(bits / 4);
  if (whole >= hex.length) return hex;
  const digit = Number.parseInt(hex[whole]!, 16) & (0xf << (4 - (bits % 4)));
  return (hex.slice(0, whole) + (digit & 0xf).toString(16)).padEnd(hex.length, '0');
};

/** A network from its canonical text; without a prefix it is one address. */
export const networkOf = (text: string): Network => {
  const [address = '', prefix] = text.split('/');
  const hex = hexOf(address);
  return { hex, bits: prefix === undefined ? hex.length * 4 : Number(prefix) };
};

export const contains = ({ hex, bits }: Network, address: string): boolean => {
  const other = hexOf(address);
  return other.length === hex.length && masked(other, bits) === hex;
};

export const isTooWide = ({ hex, bits }: Network): boolean =>
  bits < (hex.length === 8 ? leastBits.ipv4 : leastBits.ipv6);

/** What a ban holds: contacts by id, and networks by the length of their prefix, so that looking costs little. */
export interface BanRules {
  isEmpty: boolean;
  /** Until when, ms. */
  contacts: ReadonlyMap<string, number>;
  networks: readonly { bits: number; until: ReadonlyMap<string, number> }[];
}

/** Whom a ban may concern. */
export interface Banned {
  contactId?: string | undefined;
  /** In its canonical form; undefined where it is not known. */
  address?: string | undefined;
}

/** The rules that a list of bans makes. */
export const rulesOf = (
  bans: readonly { kind: 'contact' | 'address' | 'range'; value: string; expiresAt?: number }[],
): BanRules => {
  const contacts = new Map<string, number>();
  const networks = new Map<number, Map<string, number>>();
  for (const { kind, value, expiresAt = Number.POSITIVE_INFINITY } of bans) {
    if (kind === 'contact') {
      contacts.set(value, Math.max(expiresAt, contacts.get(value) ?? 0));
      continue;
    }
    const { hex, bits } = networkOf(value);
    const until = networks.get(bits) ?? new Map<string, number>();
    until.set(hex, Math.max(expiresAt, until.get(hex) ?? 0));
    networks.set(bits, until);
  }
  return {
    isEmpty: bans.length === 0,
    contacts,
    networks: [...networks].map(([bits, until]) => ({ bits, until })),
  };
};

/** Whether a ban holds at `now`. The clock decides: an expired ban may still be stored. */
export const isBannedBy = (rules: BanRules, { contactId, address }: Banned, now: number): boolean => {
  if (rules.isEmpty) return false;
  if (contactId !== undefined && (rules.contacts.get(contactId) ?? 0) > now) return true;
  if (address === undefined || rules.networks.length === 0) return false;
  const hex = hexOf(address);
  return rules.networks.some(({ bits, until }) => (until.get(masked(hex, bits)) ?? 0) > now);
};
