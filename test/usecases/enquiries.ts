// A server whose visitors write, and the organisation whose pipelines they enter.
import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { ConversationState } from '../../shared/conversation.ts';
import type { Widget } from '../../shared/widget.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Contact, Pipeline } from '../../server/ports/documents.ts';
import { openVisitor } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { firstOrganisation } from '../support/tenant.ts';

export const secret = 'a-secret-of-this-test-0123456789-abcdef';
export let server: TestServer;
export let orgId = '';
export let widget: Widget;
export let first: Pipeline;

/** Starts one server for the tests of a file. */
export const beginEnquiries = (): void => {
  beforeAll(async () => {
    server = await startServer({ env: { TILLER_SECRET: secret } });
    ({ orgId, widget } = await firstOrganisation(server));
    [first] = (await server.node.store.documents.pipelines.list(orgId)) as [Pipeline];
  });
  afterAll(() => server.stop());
};

export const deps = () => ({ store: server.node.store, clock: systemClock });
export const documents = () => server.node.store.documents;
export const stages = (...keys: string[]) => keys.map((key) => ({ key, name: key.toUpperCase() }));

/** The widget as it is to be, for what is opened from now on. */
export const setWidget = async (change: Partial<Widget>): Promise<void> => {
  const { pipelineId: _p, stageId: _s, ...bare } = widget;
  const answer = await fetch(`${server.url}/api/console/widgets/${widget.id}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${server.firstRun.keys.console}`, 'content-type': 'application/json' },
    body: JSON.stringify({ pipelineId: '', stageId: '', name: bare.name, ...change }),
  });
  expect(answer.status, await answer.text()).toBe(200);
};

export interface Visited {
  conversationId: string;
  contactId: string;
  client: Awaited<ReturnType<typeof openVisitor>>['client'];
  contact(): Promise<Contact>;
}

export const visit = async (says = 'Hello'): Promise<Visited> => {
  const { client, conversationId } = await openVisitor(server.url, widget.widgetKey);
  await client.must('message:send', { conversationId, clientId: crypto.randomUUID(), text: says });
  const found = (await server.node.store.state(conversationId)) as { state: ConversationState };
  const contactId = found.state.contactId!;
  return {
    conversationId,
    contactId,
    client,
    contact: async () => (await documents().contacts.get(orgId, contactId))!,
  };
};
export const placed = (visited: Visited): Promise<Contact> =>
  vi.waitFor(async () => {
    const contact = await visited.contact();
    expect(contact.stageId).toBeDefined();
    return contact;
  });
