// A good call of every route of the four contracts and of the console: what it names, and what it sends.
import type { ConsoleRoute } from '../../shared/console-api.ts';
import { newUuid } from '../../shared/ids.ts';
import { pictureForm } from '../support/party.ts';
import type { Party } from '../support/party.ts';

export interface RouteCall {
  /** The path's `:id`. */
  id?: string;
  query?: Record<string, string>;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface RouteEntry {
  /**
   * Names things of this organisation. `thrown` is one of them that the call may use up: a widget, a key, a session.
   * Absent `thrown`: nothing is used up.
   */
  call(of: Party, thrown: Party): RouteCall;
  /**
   * What the call gets with another organisation's key: `not_found`, or an answer in which nothing of theirs is, because
   * it names nothing or because what it names counts as absent.
   */
  foreign: 'not_found' | 'nothing of theirs';
  /** Other statuses that a good call may end with (a page that no chat can be on). */
  also?: number[];
}

const named = (call: RouteEntry['call']): RouteEntry => ({ call, foreign: 'not_found' });
const listing = (call: RouteEntry['call'] = () => ({})): RouteEntry => ({ call, foreign: 'nothing of theirs' });

const webchat = (of: Party) => ({
  name: of.marker,
  backgroundColor: '#FFFFFF',
  primaryColor: '#1F2937',
  secondaryColor: '#3B82F6',
  promptId: of.assistant.hexId,
  allowedDomains: [],
  initialStage: of.stage.hexId,
  pipelineId: of.pipeline.hexId,
  icon: of.iconKey,
});

const inSession = (of: Party, more: object = {}): RouteCall => ({
  body: { session_id: of.session.sessionId, ...more },
});

/** By `METHOD /path` of the contracts' tables. */
export const dialectCalls: Record<string, RouteEntry> = {
  'POST /functions/v1/create-chat-widget': named((of) => ({ body: { agent_id: of.assistant.uuid, name: of.marker } })),
  'GET /functions/v1/list-chat-widgets': listing(() => ({ query: { limit: '100' } })),
  'GET /functions/v1/get-chat-widget': named((of) => ({ query: { id: of.widget.uuid } })),
  'PATCH /functions/v1/update-chat-widget': named((of) => ({ body: { id: of.widget.uuid, name: of.marker } })),
  'DELETE /functions/v1/delete-chat-widget': named((_of, thrown) => ({ query: { id: thrown.widget.uuid } })),
  'POST /functions/v1/rotate-chat-widget-key': named((_of, thrown) => ({ body: { id: thrown.widget.uuid } })),
  'GET /functions/v1/list-agents': listing(),

  'POST /api/v1/widget': named((of) => ({
    body: {
      widget_type: 'chat',
      user_opening_messages: null,
      action_buttons: null,
      name: of.marker,
      org_id: of.organisation.uuid,
      assistant_id: of.assistant.uuid,
    },
  })),
  'GET /api/v1/widget/list': listing(),
  'GET /api/v1/widget/:id': named((of) => ({ id: of.widget.uuid })),
  'PUT /api/v1/widget/:id': named((of) => ({ id: of.widget.uuid, body: { name: of.marker } })),
  'DELETE /api/v1/widget/:id': named((_of, thrown) => ({ id: thrown.widget.uuid })),
  'POST /api/v1/widget/:id/rotate-key': named((_of, thrown) => ({ id: thrown.widget.uuid, body: {} })),
  'GET /api/v1/widget/:id/embed': named((of) => ({ id: of.widget.uuid })),
  'GET /api/v1/assistant/list': listing(),

  'POST /api/webchats': named((of) => ({ body: webchat(of) })),
  'POST /api/webchats/icons': listing(() => ({ body: pictureForm() })),
  'PUT /api/webchats/:id': named((of) => ({ id: of.widget.hexId, body: { name: of.marker } })),
  'GET /api/webchats': listing(),
  'GET /api/webchats/:id': named((of) => ({ id: of.widget.hexId })),
  'DELETE /api/webchats/:id': named((_of, thrown) => ({ id: thrown.widget.hexId })),
  'POST /api/webchats/:id/rotate-key': named((_of, thrown) => ({ id: thrown.widget.hexId, body: {} })),
  'GET /api/webchats/:id/embed': named((of) => ({ id: of.widget.hexId })),
  'GET /api/prompts': listing(),
  'GET /api/prompts/:id': named((of) => ({ id: of.assistant.hexId })),
  'GET /api/pipelines': listing(),
  'GET /api/pipelines/:id': named((of) => ({ id: of.pipeline.hexId })),
  'GET /api/contacts': listing(),
  'GET /api/contacts/:id': named((of) => ({ id: of.contactId.slice(-24) })),

  'GET /api/widget/config': listing(),
  'POST /api/widget/session': listing((of) => ({ body: { visitor_id: of.session.visitorId } })),
  'POST /api/widget/message': named((of) => inSession(of, { message: 'Hello' })),
  'GET /api/widget/messages': named((of) => ({ headers: { 'x-session-id': of.session.sessionId } })),
  'POST /api/widget/track': named((of) => inSession(of, { events: [{ type: 'page_view' }] })),
  'POST /api/widget/proactive': named((of) => inSession(of, { trigger_type: 'high_engagement' })),
  'POST /api/widget/lead': named((of) => inSession(of, { name: of.marker, email: `${of.marker}@v.example` })),
  'POST /api/widget/handoff': named((of) => inSession(of)),
  'POST /api/widget/csat': named((of) => inSession(of, { rating: 5 })),
  'POST /api/widget/logout': named((_of, thrown) => inSession(thrown)),
  'POST /api/widget/session/end': named((_of, thrown) => inSession(thrown)),
};

/** By the names of the console's table, below `/api/console`. Public routes belong to nobody yet. */
export const consoleCalls: { [K in ConsoleRoute]: RouteEntry | 'public' } = {
  'POST /login': 'public',
  'POST /link/read': 'public',
  'POST /link': 'public',
  // A token has no session to end.
  'POST /logout': { ...listing(), also: [403] },
  'GET /me': listing(),
  // Nor may it end those of a person.
  'POST /logout/everywhere': { ...listing(), also: [403] },
  'PATCH /me': listing(() => ({ body: { name: 'Renamed' } })),
  'POST /me/avatar': listing(() => ({ body: pictureForm() })),
  'DELETE /me/avatar': listing(),
  'GET /me/keys': listing(),
  'GET /members': listing(),
  'POST /members': listing(() => ({ body: { name: 'New', email: `${newUuid()}@example.com`, role: 'agent' } })),
  'PATCH /members/:id': named((of) => ({ id: of.memberId, body: { role: 'agent' } })),
  'POST /members/:id/link': named((of) => ({ id: of.memberId })),
  'GET /widgets': listing(),
  'POST /widgets': named((of) => ({
    body: { name: of.marker, assistantId: of.assistant.id, pipelineId: of.pipeline.id, iconKey: of.iconKey },
  })),
  'GET /widgets/:id': named((of) => ({ id: of.widget.id })),
  'PATCH /widgets/:id': named((of) => ({ id: of.widget.id, body: { scheme: 'dark' } })),
  'GET /widgets/:id/identity': named((of) => ({ id: of.widget.id })),
  'POST /widgets/:id/identity/rotate': named((_of, thrown) => ({ id: thrown.widget.id, body: {} })),
  'POST /widgets/:id/preview': named((of) => ({ id: of.widget.id, body: {} })),
  'DELETE /widgets/:id': named((_of, thrown) => ({ id: thrown.widget.id })),
  'POST /widgets/:id/rotate-key': named((_of, thrown) => ({ id: thrown.widget.id, body: { which: 'widgetKey' } })),
  'GET /assistants': listing(),
  'POST /assistants': listing(() => ({ body: { name: 'Ida' } })),
  'PATCH /assistants/:id': named((of) => ({ id: of.assistant.id, body: { tone: 'Dry.' } })),
  'GET /assistants/:id/articles': named((of) => ({ id: of.assistant.id })),
  'POST /assistants/:id/articles': named((of) => ({ id: of.assistant.id, body: { title: 'A', text: 'B' } })),
  'PATCH /articles/:id': named((of) => ({ id: of.articleId, body: { title: of.marker } })),
  'DELETE /articles/:id': named((_of, thrown) => ({ id: thrown.articleId })),
  'GET /search': listing(() => ({ query: { q: 'hello' } })),
  'GET /labels': listing(),
  'GET /conversations/:id/context': named((of) => ({ id: of.conversationId })),
  'GET /organisation': listing(),
  'PATCH /organisation': listing(() => ({ body: { businessType: 'boats' } })),
  'GET /keys': listing(),
  'POST /keys': listing(() => ({ body: { kind: 'v1', name: 'Another' } })),
  'PATCH /keys/:id': named((of) => ({ id: of.keyId, body: { name: of.marker } })),
  'POST /keys/:id/rotate': named((_of, thrown) => ({ id: thrown.keyId, body: {} })),
  'DELETE /keys/:id': named((_of, thrown) => ({ id: thrown.keyId })),
  'GET /pipelines': listing(),
  'POST /pipelines': listing(() => ({ body: { name: 'P', stages: [{ key: 'new', name: 'New' }] } })),
  'PATCH /pipelines/:id': named((of) => ({ id: of.pipeline.id, body: { name: of.marker } })),
  // A widget and a contact are in it.
  'DELETE /pipelines/:id': { ...named((of) => ({ id: of.pipeline.id })), also: [409] },
  'GET /contacts': listing(),
  'GET /contacts/:id': named((of) => ({ id: of.contactId })),
  'PATCH /contacts/:id': named((of) => ({ id: of.contactId, body: { stageId: of.stage.id } })),
  'GET /leads': listing(),
  'GET /leads/export': listing(),
  'POST /icons': listing(() => ({ body: pictureForm() })),
  'GET /bans': listing(),
  // An agent may ban a contact, and no range.
  'POST /bans': {
    ...named((of) => ({ body: { conversationId: of.conversationId, kind: 'range', range: '198.51.100.0/24' } })),
    also: [403],
  },
  'DELETE /bans/:id': named((_of, thrown) => ({ id: thrown.banId })),
  'GET /bans/reach': named((of) => ({ query: { range: '198.51.100.0/24', conversationId: of.conversationId } })),
  'GET /conversations/:id/ban': named((of) => ({ id: of.conversationId })),
};
