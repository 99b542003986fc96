// One widget: made through any writer it reads through the others, the last writer of a shared field wins, and what only
// one contract has survives the others.
import { describe, expect, test } from 'vitest';
import { provisioned } from './provisioned.ts';

const world = provisioned();

const agent = '550e8400-e29b-41d4-a716-446655440000';
const org = '3c90c3cc-0d44-4b50-8888-8dd25736052a';

const functions = async (route: string, body?: unknown) =>
  (await world.send(route.replace(' ', ' /functions/v1/'), { bearer: world.keys.functions, body })).json;
const v1 = async (route: string, body?: unknown) =>
  (await world.send(route.replace(' ', ' /api/v1/widget'), { headers: { 'x-api-key': world.keys.v1 }, body })).json
    .data;

const throughFunctions = async (body: object = {}): Promise<string> =>
  (await functions('POST create-chat-widget', { agent_id: agent, ...body })).id;
const throughV1 = async (body: object = {}): Promise<string> =>
  (await v1('POST ', { widget_type: null, user_opening_messages: null, action_buttons: null, ...body })).id;
const throughConsole = async (body: object = {}): Promise<string> =>
  (await world.console('POST /widgets', body)).json.widget.uuid;

const asFunctions = (id: string) => functions(`GET get-chat-widget?id=${id}`);
const asV1 = (id: string) => v1(`GET /${id}`);
const inConsole = async (id: string) => {
  const { id: inner } = await world.widgetBy(id);
  return (await world.console(`GET /widgets/${inner}`)).json.widget;
};
const editInConsole = async (id: string, change: object): Promise<void> => {
  const { id: inner } = await world.widgetBy(id);
  const answer = await world.console(`PATCH /widgets/${inner}`, change);
  expect(answer.status, answer.text).toBe(200);
};

describe('made here, read there', () => {
  test('a widget of 000 reads through 001 and the console', async () => {
    const id = await throughFunctions({
      name: 'Shop',
      primary_color: '#4f46e5',
      position: 'bottom-left',
      welcome_message: 'Ahoy',
      collect_visitor_email: true,
    });
    expect(await asV1(id)).toMatchObject({
      widget_type: 'chat',
      name: 'Shop',
      header_color: '#4f46e5',
      intro_message: 'Ahoy',
      assistant_id: agent,
      org_id: org,
      attributes: {},
      style_params: {},
      user_opening_messages: [],
      action_buttons: [],
      remove_branding: false,
      bubble_text: null,
    });
    expect(await inConsole(id)).toMatchObject({
      uuid: id,
      name: 'Shop',
      position: 'bottom-left',
      colors: { primary: '#4f46e5' },
      form: { name: true, email: true },
    });
  });

  test('a widget of 001 reads through 000, with hex where a colour was written otherwise', async () => {
    const id = await throughV1({
      name: 'Shop',
      header_color: 'rebeccapurple',
      intro_message: 'Ahoy',
      assistant_id: org,
    });
    expect(await asFunctions(id)).toMatchObject({
      id,
      agent_id: org,
      name: 'Shop',
      primary_color: '#663399',
      welcome_message: 'Ahoy',
      position: 'bottom-right',
      is_active: true,
    });
    expect((await inConsole(id)).colors.primary).toBe('rebeccapurple');
    const odd = await throughV1({ header_color: '<string>' });
    expect((await asFunctions(odd)).primary_color).toBe('#6366f1');
  });

  test('a widget of the console reads through both', async () => {
    const id = await throughConsole({
      name: 'Mine',
      description: 'For colleagues',
      openingMessages: ['Prices?'],
      actionButtons: [{ label: 'Docs', action: 'link', url: 'https://example.com/docs' }],
      allowedDomains: ['Example.com'],
      hideBranding: true,
      type: 'render_form',
      isEnabled: false,
    });
    expect(await asV1(id)).toMatchObject({
      name: 'Mine',
      description: 'For colleagues',
      user_opening_messages: ['Prices?'],
      action_buttons: [{ label: 'Docs', action: 'link', url: 'https://example.com/docs' }],
      remove_branding: true,
      widget_type: 'render_form',
    });
    expect(await asFunctions(id)).toMatchObject({ name: 'Mine', allowed_domains: ['Example.com'], is_active: false });
  });

  test('every list shows the widgets of every writer', async () => {
    const ids = [await throughFunctions(), await throughV1(), await throughConsole({ name: 'L' })];
    const list = await functions('GET list-chat-widgets?limit=100');
    const other = await v1('GET /list?size=100');
    for (const id of ids) {
      expect(list.widgets.map((one: { id: string }) => one.id)).toContain(id);
      expect(other.map((one: { id: string }) => one.id)).toContain(id);
    }
  });

  test('the embed code is the same bytes through both', async () => {
    const id = await throughV1();
    const { embed_code, widget_key } = await asFunctions(id);
    expect(await v1(`GET /${id}/embed`)).toEqual({ id, widget_key, embed_code });
  });
});

describe('the last writer of a shared field wins', () => {
  test('000 after 001: a null, a word or a button of 001 gives way to what was written since', async () => {
    const id = await throughV1({ header_color: null, name: null, intro_message: '', assistant_id: null });
    await functions('PATCH update-chat-widget', {
      id,
      name: 'From 000',
      primary_color: '#010203',
      welcome_message: 'From 000',
      agent_id: org,
    });
    expect(await asV1(id)).toMatchObject({
      name: 'From 000',
      header_color: '#010203',
      intro_message: 'From 000',
      assistant_id: org,
    });
  });

  test('001 after 000', async () => {
    const id = await throughFunctions({ name: '', primary_color: '#010203', welcome_message: 'x' });
    await v1(`PUT /${id}`, { name: 'From 001', header_color: 'gold', intro_message: 'From 001', assistant_id: org });
    expect(await asFunctions(id)).toMatchObject({
      name: 'From 001',
      primary_color: '#ffd700',
      welcome_message: 'From 001',
      agent_id: org,
    });
  });

  test('the console after both, and both after the console', async () => {
    const id = await throughV1({
      action_buttons: ['Buy', 7],
      user_opening_messages: [''],
      bubble_text: 'x'.repeat(50),
    });
    await editInConsole(id, {
      name: 'From console',
      actionButtons: [{ label: 'New', action: 'message' }],
      openingMessages: ['New'],
      texts: { ...(await inConsole(id)).texts, bubble: 'New' },
    });
    expect(await asV1(id)).toMatchObject({
      name: 'From console',
      action_buttons: [{ label: 'New', action: 'message' }],
      user_opening_messages: ['New'],
      bubble_text: 'New',
    });
    await v1(`PUT /${id}`, { name: null });
    await functions('PATCH update-chat-widget', { id, position: 'bottom-left' });
    expect(await inConsole(id)).toMatchObject({
      name: 'Website Chat',
      position: 'bottom-left',
      openingMessages: ['New'],
    });
    expect((await asV1(id)).name).toBeNull();
  });

  test('what only 001 has survives edits by 000 and by the console', async () => {
    const own = {
      attributes: { $plan: { tier: 3 } },
      style_params: { radius: 4 },
      bot_icon_color: 'teal',
      action_buttons: ['Buy', { label: 'Odd', weight: 9 }],
      widget_type: null,
      header_color: null,
      description: '',
    };
    const id = await throughV1(own);
    await functions('PATCH update-chat-widget', { id, name: 'Renamed', allowed_domains: ['example.com'] });
    await editInConsole(id, { description: 'Colleagues only', isAutopilot: false });
    expect(await asV1(id)).toMatchObject({ ...own, name: 'Renamed', description: 'Colleagues only' });
  });

  test('what only 000 and the console have survives edits by 001', async () => {
    const id = await throughFunctions({
      offline_message: 'Gone',
      allowed_domains: ['example.com'],
      position: 'bottom-left',
    });
    await editInConsole(id, { privacyUrl: 'https://example.com/privacy', zIndex: 7 });
    await v1(`PUT /${id}`, { display_name: 'Title', user_message_color: '#111' });
    expect(await asFunctions(id)).toMatchObject({
      offline_message: 'Gone',
      allowed_domains: ['example.com'],
      position: 'bottom-left',
    });
    expect(await inConsole(id)).toMatchObject({ privacyUrl: 'https://example.com/privacy', zIndex: 7 });
  });

  test('edits of different fields at the same time all hold', async () => {
    const id = await throughV1();
    const edits = Array.from({ length: 12 }, (_, n) =>
      n % 2 === 0
        ? v1(`PUT /${id}`, { attributes: { n }, intro_message: `v1 ${n}` })
        : functions('PATCH update-chat-widget', { id, offline_message: `functions ${n}` }),
    );
    await Promise.all([...edits, editInConsole(id, { description: 'Held' })]);
    const seen = await asV1(id);
    expect(seen.description).toBe('Held');
    expect(seen.intro_message).toBe(`v1 ${seen.attributes.n}`);
    expect((await asFunctions(id)).offline_message).toMatch(/^functions \d+$/);
  });

  test('removed through one, gone through the others', async () => {
    const id = await throughFunctions();
    await v1(`DELETE /${id}`);
    expect((await asFunctions(id)).code).toBe('not_found');
  });
});
