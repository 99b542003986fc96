// Signed visitors for tests: tokens, and what one of them sees by each way in.
import { SignJWT } from 'jose';
import { createIdentities } from '../../server/adapters/identity/jose.ts';
import type { SessionView } from '../../shared/commands.ts';
import { newUuid } from '../../shared/ids.ts';
import { connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { callWidgetApi } from '../support/widget-api.ts';

/** Where a widget under test is served, and what signs for it. */
export interface Site {
  url: string;
  /** Another node on the same store; the same one where there is none. */
  otherUrl: string;
  widgetKey: string;
  widgetId: string;
  /** `TILLER_SECRET` of the installation. */
  secret: string;
}

export interface Person {
  sub: string;
  name?: string;
  email?: string;
}

export interface Signing {
  secretVersion?: number;
  expires?: string | number;
}

/** A token as the site's own server makes it. */
export const tokenOf = (site: Site, { sub, ...claims }: Person, signing: Signing = {}): Promise<string> => {
  const { secretVersion = 0, expires = '5m' } = signing;
  const secret = createIdentities(site.secret).secretOf({ id: site.widgetId, secretVersion });
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(sub)
    .setAudience(site.widgetKey)
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret));
};

/** Says something in a conversation and waits until it is in the log. */
export const say = (client: RawClient, conversationId: string, text: string): Promise<unknown> =>
  client.must('message:send', { conversationId, clientId: newUuid(), text });

/** Everything that an answer of the server holds, to be searched. */
export const textOf = (value: unknown): string => JSON.stringify(value);

export interface Coming {
  url: string;
  /** What the browser kept of the person before. */
  visitorToken?: string | undefined;
  token?: string | undefined;
}

/** How somebody who comes is met. `seen` is all that they were given. */
export interface Met {
  refusal?: string;
  seen: string;
  close(): void;
}

type Way = (site: Site, coming: Coming) => Promise<Met>;

const keptOf = ({ visitorToken }: Coming): { visitorToken?: string } =>
  visitorToken === undefined ? {} : { visitorToken };

const byHandshake: Way = async (site, coming) => {
  const auth = { ...keptOf(coming), ...(coming.token === undefined ? {} : { identity: coming.token }) };
  const client = await connectVisitor(coming.url, site.widgetKey, auth);
  const first = await client.ask<SessionView>('session:open', {});
  if (first.ok) return { seen: textOf(first.data), close: () => client.close() };
  const after = await client.must('session:open', {});
  return { refusal: first.error.message, seen: textOf(after), close: () => client.close() };
};

const byIdentify: Way = async (site, coming) => {
  const { client, view } = await openVisitor(coming.url, site.widgetKey, keptOf(coming));
  const said = coming.token === undefined ? { name: 'Ann', email: 'ann@example.com' } : { token: coming.token };
  const ack = await client.ask('visitor:identify', said);
  const after = await client.must('session:open', {});
  const seen = textOf([view, after, client.frames]);
  return { ...(ack.ok ? {} : { refusal: ack.error.message }), seen, close: () => client.close() };
};

const byRest: Way = async (site, coming) => {
  const open = (identity: string | undefined) => {
    const body = { visitor_id: coming.visitorToken, identity };
    return callWidgetApi(coming.url, 'POST session', { key: site.widgetKey, body });
  };
  const first = await open(coming.token);
  const opened = first.status === 200 ? first : await open(undefined);
  const read = await callWidgetApi(coming.url, 'GET messages', {
    key: site.widgetKey,
    session: opened.body.session_id,
  });
  const refusal = first.status === 401 ? { refusal: String(first.body.error.message) } : {};
  return { ...refusal, seen: textOf([opened.body, read.body]), close: () => undefined };
};

export const ways: Record<string, Way> = {
  handshake: byHandshake,
  'visitor:identify': byIdentify,
  'REST session': byRest,
};
