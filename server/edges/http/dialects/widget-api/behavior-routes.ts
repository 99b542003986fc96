// Contract 003: what the page sees of the visitor, the first word of the widget, and the visitor's address.
import { z } from 'zod';
import { offerFor, trackBehavior } from '../../../../usecases/engagements.ts';
import { visitorDoes } from '../../../../usecases/conversations.ts';
import { changeContact } from '../../../../usecases/contacts.ts';
import type { HttpDeps } from '../../deps.ts';
import { routeFor } from '../dialect.ts';
import type { DialectRoute, Payer, WidgetCaller } from '../dialect.ts';
import { countCall, visitingOf } from './admission.ts';
import type { Visiting } from './admission.ts';
import { clientIdOf } from './client-id.ts';
import { leadExample, proactiveExample, trackExample } from './example.ts';
import { leadBody, leadInput, proactiveBody, proactiveInput, trackBody, trackInput } from './schema.ts';

const route = routeFor<WidgetCaller>();
const trackBytes = 32 * 1024;

/** What is said to everybody who leaves an address, known or not: an answer must not tell who is a customer. */
const thanks = 'Thanks! Someone will be in touch soon.';

const reports = (visitorId: string): Payer => ({ limit: 'track', key: visitorId });
const firstWords = (visitorId: string): Payer => ({ limit: 'action', key: `proactive ${visitorId}` });

export const behaviorRoutes: Record<string, DialectRoute<WidgetCaller>> = {
  'POST /api/widget/track': route({
    id: 'widgetTrack',
    summary: 'Reports what the visitor does, and says whether to speak first.',
    description:
      'Times that are absent, unreadable or still to come are the time of receipt. Time on the page is believed as far as the session is old. The score is computed here: one that is sent is ignored.',
    body: trackInput,
    bodyLimit: trackBytes,
    status: 200,
    output: trackBody,
    countedBy: reports,
    refusals: ['not_found', 'rate_limited'],
    example: trackExample,
    handle: async ({ deps, caller, body }) => {
      const visiting = await visitingOf(deps, caller, body.session_id);
      countCall(deps, reports(visiting.session.visitorId));
      const report = { events: body.events ?? [], metrics: body.metrics };
      const { score, offered } = await trackBehavior(deps, visiting, report, { isWhole: false });
      return {
        success: true as const,
        engagement_score: score,
        proactive: { should_trigger: offered !== undefined, message: offered?.content ?? null },
      };
    },
  }),
  'POST /api/widget/proactive': route({
    id: 'widgetProactive',
    summary: 'The message with which the widget speaks first, for a trigger that the page has seen.',
    description:
      'What `track` has announced a moment ago is given with its actions. Otherwise the rules hold: the cool-down, six offers a day, each trigger once per session, nothing while somebody talks.',
    body: proactiveInput,
    status: 200,
    output: proactiveBody,
    countedBy: firstWords,
    refusals: ['not_found', 'rate_limited'],
    example: proactiveExample,
    handle: async ({ deps, caller, body }) => {
      const found = await visitingOf(deps, caller, body.session_id);
      countCall(deps, firstWords(found.session.visitorId));
      const visiting = await onPage(deps, found, body.context?.page_url);
      const offered = await offerFor(deps, visiting, body.trigger_type);
      if (offered === undefined) return { success: true as const, message: null };
      const { messageId, content, actions } = offered;
      return { success: true as const, message: { message_id: messageId, content, suggested_actions: actions } };
    },
  }),
  'POST /api/widget/lead': route({
    id: 'widgetLead',
    summary: 'Leaves an address; the same session again changes the same lead.',
    body: leadInput,
    status: 200,
    output: leadBody,
    isRemembered: false,
    refusals: ['not_found', 'conflict', 'rate_limited'],
    example: leadExample,
    handle: async ({ deps, caller, body, idempotencyKey }) => {
      const visiting = await visitingOf(deps, caller, body.session_id);
      const { session, conversationId } = visiting;
      const { name, email, phone, company, custom_fields: customFields } = body;
      const command = {
        type: 'visitor.lead',
        ...(name === undefined ? {} : { name }),
        ...(email === undefined ? {} : { email }),
        ...(phone === undefined ? {} : { phone }),
        ...(company === undefined ? {} : { company }),
        ...(customFields === undefined ? {} : { customFields }),
      } as const;
      const { result } = await visitorDoes(deps, visiting, conversationId, command, {
        clientId: clientIdOf(session.id, 'lead', idempotencyKey),
        admit: () => deps.limits.check('lead', session.visitorId),
      });
      const { lead_id } = z
        .object({ leadId: z.string() })
        .transform((lead) => ({ lead_id: lead.leadId }))
        .parse(result);
      return { success: true as const, lead_id, message: thanks };
    },
  }),
};

/** The page is on another address than the session knew. */
const onPage = async (deps: HttpDeps, visiting: Visiting, url: string | undefined): Promise<Visiting> => {
  const { session, contact } = visiting;
  if (url === undefined || url === (contact?.page ?? session.page)?.url) return visiting;
  const changed = await changeContact(deps, session, () => ({ page: { url } }));
  return { ...visiting, contact: changed ?? contact };
};
