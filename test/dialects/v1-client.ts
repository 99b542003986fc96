// What the tests of contract 001 send and expect.
import { expect } from 'vitest';
import type { Answered, Provisioned } from './provisioned.ts';

export const org = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
export const assistant = '550e8400-e29b-41d4-a716-446655440000';
export const required = { widget_type: 'chat', user_opening_messages: ['Hello'], action_buttons: ['Book'] };

/** All 24, none of them a default. */
export const full = {
  widget_type: 'html',
  user_opening_messages: ['What does it cost?', 'Can I bring a dog?'],
  action_buttons: ['Book now', { label: 'Prices', url: 'https://example.com/prices', colour: 'red' }, 7, null, ['x']],
  org_id: org,
  assistant_id: org,
  name: 'Internal name',
  description: 'For the shop',
  attributes: { $set: { plan: 'pro' }, 'a.b': [1, null, { deep: true }], '': 'empty key' },
  display_name: 'Shop chat',
  intro_message: 'Hello, traveller',
  header_color: 'rebeccapurple',
  user_message_color: 'rgb(1 2 3)',
  bot_message_color: '#eee',
  bot_icon_color: 'no colour at all',
  remove_branding: true,
  ice_break_color: '#123456',
  bubble_color: 'hsl(120 50% 30%)',
  bubble_text: 'Chat with us',
  bot_text_message_color: '<string>',
  user_text_message_color: 'white',
  header_text_color: 'color-mix(in oklch, white, black)',
  textbox_default_text: 'Say something',
  action_buttons_color: 'gold',
  style_params: { css: { '.x > y': 'z' }, radius: 12.5, on: false },
};
/** What an absent field reads as. */
export const absent = {
  ...Object.fromEntries(Object.keys(full).map((name) => [name, null])),
  attributes: {},
  style_params: {},
  remove_branding: false,
};
export const outKeys =
  'widget_type user_opening_messages action_buttons id conversation_bot_icon bubble_bot_icon provider_user_friendly_label widget_provider org_id assistant_id name description attributes display_name intro_message header_color user_message_color bot_message_color bot_icon_color remove_branding ice_break_color bubble_color bubble_text bot_text_message_color user_text_message_color header_text_color textbox_default_text action_buttons_color style_params'.split(
    ' ',
  );

// eslint-disable-next-line typescript/no-explicit-any
type Data = any;

/** Calls with the key of the world's own organisation, in its header. */
export const v1Client = (world: Provisioned) => {
  const send = (route: string, body?: unknown): Promise<Answered> =>
    world.send(route, { body, headers: { 'x-api-key': world.keys.v1 } });
  const data = async (route: string, body?: unknown): Promise<Data> => {
    const answer = await send(route, body);
    expect(answer.status, answer.text).toBe(200);
    return answer.json.data;
  };
  return {
    send,
    create: (body: object = {}) => data('POST /api/v1/widget', { ...required, ...body }),
    get: (id: string) => data(`GET /api/v1/widget/${id}`),
    put: (id: string, body: object) => data(`PUT /api/v1/widget/${id}`, body),
  };
};
