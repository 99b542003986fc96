// Contract 003's companions: what its documented actions need, and how a conversation ends.
import { languageOfLocale } from '../../../../../shared/language.ts';
import type { VisitorCommand } from '../../../../domain/conversation.ts';
import { handledBy } from '../../../../domain/turn.ts';
import type { Answered } from '../../../../usecases/pending.ts';
import { visitorDoes } from '../../../../usecases/conversations.ts';
import { signOut } from '../../../../usecases/visitor-identity.ts';
import { closeSession, moveSession } from '../../../../usecases/visitors.ts';
import type { HttpDeps } from '../../deps.ts';
import { routeFor } from '../dialect.ts';
import type { DialectRoute, Payer, WidgetCaller } from '../dialect.ts';
import { countCall, visitingOf } from './admission.ts';
import type { Visiting } from './admission.ts';
import { clientIdOf } from './client-id.ts';
import { waitingText } from './present.ts';
import { csatBody, csatInput, endBody, endInput, handoffBody, handoffInput } from './schema.ts';

const route = routeFor<WidgetCaller>();

const does = (deps: HttpDeps, visiting: Visiting, command: VisitorCommand, clientId: string): Promise<Answered> =>
  visitorDoes(deps, visiting, visiting.conversationId, command, {
    clientId,
    admit: () => deps.limits.check('action', visiting.session.visitorId),
  });

const actions = (visitorId: string): Payer => ({ limit: 'action', key: visitorId });

export const companionRoutes: Record<string, DialectRoute<WidgetCaller>> = {
  'POST /api/widget/handoff': route({
    id: 'widgetHandoff',
    summary: 'Asks for a person: what the action `handoff` does.',
    body: handoffInput,
    status: 200,
    output: handoffBody,
    isRemembered: false,
    refusals: ['not_found', 'conflict', 'rate_limited'],
    example: {
      request: { session_id: 'sess_xxx', reason: 'Wants a quote for 40 people' },
      response: {
        success: true,
        handled_by: 'queue',
        message: 'Your message has arrived. A person will answer here; you can keep writing.',
      },
    },
    handle: async ({ deps, caller, body, idempotencyKey }) => {
      const visiting = await visitingOf(deps, caller, body.session_id);
      const { reason } = body;
      const command = { type: 'visitor.handoff', ...(reason === undefined ? {} : { reason }) } as const;
      const { state } = await does(deps, visiting, command, clientIdOf(visiting.session.id, 'handoff', idempotencyKey));
      const message = waitingText(visiting, {
        why: handledBy(state) === 'human' ? 'person' : 'queue',
        language: languageOfLocale(visiting.contact?.locale ?? '') ?? 'en',
        isAway: !deps.presence.isStaffOnline(visiting.session.orgId),
        control: state.control,
      });
      return { success: true as const, handled_by: handledBy(state), message };
    },
  }),
  'POST /api/widget/csat': route({
    id: 'widgetCsat',
    summary: 'Rates the conversation, 1 to 5.',
    body: csatInput,
    status: 200,
    output: csatBody,
    isRemembered: false,
    refusals: ['not_found', 'conflict', 'rate_limited'],
    example: {
      request: { session_id: 'sess_xxx', rating: 5, comment: 'Quick and clear' },
      response: { success: true, message: 'Thank you for your feedback.' },
    },
    handle: async ({ deps, caller, body, idempotencyKey }) => {
      const visiting = await visitingOf(deps, caller, body.session_id);
      const { rating, comment } = body;
      const command = { type: 'visitor.csat', rating, ...(comment === undefined ? {} : { comment }) } as const;
      await does(deps, visiting, command, clientIdOf(visiting.session.id, 'csat', idempotencyKey));
      return { success: true as const, message: visiting.widget.texts.csatThanks };
    },
  }),
  'POST /api/widget/logout': route({
    id: 'widgetLogout',
    summary: 'Signs the visitor out: ends every session, token and connection of this browser.',
    description: 'The conversation stays open for staff. Whoever comes next in the same browser begins as a stranger.',
    body: endInput,
    status: 200,
    output: endBody,
    isRemembered: false,
    refusals: ['not_found', 'rate_limited'],
    example: { request: { session_id: 'sess_xxx' }, response: { success: true } },
    handle: async ({ deps, caller, body }) => {
      const { session } = await visitingOf(deps, caller, body.session_id);
      await signOut(deps, session);
      return { success: true as const };
    },
  }),
  'POST /api/widget/session/end': route({
    id: 'widgetSessionEnd',
    summary: 'Ends the conversation; its session opens nothing any more.',
    body: endInput,
    status: 200,
    output: endBody,
    countedBy: actions,
    refusals: ['not_found', 'rate_limited'],
    example: { request: { session_id: 'sess_xxx' }, response: { success: true } },
    handle: async ({ deps, caller, body }) => {
      const visiting = await visitingOf(deps, caller, body.session_id);
      const { session, conversationId } = visiting;
      // Before anything is done: an end that was refused half-way would leave the conversation open for good.
      countCall(deps, actions(session.visitorId));
      // First elsewhere: whoever comes back by the visitor's id begins anew.
      const moved = await moveSession(deps, session, null);
      const state = deps.committer.current(conversationId) ?? (await deps.store.state(conversationId))?.state;
      if (state?.status === 'open') {
        const leave = { type: 'visitor.leave', next: moved.conversationId } as const;
        const clientId = clientIdOf(session.id, 'end', conversationId);
        await visitorDoes(deps, visiting, conversationId, leave, { clientId });
      }
      await closeSession(deps, moved);
      deps.bus.publish({ kind: 'revoked', what: 'session', id: session.id });
      return { success: true as const };
    },
  }),
};
