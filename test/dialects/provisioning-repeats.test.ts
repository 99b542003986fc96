// A create call whose answer was lost may be sent again: in both contracts one widget, in both envelopes one conflict.
import { describe, expect, test } from 'vitest';
import { provisioned } from './provisioned.ts';
import type { Answered } from './provisioned.ts';

const world = provisioned();

const agent = '550e8400-e29b-41d4-a716-446655440000';
const v1Body = { widget_type: 'chat', user_opening_messages: null, action_buttons: null };

interface Contract {
  create: (key: string, more?: object) => Promise<Answered>;
  idOf: (answer: Answered) => string;
  conflict: unknown;
}
const contracts: Record<string, Contract> = {
  functions: {
    create: (key, more = {}) =>
      world.send('POST /functions/v1/create-chat-widget', {
        bearer: world.keys.functions,
        body: { agent_id: agent, ...more },
        headers: { 'idempotency-key': key },
      }),
    idOf: ({ json }) => json.id,
    conflict: {
      error: expect.any(String),
      code: 'conflict',
      details: [{ path: 'Idempotency-Key', message: expect.any(String) }],
    },
  },
  v1: {
    create: (key, more = {}) =>
      world.send('POST /api/v1/widget', {
        body: { ...v1Body, ...more },
        headers: { 'idempotency-key': key, 'x-api-key': world.keys.v1 },
      }),
    idOf: ({ json }) => json.data.id,
    conflict: { detail: expect.any(String) },
  },
};

describe.each(Object.entries(contracts))('%s', (name, { create, idOf, conflict }) => {
  test('a repeat gets the first answer, and there is one widget', async () => {
    const before = (await world.widgets()).length;
    const first = await create(`${name}-1`);
    const [again, together] = await Promise.all([create(`${name}-1`), create(`${name}-1`)]);
    expect(again.status).toBe(first.status);
    expect(again.text).toBe(first.text);
    expect(together.text).toBe(first.text);
    expect(await world.widgets()).toHaveLength(before + 1);
  });

  test('the same key with another body is 409, and makes nothing', async () => {
    await create(`${name}-2`);
    const before = await world.widgets();
    const answer = await create(`${name}-2`, { name: 'Another' });
    expect(answer.status).toBe(409);
    expect(answer.json).toEqual(conflict);
    expect(await world.widgets()).toEqual(before);
  });

  test('another key makes another widget, and a refusal is repeated too', async () => {
    expect(idOf(await create(`${name}-3`))).not.toBe(idOf(await create(`${name}-4`)));
    const refused = await create(`${name}-5`, { name: 7 });
    expect((await create(`${name}-5`, { name: 7 })).text).toBe(refused.text);
  });

  test('a key that is too long is refused where it stands', async () => {
    const answer = await create('k'.repeat(256));
    expect([400, 422]).toContain(answer.status);
    expect(answer.text).toContain('Idempotency-Key');
  });
});
