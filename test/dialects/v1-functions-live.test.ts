// What contracts 000 and 001 change reaches the sockets that are open, and the next answer.
import { describe, expect, test } from 'vitest';
import { connectVisitor, openVisitor } from '../support/raw-client.ts';
import { functionsClient, otherAgent } from './functions-client.ts';
import { provisioned } from './provisioned.ts';
import type { Answered } from './provisioned.ts';
import { v1Client } from './v1-client.ts';

const world = provisioned();
const functions = functionsClient(world);
const v1 = v1Client(world);

const open = async (uuid: string) => openVisitor(world.server.url, (await world.widgetBy(uuid)).widgetKey);

describe('a change that shuts a widget closes its live sockets within a second, and no others', () => {
  const changes: [string, (uuid: string) => Promise<Answered>][] = [
    ['000 switches it off', (id) => functions.send('PATCH /functions/v1/update-chat-widget', { id, is_active: false })],
    [
      '000 allows other domains',
      (id) => functions.send('PATCH /functions/v1/update-chat-widget', { id, allowed_domains: ['example.com'] }),
    ],
    ['000 rotates its key', (id) => functions.send('POST /functions/v1/rotate-chat-widget-key', { id })],
    ['000 removes it', (id) => functions.send(`DELETE /functions/v1/delete-chat-widget?id=${id}`)],
    ['001 makes it a kind without a web surface', (id) => v1.send(`PUT /api/v1/widget/${id}`, { widget_type: 'sms' })],
    ['001 rotates its key', (id) => v1.send(`POST /api/v1/widget/${id}/rotate-key`, {})],
    ['001 removes it', (id) => v1.send(`DELETE /api/v1/widget/${id}`)],
  ];
  test.each(changes)('%s', async (_what, change) => {
    const { id } = await functions.create();
    const { widgetKey } = await world.widgetBy(id);
    const { client } = await open(id);
    const bystander = (await open((await functions.create()).id)).client;
    const closed = new Promise<void>((resolve) => void client.socket.once('disconnect', () => resolve()));
    const began = performance.now();
    expect((await change(id)).status).toBe(200);
    await closed;
    expect(performance.now() - began).toBeLessThan(1000);
    const refusal = await connectVisitor(world.server.url, widgetKey).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Error);
    expect(bystander.socket.connected).toBe(true);
    bystander.close();
  });
});

test('a grace keeps the sockets, and the old key lets further ones in', async () => {
  const { id, widget_key } = await functions.create();
  const { client } = await open(id);
  await functions.send('POST /functions/v1/rotate-chat-widget-key', { id, grace_seconds: 60 });
  const late = await openVisitor(world.server.url, widget_key);
  expect(client.socket.connected).toBe(true);
  late.client.close();
  client.close();
});

test('a widget without a web surface says on the socket which bridge it needs', async () => {
  const { id } = await v1.create({ widget_type: 'telegram' });
  const { widgetKey } = await world.widgetBy(id);
  await expect(connectVisitor(world.server.url, widgetKey)).rejects.toThrow('needs a bridge to the Telegram Bot API');
});

test('the next answer is that of the agent that 000 named', async () => {
  const { id } = await v1.create();
  await functions.update(id, { agent_id: otherAgent });
  const { client, conversationId } = await open(id);
  await client.must('message:send', { conversationId, clientId: crypto.randomUUID(), text: 'Hello' });
  const { author } = await client.untilFact('message.created', (fact) => fact.author.kind === 'ai');
  expect(author.name).toBe('Wren');
  client.close();
});
