// `Idempotency-Key` as the `clientId` of the same command over sockets.
import { createHash } from 'node:crypto';
import { newUuid } from '../../../../../shared/ids.ts';

const uuidOf = (parts: readonly string[]): string => {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** For a command in a session: the same key in another session, or for another route, is another command. */
export const clientIdOf = (sessionId: string, route: string, key: string | undefined): string =>
  key === undefined ? newUuid() : uuidOf([sessionId, route, key]);

/** Shorter ones can be guessed, and whoever repeats the opening of a session is given its secrets. */
const leastLength = 16;

/** For opening a session, which binds it to who asks. */
export const openKeyOf = (key: string | undefined): string | undefined =>
  key === undefined || key.length < leastLength ? undefined : key;
