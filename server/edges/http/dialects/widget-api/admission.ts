// Who calls contract 003: a page with a widget's public key, from where the widget is allowed; and which visitor of it.
import type { Request } from 'express';
import { ChatError } from '../../../../../shared/errors.ts';
import type { Widget } from '../../../../../shared/widget.ts';
import type { Contact, Session } from '../../../../ports/documents.ts';
import { admitPage } from '../../../../usecases/public-widget.ts';
import { signedInBy } from '../../../../usecases/sessions.ts';
import { sessionOf, usedSession } from '../../../../usecases/visitors.ts';
import { countedAddress, fullAddress } from '../../address.ts';
import type { HttpDeps } from '../../deps.ts';
import type { Payer, WidgetCaller } from '../dialect.ts';
import { headerKeyOf, refuseTwoKeys } from '../keys.ts';

const secretKinds = ['token', 'functions', 'v1', 'webchats'] as const;

const one = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(',') : header;

/**
 * @throws ChatError `rate_limited` (this address calls too often), `unauthenticated` (no key, unknown, two different ones), `forbidden` (a secret key, a widget that is
 *   switched off or not for this page, a banned address)
 */
export const admitWidget = async (deps: HttpDeps, request: Request): Promise<WidgetCaller> => {
  // First of all: whoever calls too often costs no look into the store, whatever they call and with which key.
  const address = countedAddress(request, deps.config);
  const late = address === undefined ? undefined : deps.limits.checkFrom('page', address);
  if (late !== undefined) throw late;
  refuseTwoKeys(request);
  const key = headerKeyOf(request);
  if (key === undefined) throw new ChatError('unauthenticated', 'Send the public key of a widget in X-API-Key');
  try {
    const widget = await admitPage(deps, {
      key,
      origin: one(request.headers.origin),
      secFetchSite: one(request.headers['sec-fetch-site']),
      ownOrigin: deps.baseUrl(),
    });
    const address = fullAddress(request.ip);
    await deps.bans.admit(widget.orgId, { address });
    return { kind: 'widget', widget, address };
  } catch (error) {
    if (!(error instanceof ChatError) || error.code !== 'not_found') throw error;
    if ((await signedInBy(deps, key, secretKinds)) !== undefined) {
      throw new ChatError('forbidden', 'This is a secret key: pages use the public key of a widget');
    }
    throw new ChatError('unauthenticated', 'This key is not known, or was revoked');
  }
};

/** A visitor of the widget that was called. */
export interface Visiting {
  session: Session;
  widget: Widget;
  contact: Contact | undefined;
  conversationId: string;
}

export const noSuchSession = (where: 'body' | 'header'): ChatError => {
  const path = where === 'body' ? 'session_id' : 'X-Session-Id';
  const problem = { path, message: 'There is no such session', ...(where === 'body' ? {} : { where }) };
  return new ChatError('not_found', 'There is no such session', { details: [problem] });
};

/** The session of a secret. Unknown, ended and another widget's are the same. @throws ChatError `not_found`, `forbidden` for a banned visitor */
export const knownSession = async (
  deps: HttpDeps,
  widget: Widget,
  secret: string,
  where: 'body' | 'header' = 'body',
): Promise<Session> => {
  const found = await sessionOf(deps, widget, secret);
  if (found === undefined) throw noSuchSession(where);
  await deps.bans.admit(found.orgId, found);
  return found;
};

/** As `knownSession`, being used. */
export const visitingOf = async (
  deps: HttpDeps,
  { widget, address }: WidgetCaller,
  secret: string,
  where: 'body' | 'header' = 'body',
): Promise<Visiting> => {
  const found = await knownSession(deps, widget, secret, where);
  const session = usedSession(deps, found, { address });
  const contact = await deps.store.documents.contacts.get(found.orgId, found.contactId);
  return { session, widget, contact, conversationId: session.conversationId };
};

/** Counts a call of this visitor. @throws ChatError `rate_limited` */
export const countCall = ({ limits }: HttpDeps, { limit, key }: Payer): void => {
  const late = limits.check(limit, key);
  if (late !== undefined) throw late;
};
