// Contract 002: the stored document, every field and default, and what PUT and the other contracts do to it.
import { describe, expect, test } from 'vitest';
import { createExample } from '../../server/edges/http/dialects/webchats/example.ts';
import { publicWidget } from '../../shared/widget.ts';
import { provisioned } from './provisioned.ts';
import { prompt, required, webchatCalls } from './webchat-calls.ts';

const world = provisioned();

const { create, get, put, widgetOf } = webchatCalls(world);
const example = createExample.request as Record<string, unknown>;
const order = [
  '_id organizationId userId createdBy name description starterMessage backgroundColor primaryColor secondaryColor',
  'headerTextColor statusText statusTextColor timestampColor csatBackgroundColor csatTextColor csatThankYouMessage',
  'icon promptId allowedDomains pipelineId pipelineStage initialStage isAutopilot isEnabled position offsetX offsetY',
  'zIndex createdAt updatedAt',
]
  .join(' ')
  .split(' ');

const publicViewOf = async (hexId: string) => {
  const { widgetKey } = await widgetOf(hexId);
  return publicWidget.parse((await world.send(`GET /w/${widgetKey}`)).json);
};

describe('creating', () => {
  test('the published request gives the stored document, every field as it was sent, in the published order', async () => {
    const data = await create(example);
    expect(Object.keys(data)).toEqual(order.filter((name) => name !== 'icon'));
    expect(data).toMatchObject(example);
    expect(data).toMatchObject({
      organizationId: '65a0e0e0e0e0e0e0e0e0e0e0',
      userId: '65b1f0a2c3d4e5f6a7b8c9d0',
      createdBy: '65b1f0a2c3d4e5f6a7b8c9d0',
      position: 'bottom-right',
      offsetX: 24,
      offsetY: 24,
      zIndex: 9999,
    });
    expect(data._id).toMatch(/^[0-9a-f]{24}$/);
    expect(data.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(data.updatedAt).toBe(data.createdAt);
    expect(await get(data._id)).toEqual(data);
  });

  test('the seven required fields alone give the defaults; what was not said is left out, and nothing is autonomous', async () => {
    const data = await create();
    const { _id, createdAt, updatedAt, ...rest } = data;
    expect([_id, createdAt, updatedAt]).not.toContain(undefined);
    expect(rest).toEqual({
      ...required,
      organizationId: '65a0e0e0e0e0e0e0e0e0e0e0',
      userId: '65b1f0a2c3d4e5f6a7b8c9d0',
      createdBy: '65b1f0a2c3d4e5f6a7b8c9d0',
      isAutopilot: false,
      isEnabled: true,
      position: 'bottom-right',
      offsetX: 24,
      offsetY: 24,
      zIndex: 9999,
    });
  });

  test('null for an optional field is as if it had not been said; unknown fields are ignored and not stored', async () => {
    const nulls = Object.fromEntries(order.filter((name) => !(name in required)).map((name) => [name, null]));
    const data = await create({ ...nulls, webhookUrl: 'https://x.example', _id: 'f'.repeat(24) });
    expect(Object.keys(data)).toEqual(Object.keys(await create()));
    expect(data._id).not.toBe('f'.repeat(24));
    const stored = await widgetOf(data._id);
    expect(JSON.stringify(stored)).not.toContain('webhookUrl');
    expect(stored.kept?.webchats).toEqual({ initialStage: { sent: 'new', gave: stored.stageId } });
  });

  test('empty texts are kept as texts, short and transparent hex colours as they are written', async () => {
    const sent = {
      description: '',
      starterMessage: '',
      statusText: '',
      csatThankYouMessage: '',
      primaryColor: '#AbC',
      headerTextColor: '#12345678',
      promptId: prompt.toUpperCase(),
    };
    const data = await create(sent);
    expect(data).toMatchObject({ ...sent, promptId: prompt });
    expect(await get(data._id)).toEqual(data);
  });

  test('position, offsets and z-index are taken too', async () => {
    const sent = { position: 'bottom-left', offsetX: 0, offsetY: 400, zIndex: 2147483647 };
    expect(await create(sent)).toMatchObject(sent);
  });

  test("a member's own key is named as the maker, and names need not be unique", async () => {
    const bearer = await world.keyFor('webchats', 'pat');
    const { json } = await world.send('POST /api/webchats', { bearer, body: required });
    expect(json.data.createdBy).toBe(json.data.userId);
    expect(json.data.createdBy).not.toBe('65b1f0a2c3d4e5f6a7b8c9d0');
    expect((await create()).name).toBe(json.data.name);
  });
});

describe('PUT', () => {
  test('what is sent replaces and what is absent stays, for each field alone', async () => {
    const { _id } = await create(example);
    const others: Record<string, unknown> = {
      name: 'Other',
      description: 'd',
      starterMessage: 's',
      backgroundColor: '#000000',
      primaryColor: '#111111',
      secondaryColor: '#222222',
      headerTextColor: '#333333',
      statusText: 't',
      statusTextColor: '#444444',
      timestampColor: '#555555',
      csatBackgroundColor: '#666666',
      csatTextColor: '#777777',
      csatThankYouMessage: 'c',
      promptId: '65b2a1c3d4e5f6a7b8c9d0e2',
      allowedDomains: ['*.example.com', 'localhost:*'],
      isAutopilot: false,
      isEnabled: false,
      position: 'bottom-left',
      offsetX: 1,
      offsetY: 2,
      zIndex: 3,
    };
    let expected = await get(_id);
    for (const [name, value] of Object.entries(others)) {
      const data = await put(_id, { [name]: value });
      expect(Date.parse(data.updatedAt)).toBeGreaterThan(Date.parse(expected.updatedAt));
      expected = { ...expected, [name]: value, updatedAt: data.updatedAt };
      expect(data).toEqual(expected);
    }
    expect(await get(_id)).toEqual(expected);
  });

  test('{} changes nothing, and neither do read-only fields, unknown ones or the whole document put back', async () => {
    const made = await create({ ...example, pipelineStage: undefined });
    const foreign = await widgetOf((await create())._id);
    for (const body of [
      {},
      { _id: foreign.hexId, organizationId: 'x', userId: 1, createdBy: null, createdAt: 'never', updatedAt: {} },
      { unknown: true },
      made,
      await get(made._id),
    ]) {
      expect(await put(made._id, body)).toEqual(made);
    }
    const bare = await create();
    expect(await put(bare._id, bare)).toEqual(bare);
  });

  test('null clears an optional field, once, and takes a default back', async () => {
    const { _id } = await create({ ...example, isEnabled: false, position: 'bottom-left', offsetX: 1, zIndex: 5 });
    const bare = await create();
    const optional = Object.keys(example).filter((name) => !(name in required));
    const nulls = Object.fromEntries(
      [...optional, 'position', 'offsetX', 'offsetY', 'zIndex'].map((name) => [name, null]),
    );
    const cleared = await put(_id, nulls);
    expect(Object.keys(cleared)).toEqual(Object.keys(bare));
    expect(cleared).toMatchObject({
      isAutopilot: false,
      isEnabled: true,
      position: 'bottom-right',
      offsetX: 24,
      zIndex: 9999,
    });
    expect(await put(_id, nulls)).toEqual(cleared);
  });

  test('two changes at once are both there', async () => {
    const { _id } = await create();
    await Promise.all([put(_id, { name: 'Both' }), put(_id, { statusText: 'both' }), put(_id, { offsetX: 7 })]);
    expect(await get(_id)).toMatchObject({ name: 'Both', statusText: 'both', offsetX: 7 });
  });
});

describe('one widget', () => {
  test('the last writer of a shared field wins, across the console and the other contracts', async () => {
    const { _id } = await create(example);
    const { id, uuid } = await widgetOf(_id);
    const before = await widgetOf(_id);
    const patched = await world.console(`PATCH /widgets/${id}`, {
      name: 'By the console',
      description: '',
      colors: { ...before.colors, primary: 'rebeccapurple', headerText: 'nonsense' },
      texts: { ...before.texts, csatThanks: 'Cheers' },
    });
    expect(patched.status, patched.text).toBe(200);
    const read = await get(_id);
    expect(read).toMatchObject({ name: 'By the console', primaryColor: '#663399', csatThankYouMessage: 'Cheers' });
    // What hex cannot say is left out, and so is what was emptied.
    expect('headerTextColor' in read || 'description' in read).toBe(false);
    await world.send('PATCH /functions/v1/update-chat-widget', {
      bearer: world.keys.functions,
      body: { id: uuid, primary_color: '#010203', welcome_message: 'By 000', is_active: false },
    });
    expect(await get(_id)).toMatchObject({ primaryColor: '#010203', starterMessage: 'By 000', isEnabled: false });
    await put(_id, { primaryColor: '#AABBCC', isEnabled: true });
    const functions = await world.send(`GET /functions/v1/get-chat-widget?id=${uuid}`, {
      bearer: world.keys.functions,
    });
    expect(functions.json).toMatchObject({ primary_color: '#AABBCC', is_active: true, name: 'By the console' });
  });

  test('a widget made elsewhere reads with the defaults of what it lacks, and can be put back without harm', async () => {
    const made = await world.send('POST /functions/v1/create-chat-widget', {
      bearer: world.keys.functions,
      body: { agent_id: '550e8400-e29b-41d4-a716-446655440000', primary_color: '#ff0000' },
    });
    const widget = await world.widgetBy(made.json.id);
    const data = await get(widget.hexId);
    expect(data).toMatchObject({
      name: 'Website Chat',
      backgroundColor: '#FFFFFF',
      primaryColor: '#ff0000',
      secondaryColor: '#ff0000',
      starterMessage: 'Hi! How can I help you today?',
      promptId: prompt,
      initialStage: 'new',
      isAutopilot: true,
    });
    const { theme: before, texts } = await publicViewOf(widget.hexId);
    await put(widget.hexId, data);
    const after = await publicViewOf(widget.hexId);
    expect([after.theme.light, after.theme.dark, after.texts]).toEqual([before.light, before.dark, texts]);
    const again = await world.send(`GET /functions/v1/get-chat-widget?id=${made.json.id}`, {
      bearer: world.keys.functions,
    });
    expect(again.json).toMatchObject(made.json);
  });

  test('survey colours and texts, greeting and status line reach the widget', async () => {
    const { _id } = await create({ ...example, allowedDomains: [] });
    const { theme, texts, isAutopilot } = await publicViewOf(_id);
    expect(theme.light).toMatchObject({ csat: '#f3f4f6', onCsat: '#111827', surface: '#ffffff' });
    expect(texts).toMatchObject({
      csatThanks: 'Thanks for your feedback!',
      welcome: 'Hi! Looking for pricing?',
      status: 'We typically reply within minutes',
    });
    expect(isAutopilot).toBe(true);
    await put(_id, { csatBackgroundColor: '#000000', csatTextColor: '#ffffff', csatThankYouMessage: 'Danke!' });
    const changed = await publicViewOf(_id);
    expect(changed.theme.light).toMatchObject({ csat: '#000000', onCsat: '#ffffff' });
    expect(changed.texts.csatThanks).toBe('Danke!');
  });
});
