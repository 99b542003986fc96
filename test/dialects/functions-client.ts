// What the tests of contract 000 send and expect.
import { expect } from 'vitest';
import type { Answered, Provisioned } from './provisioned.ts';

export const agent = '550e8400-e29b-41d4-a716-446655440000';
export const otherAgent = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
export const createKeys = [
  'id',
  'widget_key',
  'agent_id',
  'name',
  'primary_color',
  'position',
  'welcome_message',
  'collect_visitor_name',
  'collect_visitor_email',
  'is_active',
  'embed_code',
  'created_at',
];
export const readKeys = [
  ...createKeys.slice(0, 7),
  'offline_message',
  'collect_visitor_name',
  'collect_visitor_email',
  'allowed_domains',
  'is_active',
  'embed_code',
  'created_at',
];
export const defaults = {
  name: 'Website Chat',
  primary_color: '#6366f1',
  position: 'bottom-right',
  welcome_message: 'Hi! How can I help you today?',
  offline_message: "Leave a message and we'll get back to you.",
  collect_visitor_name: true,
  collect_visitor_email: false,
  allowed_domains: [],
  is_active: true,
};
export const others = {
  name: 'Boathouse',
  primary_color: '#ABC',
  position: 'bottom-left',
  welcome_message: 'Ahoy',
  offline_message: 'Gone fishing',
  collect_visitor_name: false,
  collect_visitor_email: true,
  allowed_domains: ['Example.com', 'https://www.example.com:8443', '*.example.org', 'localhost:*'],
};

// eslint-disable-next-line typescript/no-explicit-any
type Body = any;

/** Calls with the key of the world's own organisation. */
export const functionsClient = (world: Provisioned) => {
  const send = (route: string, body?: unknown): Promise<Answered> =>
    world.send(route, { bearer: world.keys.functions, body });
  const json = async (status: number, route: string, body?: unknown): Promise<Body> => {
    const answer = await send(route, body);
    expect(answer.status, answer.text).toBe(status);
    return answer.json;
  };
  return {
    send,
    create: (body: object = {}) => json(201, 'POST /functions/v1/create-chat-widget', { agent_id: agent, ...body }),
    get: (id: string) => json(200, `GET /functions/v1/get-chat-widget?id=${id}`),
    update: (id: string, body: object) => json(200, 'PATCH /functions/v1/update-chat-widget', { id, ...body }),
  };
};
