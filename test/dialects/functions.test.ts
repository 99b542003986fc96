// Contract 000: every field, every default and the nulls.
import { describe, expect, test } from 'vitest';
import { embedCode } from '../../server/domain/widget.ts';
import { agent, createKeys, defaults, functionsClient, otherAgent, others } from './functions-client.ts';
import { provisioned } from './provisioned.ts';

const world = provisioned();
const { create, get } = functionsClient(world);

describe('creating', () => {
  test('an agent alone gives every documented default, and exactly twelve keys in their order', async () => {
    const widget = await create();
    expect(Object.keys(widget)).toEqual(createKeys);
    const { offline_message, allowed_domains, ...shown } = defaults;
    expect(widget).toMatchObject({ ...shown, agent_id: agent });
    expect(await get(widget.id)).toMatchObject({ ...shown, offline_message, allowed_domains });
  });

  test('ids, keys and times have the documented forms', async () => {
    const widget = await create();
    expect(widget.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(widget.widget_key).toMatch(/^wgt_[0-9a-f]{24}$/);
    expect(widget.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Math.abs(Date.parse(widget.created_at) - Date.now())).toBeLessThan(5000);
  });

  test('the embed code is the one-line form with this address and this key', async () => {
    const widget = await create();
    expect(widget.embed_code).toBe(embedCode(world.server.url, widget.widget_key));
    expect(widget.embed_code).toContain(`'${world.server.url}/widget/pat-chat.js'`);
    expect(widget.embed_code).not.toContain('\n');
  });

  test('the embed code never follows the Host header', async () => {
    const answer = await world.send('POST /functions/v1/create-chat-widget', {
      bearer: world.keys.functions,
      body: { agent_id: agent },
      headers: { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
    });
    expect(answer.json.embed_code).toBe(embedCode(world.server.url, answer.json.widget_key));
  });

  test.each(Object.entries(others))('%s is stored as it was sent', async (field, value) => {
    const { id } = await create({ [field]: value });
    expect(await get(id)).toMatchObject({ ...defaults, [field]: value });
  });

  test.each(Object.entries(defaults).filter(([field]) => field !== 'is_active'))(
    'null for %s means its default',
    async (field, value) => {
      const { id } = await create({ ...others, [field]: null });
      expect(await get(id)).toMatchObject({ ...others, [field]: value });
    },
  );

  test.each(['name', 'welcome_message', 'offline_message'])('an empty %s is kept', async (field) => {
    const { id } = await create({ [field]: '' });
    expect((await get(id))[field]).toBe('');
  });

  test('a widget with an empty name can still be told apart in the console', async () => {
    const { id } = await create({ name: '' });
    expect((await world.widgetBy(id)).name).toBe('Website Chat');
  });

  test.each(['#fff', '#FFFF', '#4f46e5', '#4F46E5CC'])('%s is a hex colour', async (primary_color) => {
    expect((await create({ primary_color })).primary_color).toBe(primary_color);
  });

  test('the agent is the one that was named', async () => {
    const widget = await create({ agent_id: otherAgent.toUpperCase() });
    expect(widget.agent_id).toBe(otherAgent);
    const stored = await world.widgetBy(widget.id);
    const assistant = await world.server.node.store.documents.assistants.get(stored.orgId, stored.assistantId);
    expect(assistant?.uuid).toBe(otherAgent);
  });

  test('unknown fields are ignored and not stored', async () => {
    const { id } = await create({ is_active: false, colour: 'mauve-of-nowhere', org_id: 'x' });
    expect(await get(id)).toMatchObject(defaults);
    expect(JSON.stringify(await world.widgetBy(id))).not.toContain('mauve-of-nowhere');
  });

  test('it chats: the public view is there under its key at once', async () => {
    const { widget_key } = await create({ welcome_message: 'Ahoy there' });
    const view = await world.send(`GET /w/${widget_key}`);
    expect(view.status).toBe(200);
    expect(view.json.texts.welcome).toBe('Ahoy there');
  });

  test('it is born with autonomy, and with both public keys', async () => {
    const stored = await world.widgetBy((await create()).id);
    expect(stored).toMatchObject({ isAutopilot: true, isEnabled: true, type: 'chat' });
    expect(stored.catyKey).toMatch(/^caty_[0-9a-f]{32}$/);
  });
});
