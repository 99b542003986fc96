// Pictures that an organisation uploads for its widgets: what is taken in, under which key, and who may look for how long.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ChatError } from '../../shared/errors.ts';
import { newId, randomBytes } from '../../shared/ids.ts';
import type { Widget } from '../../shared/widget.ts';
import type { Clock } from '../ports/clock.ts';
import type { Member, StoredFile } from '../ports/documents.ts';
import { isFileKey } from '../ports/files.ts';
import type { FileBytes, Files, MediaTypeOf } from '../ports/files.ts';
import type { Store } from '../ports/store.ts';

export interface FileDeps {
  store: Store;
  clock: Clock;
  files: Files;
  mediaTypeOf: MediaTypeOf;
  /** The installation's address, without a trailing slash. */
  baseUrl(): string;
  /** The installation's secret, of which signatures are made. */
  secret: string;
}

export const iconLimitBytes = 512 * 1024;
/** Per organisation. Those that no widget shows make room for new ones. */
const maxPictures = 500;
const youngMs = 3_600_000;
/** For how long a signed address works. */
const signedForMs = 5 * 60_000;

/** What may be uploaded: pictures made of points. SVG is a document that can run scripts. */
const extensions: Record<string, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
};

/**
 * Whether a picture is a page as well, to whoever would read it as one. What we serve says its type and forbids guessing;
 * a copy elsewhere may not. Long words only: in half a megabyte of points short ones stand by chance.
 */
const holdsMarkup = (bytes: Uint8Array): boolean =>
  /<(?:script|iframe|!doctype|html|body|svg[\s>]|\?php)/i.test(Buffer.from(bytes).toString('latin1'));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/**
 * Takes the oldest picture away that no widget shows, where there are as many as may be. A young one stays: somebody may be
 * about to name its key. @throws ChatError `conflict` where all are in use or young
 */
const makeRoom = async ({ store, files, clock }: FileDeps, orgId: string): Promise<void> => {
  const all = await store.documents.files.list(orgId, { limit: maxPictures });
  if (all.length < maxPictures) return;
  const shown = new Set((await store.documents.widgets.list(orgId)).map(({ iconKey }) => iconKey));
  const youngest = clock.now() - youngMs;
  const idle = all.find(({ key, createdAt }) => createdAt < youngest && !shown.has(key));
  if (idle === undefined) throw new ChatError('conflict', 'There are too many pictures; try again in an hour');
  await store.documents.files.delete(orgId, idle.id);
  await files.delete(idle.key);
};

/**
 * Takes a picture in, for whoever of this organisation names its key.
 * @throws ChatError `invalid` (empty), `too_large`, `unsupported_media_type`, `conflict` (too many), `unavailable`
 */
export const storeIcon = async (
  deps: FileDeps,
  by: Pick<Member, 'orgId' | 'id'>,
  bytes: Uint8Array,
): Promise<StoredFile> => {
  if (bytes.length === 0) {
    throw new ChatError('invalid', 'The picture is empty', { details: [{ path: 'file', message: 'Is empty' }] });
  }
  if (bytes.length > iconLimitBytes) throw new ChatError('too_large', 'A picture may have 512 KiB at most');
  const mediaType = await deps.mediaTypeOf(bytes);
  const extension = mediaType === undefined ? undefined : extensions[mediaType];
  if (mediaType === undefined || extension === undefined) {
    throw new ChatError('unsupported_media_type', 'Send a picture: PNG, JPEG, GIF or WebP');
  }
  if (holdsMarkup(bytes)) throw new ChatError('unsupported_media_type', 'The picture holds a web page');
  const { orgId } = by;
  const organisation = await deps.store.documents.organisations.get(orgId, orgId);
  if (organisation === undefined) throw new ChatError('not_found', 'There is no such organisation');
  await makeRoom(deps, orgId);
  const key = `orgs/${organisation.hexId.toLowerCase()}/webchat/${hex(randomBytes(16))}.${extension}`;
  const file: StoredFile = {
    id: newId('file'),
    orgId,
    createdAt: deps.clock.now(),
    key,
    mediaType,
    size: bytes.length,
    createdBy: by.id,
  };
  // The bytes first: what is known of can be read.
  await deps.files.put(key, { bytes, mediaType });
  await deps.store.documents.files.put(file);
  return file;
};

const signatureOf = ({ secret }: Pick<FileDeps, 'secret'>, key: string, expires: string): string =>
  createHmac('sha256', secret).update(`file\n${key}\n${expires}`).digest('base64url');

const isSigned = (deps: Pick<FileDeps, 'secret'>, { key, expires, signature }: SignedFile): boolean => {
  const right = Buffer.from(signatureOf(deps, key, expires));
  const given = Buffer.from(signature);
  return right.length === given.length && timingSafeEqual(right, given);
};

/** The parts of a signed address. `expires` is in seconds since 1970. */
export interface SignedFile {
  key: string;
  expires: string;
  signature: string;
}

/** An address at which anybody can read the file until `expiresAt` (ms). */
export const signedUrlOf = (
  deps: Pick<FileDeps, 'secret' | 'clock' | 'baseUrl'>,
  key: string,
): { url: string; expiresAt: number } => {
  const expires = Math.ceil((deps.clock.now() + signedForMs) / 1000);
  const query = new URLSearchParams({ expires: String(expires), signature: signatureOf(deps, key, String(expires)) });
  return { url: `${deps.baseUrl()}/files/${key}?${query.toString()}`, expiresAt: expires * 1000 };
};

/** The key in an address that this installation once signed, expired or not; undefined for any other address. */
export const keyOfSignedUrl = (deps: Pick<FileDeps, 'secret' | 'baseUrl'>, url: string): string | undefined => {
  if (!URL.canParse(url)) return undefined;
  const { origin, pathname, searchParams, username, password } = new URL(url);
  if (origin !== new URL(deps.baseUrl()).origin || username !== '' || password !== '') return undefined;
  if (!pathname.startsWith('/files/')) return undefined;
  const key = pathname.slice('/files/'.length);
  const signed = { key, expires: searchParams.get('expires') ?? '', signature: searchParams.get('signature') ?? '' };
  return isFileKey(key) && isSigned(deps, signed) ? key : undefined;
};

/**
 * What a signed address shows, and for how many more ms.
 * @throws ChatError `forbidden` where it was not signed by us or has expired, `not_found`, `unavailable`
 */
export const readSigned = async (deps: FileDeps, signed: SignedFile): Promise<FileBytes & { remainingMs: number }> => {
  if (!isFileKey(signed.key) || !/^\d{1,12}$/.test(signed.expires) || !isSigned(deps, signed)) {
    throw new ChatError('forbidden', 'This address is not signed');
  }
  const remainingMs = Number(signed.expires) * 1000 - deps.clock.now();
  if (remainingMs <= 0) throw new ChatError('forbidden', 'This address has expired');
  const file = await deps.files.get(signed.key);
  if (file === undefined) throw new ChatError('not_found', 'There is no such file');
  return { ...file, remainingMs };
};

const maxHeld = 32;
const heldBy = new WeakMap<Files, Map<string, FileBytes>>();

/** The picture of a widget, from memory where it was lately asked for: a page view must not cost a bucket a request. */
export const readIcon = async ({ files }: Pick<FileDeps, 'files'>, widget: Widget): Promise<FileBytes> => {
  const key = widget.iconKey;
  if (key === undefined) throw new ChatError('not_found', 'This widget has no picture');
  let held = heldBy.get(files);
  if (held === undefined) heldBy.set(files, (held = new Map()));
  // Keys are random and their bytes never change.
  const file = held.get(key) ?? (await files.get(key));
  if (file === undefined) throw new ChatError('not_found', 'This widget has no picture');
  held.delete(key);
  held.set(key, file);
  const [oldest] = held.keys();
  if (held.size > maxHeld && oldest !== undefined) held.delete(oldest);
  return file;
};
