// Ids and key formats: what an id looks like says what it names.

const hexOf = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += (byte < 16 ? '0' : '') + byte.toString(16);
  return text;
};

/** `n` random bytes from the platform's generator (Node 20 and every browser, secure context or not). */
export const randomBytes = (n: number): Uint8Array => globalThis.crypto.getRandomValues(new Uint8Array(n));

let pool: Uint8Array = new Uint8Array(0);
let used = 0;

/** Random hex from a pool: one call of the generator serves a thousand ids, which the commit path feels. */
const pooledHex = (n: number): string => {
  if (used + n > pool.length) {
    pool = randomBytes(8192);
    used = 0;
  }
  const text = hexOf(pool.subarray(used, used + n));
  used += n;
  return text;
};

/**
 * 24 hex digits: 8 of seconds, 16 random, so that ids made later sort later and stay close in an index.
 * Unique, not secret: whoever may use an id is decided by a credential, never by knowing it.
 */
export const newHexId = (): string =>
  Math.floor(Date.now() / 1000)
    .toString(16)
    .padStart(8, '0') + pooledHex(8);

/** What a prefixed id may name. */
export type IdPrefix =
  | 'conv'
  | 'msg'
  | 'lead'
  | 'con'
  | 'note'
  | 'wid'
  | 'asst'
  | 'art'
  | 'mem'
  | 'org'
  | 'key'
  | 'vst'
  | 'ssn'
  | 'pipe'
  | 'stage'
  | 'file'
  | 'req'
  | 'ban'
  | 'node';

/** `prefix_` + 24 hex. */
export const newId = (prefix: IdPrefix): string => `${prefix}_${newHexId()}`;

/** The two public forms of one id: contracts 000 and 001 speak UUIDs, 002 speaks 24 hex digits. Unique within a kind. */
export interface PublicIds {
  uuid: string;
  hexId: string;
}

/** The public forms for something that is about to be made under `id` (`prefix_` + 24 hex). */
export const publicIdsOf = (id: string): PublicIds => ({ uuid: newUuid(), hexId: id.slice(-24) });

/** A version 4 UUID. Not `crypto.randomUUID`: browsers offer that on https pages only. */
export const newUuid = (): string => {
  const bytes = randomBytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = hexOf(bytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** Bearer secrets: 256 random bits as base64url after a prefix that names their use. */
export type SecretPrefix = 'sess' | 'vis' | 'in' | 'pat' | 'con' | 'link' | 'cookie' | 'sign';

export const newSecret = (prefix: SecretPrefix): string => {
  let binary = '';
  for (const byte of randomBytes(32)) binary += String.fromCharCode(byte);
  const text = btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  return `${prefix}${prefix === 'in' ? '-' : '_'}${text}`;
};

/** Public widget keys: `wgt_` + 24 hex and `caty_` + 32 hex (contracts 000 and 003). */
export const newWidgetKey = (): string => `wgt_${hexOf(randomBytes(12))}`;
export const newCatyKey = (): string => `caty_${hexOf(randomBytes(16))}`;
