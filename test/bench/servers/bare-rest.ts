// What one would write in an hour: Express and zod, and our own durable store underneath, so that what differs is the product.
import type { AddressInfo } from 'node:net';
import express from 'express';
import { z } from 'zod';
import { openSqliteStore } from '../../../server/adapters/store/sqlite.ts';
import { systemClock } from '../../../server/ports/clock.ts';
import { widgetDefaults } from '../../../server/domain/widget.ts';
import { evolve, initialState } from '../../../shared/conversation.ts';
import type { ConversationState } from '../../../shared/conversation.ts';
import type { Fact } from '../../../shared/facts.ts';
import { newCatyKey, newHexId, newId, newSecret, newUuid, newWidgetKey, publicIdsOf } from '../../../shared/ids.ts';
import type { Widget } from '../../../shared/widget.ts';
import { serveParent } from '../child.ts';
import { startProfile, stopProfile } from './profile.ts';

const store = await openSqliteStore({ dataDir: process.env['DATA_DIR'] ?? '.', clock: systemClock });
const keys = { functions: newSecret('pat'), widget: newCatyKey() };
const orgId = newId('org');
const agentId = newUuid();

const widgetInput = z.object({
  agent_id: z.guid(),
  name: z.string().max(100).default('Website Chat'),
  primary_color: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i)
    .default('#6366f1'),
  position: z.enum(['bottom-right', 'bottom-left']).default('bottom-right'),
  welcome_message: z.string().max(1000).default('Hi! How can I help you today?'),
  offline_message: z.string().max(1000).default(''),
  collect_visitor_name: z.boolean().default(true),
  collect_visitor_email: z.boolean().default(false),
  allowed_domains: z.array(z.string().max(300)).max(100).default([]),
});
const messageInput = z.object({
  session_id: z.string().max(200),
  message: z.string().min(1).max(4000),
  context: z.object({ page_url: z.string().max(2048).optional() }).optional(),
});

/** Of the length of an answer of the built-in answerer. */
const answer = 'A single kayak is £28 for half a day and £42 for a whole one; a tandem is £45 and £68. '.repeat(3);

const logs = new Map<string, ConversationState>();

/** One durable commit of one message. */
const keep = async (before: ConversationState, kind: 'visitor' | 'ai', text: string): Promise<ConversationState> => {
  const { conversationId } = before;
  const id = newHexId();
  const at = Date.now();
  const place = (n: number): Pick<Fact, 'conversationId' | 'seq' | 'id' | 'at'> => ({
    conversationId,
    seq: before.head.seq + n,
    id: `${id}.${n - 1}`,
    at,
  });
  const opened: Fact[] =
    before.head.seq > 0
      ? []
      : [
          {
            ...place(1),
            type: 'conversation.opened',
            widgetId: newId('wid'),
            assistantId: newId('asst'),
            contactId: newId('con'),
            isAutopilot: true,
            channel: 'widget',
          },
        ];
  const said: Fact = {
    ...place(opened.length + 1),
    type: 'message.created',
    messageId: newId('msg'),
    author: { kind },
    text,
    status: 'complete',
  };
  const facts = [...opened, said];
  const state = facts.reduce<ConversationState>((folded, fact) => evolve(folded, fact), before);
  const first = before.head.seq + 1;
  const commit = { id, orgId, conversationId, first, key: `b:${id}`, hash: '', at, facts, result: null };
  await store.append([{ commit, state }]);
  return state;
};

const app = express();
app.use(express.json({ limit: 64 * 1024 }));

app.post('/functions/v1/create-chat-widget', async (request, response) => {
  if (request.headers.authorization !== `Bearer ${keys.functions}`) return void response.status(401).json({});
  const parsed = widgetInput.safeParse(request.body);
  if (!parsed.success) return void response.status(400).json({ error: 'Validation failed' });
  const input = parsed.data;
  const id = newId('wid');
  const now = Date.now();
  const widget: Widget = {
    ...widgetDefaults,
    id,
    orgId,
    ...publicIdsOf(id),
    name: input.name,
    assistantId: input.agent_id,
    position: input.position,
    colors: { primary: input.primary_color },
    texts: { ...widgetDefaults.texts, welcome: input.welcome_message, offline: input.offline_message },
    form: { name: input.collect_visitor_name, email: input.collect_visitor_email, when: 'after-answer' },
    allowedDomains: input.allowed_domains,
    widgetKey: newWidgetKey(),
    catyKey: newCatyKey(),
    createdBy: orgId,
    createdAt: now,
    updatedAt: now,
  };
  await store.documents.widgets.put(widget);
  response.status(201).json({
    id: widget.uuid,
    widget_key: widget.widgetKey,
    agent_id: input.agent_id,
    name: input.name,
    primary_color: input.primary_color,
    position: input.position,
    welcome_message: input.welcome_message,
    collect_visitor_name: input.collect_visitor_name,
    collect_visitor_email: input.collect_visitor_email,
    is_active: true,
    embed_code: `<script src="/widget.js" data-key="${widget.widgetKey}"></script>`,
    created_at: new Date(now).toISOString(),
  });
});

app.post('/api/widget/session', (_request, response) => {
  const session = newSecret('sess');
  logs.set(session, initialState(newId('conv'), true));
  response.json({ success: true, session_id: session, visitor_id: newSecret('vis') });
});

app.post('/api/widget/message', async (request, response) => {
  if (request.headers['x-api-key'] !== keys.widget) return void response.status(401).json({});
  const parsed = messageInput.safeParse(request.body);
  const session = parsed.data?.session_id ?? '';
  const before = logs.get(session);
  if (!parsed.success || before === undefined) return void response.status(400).json({ success: false });
  const asked = await keep(before, 'visitor', parsed.data.message);
  logs.set(session, await keep(asked, 'ai', answer));
  response.json({
    success: true,
    response: { content: answer, suggested_actions: [{ label: 'Talk to a person', action: 'handoff' }] },
    metadata: { intent: 'unknown', confidence: 0.5, lead_score: 0 },
  });
});

const server = app.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  serveParent({ about: () => ({ url, keys, agentId }), startProfile, stopProfile });
});
