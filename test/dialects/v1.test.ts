// Contract 001: 24 fields in, 29 out, whatever is null, absent or free-form.
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { channels } from '../../shared/channels.ts';
import { widgetType } from '../../shared/widget.ts';
import { provisioned } from './provisioned.ts';
import { absent, assistant, full, org, outKeys, required, v1Client } from './v1-client.ts';

const world = provisioned();
const { send, create, get } = v1Client(world);

describe('creating', () => {
  test('all 24 fields come back as they were sent, among all 29 in their order', async () => {
    const answer = await send('POST /api/v1/widget', full);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json)).toEqual(['message', 'meta', 'data']);
    expect(answer.json).toMatchObject({ message: 'Data created successfully', meta: {} });
    expect(Object.keys(answer.json.data)).toEqual(outKeys);
    expect(outKeys).toHaveLength(29);
    expect(answer.json.data).toMatchObject(full);
    expect(await get(answer.json.data.id)).toEqual(answer.json.data);
  });

  test('the three required ones are enough; the rest is null, false or empty', async () => {
    const data = await create();
    expect(Object.keys(data)).toEqual(outKeys);
    expect(data).toMatchObject({ ...absent, ...required });
    expect(data.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test('the three required ones may be null', async () => {
    const nothing = { widget_type: null, user_opening_messages: null, action_buttons: null };
    const data = await create(nothing);
    expect(data).toMatchObject({ ...absent, ...nothing });
    expect(await get(data.id)).toMatchObject({ ...absent, ...nothing });
    expect(await world.widgetBy(data.id)).toMatchObject({ type: 'chat', openingMessages: [], actionButtons: [] });
  });

  const nullable = Object.keys(full).filter((name) => name !== 'attributes' && name !== 'style_params');
  test.each(nullable)('%s may be null, and comes back null', async (name) => {
    const data = await create({ ...full, [name]: null });
    expect(data).toMatchObject({ ...full, [name]: null });
    expect((await get(data.id))[name]).toBeNull();
  });

  test.each(['attributes', 'style_params'])('null for %s is 422', async (name) => {
    const answer = await send('POST /api/v1/widget', { ...full, [name]: null });
    expect(answer.status).toBe(422);
    expect(answer.json.detail).toMatchObject([{ loc: ['body', name] }]);
  });

  test.each(Object.keys(required))('without %s it is 422, said the documented way', async (name) => {
    const answer = await send('POST /api/v1/widget', { ...full, [name]: undefined });
    expect(answer.status).toBe(422);
    expect(answer.text).toBe(`{"detail":[{"type":"missing","loc":["body","${name}"],"msg":"Field required"}]}`);
  });

  test.each(widgetType.options)('type %s can be made, is listed and says what carries it', async (type) => {
    const data = await create({ widget_type: type });
    const { provider, label } = channels[type];
    expect(data).toMatchObject({ widget_type: type, widget_provider: provider, provider_user_friendly_label: label });
    expect(await get(data.id)).toEqual(data);
  });

  test('there are sixteen types, each with a provider and a label of its own', () => {
    expect(widgetType.options).toHaveLength(16);
    expect(new Set(Object.values(channels).map(({ label }) => label)).size).toBe(16);
  });

  test('the table in the documentation is the one in the code', async () => {
    const page = await readFile('docs/contracts/v1.md', 'utf8');
    for (const [type, { provider, label, bridge }] of Object.entries(channels)) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${type}\``));
      expect(row, type).toContain(
        `| \`${provider}\` | ${label} | ${bridge === undefined ? 'yes' : `needs a bridge to ${bridge}`} |`,
      );
    }
  });

  test('org_id is the key’s own, and assistant_id one of its assistants', async () => {
    const stored = await world.widgetBy((await create({ org_id: org, assistant_id: org.toUpperCase() })).id);
    const named = await world.server.node.store.documents.assistants.get(stored.orgId, stored.assistantId);
    expect(named?.uuid).toBe(org);
    const data = await create();
    expect(data).toMatchObject({ org_id: null, assistant_id: null });
    const own = await world.widgetBy(data.id);
    const first = await world.server.node.store.documents.assistants.get(own.orgId, own.assistantId);
    expect(first?.uuid).toBe(assistant);
  });

  test.each([
    ['org_id', () => [world.stranger.orgUuid, '11111111-2222-4333-8444-555555555555']],
    ['assistant_id', () => [world.stranger.assistantUuid, '11111111-2222-4333-8444-555555555555']],
  ] as const)('an unknown or foreign %s is 404 by name, and nothing is stored', async (name, ids) => {
    const before = await world.widgets();
    for (const id of ids()) {
      const answer = await send('POST /api/v1/widget', { ...required, [name]: id });
      expect(answer.status).toBe(404);
      expect(answer.json.detail).toMatch(new RegExp(`^${name}: There is no such`));
    }
    expect(await world.widgets()).toEqual(before);
  });

  test('the key may stand in the query or in the header', async () => {
    const one = await world.send(`POST /api/v1/widget?api_key=${world.keys.v1}`, { body: required });
    expect(one.status).toBe(200);
    const two = await world.send(`POST /api/v1/widget?api_key=`, {
      body: required,
      headers: { 'x-api-key': world.keys.v1 },
    });
    expect(two.status).toBe(200);
  });

  test('unknown fields are ignored and not stored', async () => {
    const { id } = await create({ id: org, canary: 'canary7313', conversation_bot_icon: 'canary7313' });
    expect(id).not.toBe(org);
    expect(JSON.stringify(await world.widgetBy(id))).not.toContain('canary7313');
  });
});

describe('what a visitor gets of it', () => {
  const viewOf = async (id: string) => (await world.send(`GET /w/${(await world.widgetBy(id)).widgetKey}`)).json;

  test('texts and chips are shown, buttons of every usable shape work', async () => {
    const { id } = await create({
      ...full,
      action_buttons: [
        'Say this',
        { title: 'A page', href: '/prices' },
        { text: 'A person', type: 'handoff' },
        { label: 'Evil', url: 'javascript:alert(1)' },
        { label: 'Cross', url: '//evil.example' },
        { label: 'No address', action: 'link' },
        { nothing: true },
        '  ',
        12,
      ],
    });
    const view = await viewOf(id);
    expect(view.texts).toMatchObject({
      title: 'Shop chat',
      welcome: 'Hello, traveller',
      placeholder: 'Say something',
      bubble: 'Chat with us',
    });
    expect(view.hideBranding).toBe(true);
    expect(view.openingMessages).toEqual(full.user_opening_messages);
    expect(view.actionButtons).toEqual([
      { label: 'Say this', action: 'message' },
      { label: 'A page', action: 'link', url: '/prices' },
      { label: 'A person', action: 'handoff' },
    ]);
  });

  test('colours that are colours are used, others are stored and left out', async () => {
    const { id } = await create({
      bubble_color: 'darkgreen',
      ice_break_color: 'lavender',
      bot_icon_color: '#000080',
      header_color: 'midnightblue',
      header_text_color: 'no colour',
      bot_message_color: '#eee',
    });
    const view = await viewOf(id);
    expect(view.theme.light).toMatchObject({
      header: '#191970',
      aiBubble: '#eeeeee',
      launcher: '#006400',
      starter: '#e6e6fa',
      avatar: '#000080',
    });
    expect(view.theme.adjusted).toContain('headerText');
    const plain = await viewOf((await create({ header_color: '<string>' })).id);
    expect(plain.theme.light.header).toMatch(/^#[0-9a-f]{6}$/);
  });

  test('nulls and empty texts fall back to our own words', async () => {
    const { id } = await create({ name: '', display_name: null, intro_message: null, textbox_default_text: null });
    expect((await viewOf(id)).texts).toMatchObject({
      title: 'Chat with us',
      welcome: 'Hi! How can I help you today?',
      placeholder: 'Write a message',
      bubble: '',
    });
    expect((await world.widgetBy(id)).name).toBe('Website Chat');
    expect((await get(id)).name).toBe('');
  });

  test('what is too long or too much to show is stored whole and shown as far as it fits', async () => {
    const user_opening_messages = ['', ...Array.from({ length: 20 }, (_, n) => `${n} ${'x'.repeat(300)}`)];
    const sent = { user_opening_messages, bubble_text: 'word '.repeat(40), header_color: 'x'.repeat(200) };
    const data = await create(sent);
    expect(data).toMatchObject(sent);
    const view = await viewOf(data.id);
    expect(view.openingMessages).toHaveLength(8);
    expect(view.openingMessages.every((message: string) => message.length <= 200)).toBe(true);
    expect(view.texts.bubble.length).toBeLessThanOrEqual(40);
  });
});

describe('free-form values', () => {
  test('dollar keys, dots, order and every JSON type survive', async () => {
    const attributes = { $where: '1', z: 1, a: { $gt: '', b: [true, null, 1.5, 'é', []] }, 'x.y': {} };
    const data = await create({ attributes, style_params: attributes, action_buttons: [attributes, '$x'] });
    for (const seen of [data, await get(data.id)]) {
      expect(JSON.stringify(seen.attributes)).toBe(JSON.stringify(attributes));
      expect(JSON.stringify(seen.style_params)).toBe(JSON.stringify(attributes));
      expect(seen.action_buttons).toEqual([attributes, '$x']);
    }
  });

  test.each([
    ['a prototype', '{"__proto__":{"x":1}}'],
    ['a constructor', '{"constructor":1}'],
    ['seven deep, so nine in the body', `{"a":${'['.repeat(7)}${']'.repeat(7)}}`],
    ['NUL', '{"a":"\\u0000"}'],
    ['NUL in a key', '{"\\u0000":1}'],
    ['half a character', '{"a":"\\ud800"}'],
    ['a number out of range', '{"a":1e999}'],
  ])('%s is 422 and stores nothing', async (_what, json) => {
    const before = await world.widgets();
    for (const name of ['attributes', 'style_params']) {
      const raw = `{"widget_type":null,"user_opening_messages":null,"action_buttons":null,"${name}":${json}}`;
      const answer = await world.send('POST /api/v1/widget', { raw, headers: { 'x-api-key': world.keys.v1 } });
      expect(answer.status).toBe(422);
      expect(answer.json.detail).toHaveLength(1);
    }
    expect(await world.widgets()).toEqual(before);
  });
});
