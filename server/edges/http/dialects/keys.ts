// How the provisioning contracts know who calls: one secret key in a request, of the kind that opens this contract.
import type { Request } from 'express';
import { ChatError } from '../../../../shared/errors.ts';
import type { KeyKind } from '../../../../shared/console-provisioning.ts';
import { may } from '../../../domain/permit.ts';
import { widgetByKey } from '../../../usecases/public-widget.ts';
import { signedInBy } from '../../../usecases/sessions.ts';
import type { SignedIn } from '../../../usecases/sessions.ts';
import type { HttpDeps } from '../deps.ts';
import type { KeyCaller } from './dialect.ts';

const keyKinds: readonly KeyKind[] = ['token', 'functions', 'v1', 'webchats'];

/** A header or parameter that came twice is two values, as far as they differ. Empty ones are none. */
const valuesOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string' && one !== '');

/** Every one that came: of two headers of this name the platform's `headers` shows the first alone, or both as one text. */
const bearersOf = ({ headersDistinct }: Request): string[] =>
  (headersDistinct['authorization'] ?? [])
    .map((header) => /^Bearer +(\S+) *$/i.exec(header)?.[1])
    .filter((secret) => secret !== undefined);

const headerKeysOf = ({ headersDistinct }: Request): string[] => valuesOf(headersDistinct['x-api-key']);

/** The secret of `Authorization: Bearer …`. */
export const bearerOf = (request: Request): string | undefined => bearersOf(request)[0];

/** The secret of `X-API-Key: …`. */
export const headerKeyOf = (request: Request): string | undefined => headerKeysOf(request)[0];

/** The secret of `?api_key=…`, which no log may ever show: log `request.path`, never `request.url`. */
export const queryKeyOf = (request: Request): string | undefined => valuesOf(request.query['api_key'])[0];

const unauthenticated = (message: string): ChatError => new ChatError('unauthenticated', message);

/** Whoever sends two keys does not know as whom they act, so neither do we. */
export const refuseTwoKeys = (request: Request): void => {
  const carried = new Set([...bearersOf(request), ...headerKeysOf(request), ...valuesOf(request.query['api_key'])]);
  if (carried.size > 1) throw unauthenticated('The request carries two different keys');
};

const signedIn = async (deps: HttpDeps, secret: string, kind: KeyKind): Promise<SignedIn> => {
  const found = await signedInBy(deps, secret, keyKinds);
  if (found === undefined) {
    if ((await widgetByKey(deps, secret)) === undefined) throw unauthenticated('This key is not known, or was revoked');
    throw new ChatError('forbidden', 'A public widget key may not provision');
  }
  if (found.credential.kind !== kind) throw new ChatError('forbidden', 'This key is for another interface');
  if (!may(found.member, 'console.administer')) throw new ChatError('forbidden', 'This needs the key of an admin');
  return found;
};

/**
 * The key of a request, where it opens this contract and has not been used too fast.
 * @param how `kind`: of the contract; `secretOf`: where it carries its key (`bearerOf`, `headerKeyOf`, `queryKeyOf`)
 * @throws ChatError `unauthenticated` (no key, unknown, two different ones), `forbidden` (known, but for something else,
 *   or of a member who may not administer), `rate_limited`
 */
export const admitKey = async (
  deps: HttpDeps,
  request: Request,
  how: { kind: KeyKind; secretOf(request: Request): string | undefined },
): Promise<KeyCaller> => {
  refuseTwoKeys(request);
  const secret = how.secretOf(request);
  if (secret === undefined) throw unauthenticated('The request carries no key');
  const caller: KeyCaller = { kind: 'key', signedIn: await signedIn(deps, secret, how.kind) };
  const late = deps.limits.check('provisioning', keyScope(caller));
  if (late !== undefined) throw late;
  return caller;
};

/** What is counted together: the calls of one key. */
export const keyScope = (caller: KeyCaller): string => caller.signedIn.credential.id;
