// Contract 003: what a page needs before the first word.
import type { Page } from '../../../../../shared/facts.ts';
import { openSigned, verifiedIdentity } from '../../../../usecases/visitor-identity.ts';
import { admitSession } from '../../../../usecases/arrivals.ts';
import { openSession } from '../../../../usecases/visitors.ts';
import { addressKey, countedAddress, fullAddress } from '../../address.ts';
import { routeFor } from '../dialect.ts';
import type { DialectRoute, WidgetCaller } from '../dialect.ts';
import { openKeyOf } from './client-id.ts';
import { configExample, sessionExample } from './example.ts';
import { presentConfig, stampOf } from './present.ts';
import { configBody, sessionBody, sessionInput } from './schema.ts';

const route = routeFor<WidgetCaller>();

/** The first language that the browser prefers, as sockets learn it. */
const localeOf = (acceptLanguage: string | undefined): string | undefined => {
  const locale = acceptLanguage?.split(/[,;]/, 1)[0]?.trim() ?? '';
  return /^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/.test(locale) ? locale : undefined;
};

type PageInput = { url: string; title: string | undefined; referrer: string | undefined };

const pageOf = ({ url, title, referrer }: PageInput): Page => ({
  url,
  ...(title === undefined ? {} : { title }),
  ...(referrer === undefined ? {} : { referrer }),
});

export const sessionRoutes: Record<string, DialectRoute<WidgetCaller>> = {
  'GET /api/widget/config': route({
    id: 'widgetConfig',
    summary: 'How the widget looks, greets and speaks first.',
    status: 200,
    output: configBody,
    refusals: ['rate_limited'],
    example: configExample,
    handle: async ({ deps, caller: { widget }, request }) => {
      const refusal = deps.limits.checkFrom('config', addressKey(request.ip ?? ''), { at: widget.id });
      if (refusal !== undefined) throw refusal;
      return { success: true as const, config: await presentConfig(deps, widget) };
    },
  }),
  'POST /api/widget/session': route({
    id: 'widgetSession',
    summary: 'Opens a session; a known visitor comes back to the conversation of the last 24 hours.',
    description:
      'Both ids are secrets that only this answer tells. A visitor id that this widget never gave out is as good as none. With `identity`, a token that the owner signed, the person comes back to their own latest open conversation; a signed visitor id opens nothing without it. An `Idempotency-Key` of 16 characters or more makes a repeat within five minutes give the same session, under fresh secrets.',
    body: sessionInput,
    status: 200,
    output: sessionBody,
    isRemembered: false,
    refusals: ['unauthenticated', 'rate_limited'],
    example: sessionExample,
    handle: async ({ deps, caller: { widget }, body, request, idempotencyKey }) => {
      const address = countedAddress(request, deps.config);
      // First: a refused token must leave nothing behind.
      const identity = body.identity === undefined ? undefined : await verifiedIdentity(deps, widget, body.identity);
      const locale = localeOf(request.headers['accept-language']);
      const tokens = { visitorToken: body.visitor_id };
      const input = {
        clientId: openKeyOf(idempotencyKey),
        asker: `${addressKey(request.ip ?? '')} ${request.headers['user-agent'] ?? ''}`,
        page: body.page === undefined ? undefined : pageOf(body.page),
        channel: 'widget' as const,
        locale,
        userAgent: request.headers['user-agent']?.slice(0, 300),
        address: fullAddress(request.ip),
        admitContact: (contactId: string) => deps.bans.admit(widget.orgId, { contactId }),
        admitNew: () => admitSession(deps.limits, address, widget.id),
      };
      const opened =
        identity === undefined
          ? await openSession(deps, widget, tokens, input)
          : await openSigned(deps, widget, tokens, identity, input);
      const { session } = opened;
      const owned = opened.isNew
        ? undefined
        : await deps.store.documents.ownerships.get(session.orgId, session.conversationId);
      return {
        success: true as const,
        session_id: opened.sessionToken,
        visitor_id: opened.visitorToken,
        greeting: { content: widget.texts.welcome, timestamp: stampOf(owned?.createdAt ?? session.createdAt) },
      };
    },
  }),
};
