// Contract 003: a message and its answer, whole or as events, and what was said since.
import { ChatError, toWireError } from '../../../../../shared/errors.ts';
import type { FactOf } from '../../../../../shared/facts.ts';
import { initialState } from '../../../../../shared/conversation.ts';
import { languageOf } from '../../../../../shared/language.ts';
import { forVisitor } from '../../../../domain/audience.ts';
import { handledBy } from '../../../../domain/turn.ts';
import { changeContact } from '../../../../usecases/contacts.ts';
import { readHistory } from '../../../../usecases/history.ts';
import { takeTurn } from '../../../../usecases/turn.ts';
import type { TurnOptions } from '../../../../usecases/turn.ts';
import { countedAddress } from '../../address.ts';
import type { HttpDeps } from '../../deps.ts';
import { noteFailure } from '../../refusals.ts';
import { isStillOpen } from '../../../../usecases/visitors.ts';
import { routeFor } from '../dialect.ts';
import type { DialectRoute, WidgetCaller } from '../dialect.ts';
import { noSuchSession, visitingOf } from './admission.ts';
import type { Visiting } from './admission.ts';
import { clientIdOf } from './client-id.ts';
import { errorBodyOf } from './errors.ts';
import { messageExample } from './example.ts';
import { presentActions, presentTurn, stampOf } from './present.ts';
import { messageBody, messageInput, messagesBody, messagesQuery } from './schema.ts';
import { guardSession } from './session-guard.ts';
import type { SessionGuard } from './session-guard.ts';
import { openStream, wantsStream } from './stream.ts';

const route = routeFor<WidgetCaller>();

/** How long a message waits for its answer. */
const defaultWaitMs = 25_000;
const pageOfFacts = 200;

/** The page that a message comes from, so that staff and triggers see where the visitor is. */
const walkedTo = async (deps: HttpDeps, visiting: Visiting, url: string | undefined): Promise<Visiting> => {
  const { session, contact } = visiting;
  if (url === undefined || url === (contact?.page ?? session.page)?.url) return visiting;
  if (deps.limits.check('action', `page ${session.visitorId}`) !== undefined) return visiting;
  const changed = await changeContact(deps, session, () => ({ page: { url } }));
  return { ...visiting, session: { ...session, page: { url } }, contact: changed ?? contact };
};

/** A row of the log without a message is none of the visitor's. */
const isMessage = (fact: { type: string }): fact is FactOf<'message.created'> => fact.type === 'message.created';

export const messageRoutes: Record<string, DialectRoute<WidgetCaller>> = {
  'POST /api/widget/message': route({
    id: 'widgetMessage',
    summary: 'Says something and waits for the answer, up to 25 seconds.',
    description:
      'The same turn as over sockets. With a person in control, in the queue, or where a person approves answers first, the waiting text comes at once and `metadata.handled_by` says who has the message. Calls that overlap get the one answer. A caller who leaves aborts nothing: the answer is in `GET /api/widget/messages`.',
    body: messageInput,
    status: 200,
    output: messageBody,
    streams: {
      mediaType: 'text/event-stream',
      description:
        'Events: `started {message_id}`, `delta {offset, text}` (offset in UTF-16 units), `reset {}` (what streamed is void), then `done` with the same body as without streaming, or `error`, or `replaced` where a newer stream of the session carries the answer.',
    },
    isRemembered: false,
    refusals: ['not_found', 'conflict', 'rate_limited'],
    example: messageExample,
    handle: async ({ deps, caller, body, request, response, idempotencyKey }) => {
      const found = await visitingOf(deps, caller, body.session_id);
      const visiting = await walkedTo(deps, found, body.context?.page_url);
      const { session, conversationId } = visiting;
      const address = countedAddress(request, deps.config);
      if (address !== undefined) deps.spending.from(conversationId, address);
      const options: TurnOptions = {
        clientId: clientIdOf(session.id, 'message', idempotencyKey),
        admit: () => deps.limits.check('message', session.visitorId),
        waitMs: deps.turnMs ?? defaultWaitMs,
      };
      const isOpen = () => isStillOpen(deps, session, body.session_id);
      /** @throws ChatError `not_found` where the session has ended meanwhile, `forbidden` where the visitor was banned */
      const stillTheirs = async (guard: SessionGuard): Promise<void> => {
        if (!(await guard.isOpen())) throw noSuchSession('body');
        await deps.bans.admit(session.orgId, session);
      };
      if (!wantsStream(request.headers.accept)) {
        const gone = new AbortController();
        response.once('close', () => gone.abort());
        const guard = guardSession(isOpen);
        const signal = AbortSignal.any([gone.signal, guard.signal]);
        const turn = await takeTurn(deps, visiting, body.message, { ...options, signal, ear: guard });
        if (!response.destroyed) await stillTheirs(guard);
        return response.destroyed ? undefined : presentTurn(deps, visiting, body.message, turn);
      }
      const stream = openStream(response, session.id);
      try {
        const guard = guardSession(isOpen, stream);
        const signal = AbortSignal.any([stream.signal, guard.signal]);
        const turn = await takeTurn(deps, visiting, body.message, { ...options, signal, ear: guard });
        if (!stream.signal.aborted) await stillTheirs(guard);
        if (!stream.signal.aborted) stream.end('done', await presentTurn(deps, visiting, body.message, turn));
      } catch (error) {
        // Before the first event it is refused like any call.
        if (!response.headersSent) throw error;
        noteFailure(deps.log, request, error, error instanceof ChatError ? error : undefined);
        stream.end('error', errorBodyOf(toWireError(error)));
      }
      return undefined;
    },
  }),
  'GET /api/widget/messages': route({
    id: 'widgetMessages',
    summary: 'What was said after a place in the conversation.',
    query: messagesQuery,
    headers: {
      'X-Session-Id': { description: 'The `session_id`: a secret, and so never in an address.', required: true },
    },
    status: 200,
    output: messagesBody,
    refusals: ['not_found', 'rate_limited'],
    handle: async ({ deps, caller, query, request }) => {
      const secret = request.headers['x-session-id'];
      if (typeof secret !== 'string' || secret === '') {
        const details = [
          { path: 'X-Session-Id', message: 'Required', isMissing: true as const, where: 'header' as const },
        ];
        throw new ChatError('invalid', 'Validation failed', { details });
      }
      const visiting = await visitingOf(deps, caller, secret, 'header');
      const { conversationId, session, widget } = visiting;
      const refusal = deps.limits.check('action', `messages ${session.visitorId}`);
      if (refusal !== undefined) throw refusal;
      const state =
        deps.committer.current(conversationId) ??
        (await deps.store.state(conversationId))?.state ??
        initialState(conversationId, widget.isAutopilot);
      const reader = { visitorId: session.visitorId, address: countedAddress(request, deps.config) };
      const read = () => deps.store.factsAfter(conversationId, query.after, pageOfFacts);
      const facts = await readHistory(deps.limits, reader, read, (found) => found);
      const messages = facts.map(forVisitor).filter(isMessage);
      return {
        success: true as const,
        messages: messages.map((message) => ({
          message_id: message.messageId,
          role: message.author.kind,
          name: message.author.name ?? null,
          content: message.text,
          status: message.status,
          timestamp: stampOf(message.at),
          suggested_actions:
            message.author.kind === 'ai'
              ? presentActions(deps, visiting, message, { canHandOff: false, language: languageOf(message.text) })
              : [],
        })),
        cursor: facts.at(-1)?.seq ?? query.after,
        has_more: facts.length === pageOfFacts,
        handled_by: handledBy(state),
        status: state.status === 'closed' ? ('closed' as const) : ('open' as const),
      };
    },
  }),
};
