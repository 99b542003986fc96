// Pictures that an organisation uploads, for its widgets and of its members: what is taken in, under which key, and who may look
// for how long.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isAvatarPath } from '../../shared/avatars.ts';
import { ChatError } from '../../shared/errors.ts';
import { newId, randomBytes } from '../../shared/ids.ts';
import type { Widget } from '../../shared/widget.ts';
import type { Clock } from '../ports/clock.ts';
import type { Member, StoredFile } from '../ports/documents.ts';
import { isFileKey } from '../ports/files.ts';
import type { FileBytes, Files, MediaTypeOf } from '../ports/files.ts';
import type { Store } from '../ports/store.ts';
import { Kept } from './kept.ts';

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
/** Per organisation: of icons, and of members' pictures. Those that nothing shows make room for new ones. */
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

/** The key of a member's picture is its path: whoever sees the picture knows both. Icons have keys that are secret. */
export const isAvatarKey = (key: string): boolean => isAvatarPath(`/${key}`);

const allOf = ({ store }: FileDeps, orgId: string): Promise<StoredFile[]> =>
  store.documents.files.list(orgId, { limit: 2 * maxPictures });

const drop = async (deps: FileDeps, { orgId, id, key }: StoredFile): Promise<void> => {
  await deps.store.documents.files.delete(orgId, id);
  await deps.files.delete(key);
  heldOf(deps).avatars.forget();
};

/** The keys that a widget or a member shows. */
const shownIn = async ({ store }: FileDeps, orgId: string): Promise<Set<string | undefined>> => {
  const widgets = await store.documents.widgets.list(orgId);
  const members = await store.documents.members.list(orgId);
  return new Set([...widgets.map(({ iconKey }) => iconKey), ...members.map(({ avatarUrl }) => avatarUrl?.slice(1))]);
};

/**
 * Takes the oldest picture away that nothing shows, where there are as many of its kind as may be. A young one stays: somebody
 * may be about to name its key. @throws ChatError `conflict` where all are in use or young
 */
const makeRoom = async (deps: FileDeps, orgId: string, isAvatar: boolean): Promise<void> => {
  const all = (await allOf(deps, orgId)).filter(({ key }) => isAvatarKey(key) === isAvatar);
  if (all.length < maxPictures) return;
  const shown = await shownIn(deps, orgId);
  const youngest = deps.clock.now() - youngMs;
  const idle = all.find(({ key, createdAt }) => createdAt < youngest && !shown.has(key));
  if (idle === undefined) throw new ChatError('conflict', 'There are too many pictures; try again in an hour');
  await drop(deps, idle);
};

/** What the bytes are. @throws ChatError `invalid` (empty), `too_large`, `unsupported_media_type` */
const judged = async (deps: FileDeps, bytes: Uint8Array): Promise<{ mediaType: string; extension: string }> => {
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
  return { mediaType, extension };
};

type By = Pick<Member, 'orgId' | 'id'>;

const keep = async (deps: FileDeps, by: By, key: string, file: FileBytes): Promise<StoredFile> => {
  const stored: StoredFile = {
    id: newId('file'),
    orgId: by.orgId,
    createdAt: deps.clock.now(),
    key,
    mediaType: file.mediaType,
    size: file.bytes.length,
    createdBy: by.id,
  };
  // The bytes first: what is known of can be read.
  await deps.files.put(key, file);
  await deps.store.documents.files.put(stored);
  return stored;
};

/**
 * Takes a picture in, for whoever of this organisation names its key.
 * @throws ChatError `invalid` (empty), `too_large`, `unsupported_media_type`, `conflict` (too many), `unavailable`
 */
export const storeIcon = async (deps: FileDeps, by: By, bytes: Uint8Array): Promise<StoredFile> => {
  const { mediaType, extension } = await judged(deps, bytes);
  const organisation = await deps.store.documents.organisations.get(by.orgId, by.orgId);
  if (organisation === undefined) throw new ChatError('not_found', 'There is no such organisation');
  await makeRoom(deps, by.orgId, false);
  const key = `orgs/${organisation.hexId.toLowerCase()}/webchat/${hex(randomBytes(16))}.${extension}`;
  return keep(deps, by, key, { bytes, mediaType });
};

/** Takes a member's own picture in; it is public at once under `/` and its key. @throws ChatError, see `storeIcon` */
export const storeAvatar = async (deps: FileDeps, by: By, bytes: Uint8Array): Promise<StoredFile> => {
  const { mediaType, extension } = await judged(deps, bytes);
  await makeRoom(deps, by.orgId, true);
  return keep(deps, by, `avatars/${hex(randomBytes(16))}.${extension}`, { bytes, mediaType });
};

/** Takes a member's pictures away but for the latest `most`; what the member shows stays. */
export const dropAvatars = async (deps: FileDeps, member: Member, most: number): Promise<void> => {
  const theirs = (await allOf(deps, member.orgId))
    .filter(({ key, createdBy }) => createdBy === member.id && isAvatarKey(key))
    .toSorted((a, b) => a.createdAt - b.createdAt);
  const old = most === 0 ? theirs : theirs.slice(0, -most);
  for (const file of old) if (`/${file.key}` !== member.avatarUrl) await drop(deps, file);
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
/** For how long a node serves a member's picture from memory: one that was taken away must go. */
const avatarFreshMs = 60_000;

interface HeldHere {
  icons: Map<string, FileBytes>;
  avatars: Kept<FileBytes | undefined>;
}
const heldBy = new WeakMap<Files, HeldHere>();

const heldOf = ({ files, clock }: Pick<FileDeps, 'files' | 'clock'>): HeldHere => {
  let held = heldBy.get(files);
  if (held === undefined) {
    held = { icons: new Map(), avatars: new Kept({ clock, freshMs: avatarFreshMs, most: maxHeld }) };
    heldBy.set(files, held);
  }
  return held;
};

/** The picture of a widget, from memory where it was lately asked for: a page view must not cost a bucket a request. */
export const readIcon = async (deps: Pick<FileDeps, 'files' | 'clock'>, widget: Widget): Promise<FileBytes> => {
  const key = widget.iconKey;
  if (key === undefined) throw new ChatError('not_found', 'This widget has no picture');
  const { icons } = heldOf(deps);
  // Keys are random and their bytes never change.
  const file = icons.get(key) ?? (await deps.files.get(key));
  if (file === undefined) throw new ChatError('not_found', 'This widget has no picture');
  icons.delete(key);
  icons.set(key, file);
  const [oldest] = icons.keys();
  if (icons.size > maxHeld && oldest !== undefined) icons.delete(oldest);
  return file;
};

/** The picture at a path of `/avatars`. @throws ChatError `not_found`, `unavailable` */
export const readAvatar = async (deps: Pick<FileDeps, 'files' | 'clock'>, path: string): Promise<FileBytes> => {
  const isThere = (file: FileBytes | undefined): boolean => file !== undefined;
  const key = path.slice(1);
  const file = isAvatarKey(key) ? await heldOf(deps).avatars.read(key, () => deps.files.get(key), isThere) : undefined;
  if (file === undefined) throw new ChatError('not_found', 'There is no such picture');
  return file;
};
