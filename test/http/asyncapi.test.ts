import { describe, expect, it } from 'vitest';
import { asyncApi } from '../../server/edges/http/asyncapi.ts';
import { staffCommands, visitorCommands } from '../../shared/commands.ts';
import { factTypes } from '../../shared/facts.ts';

interface Message {
  name: string;
  payload: { properties?: Record<string, unknown> };
}
interface Document {
  channels: Record<'widget' | 'console', { messages: Record<string, Message> }>;
  operations: Record<string, unknown>;
  components: { schemas: Record<string, { oneOf: { title: string }[] }> };
}
const document = asyncApi('https://chat.example.com') as unknown as Document;

const refsOf = (value: unknown): string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : refsOf(inner)));

describe('the AsyncAPI document', () => {
  it('names every command of both namespaces with its ack, and every fact', () => {
    const named = (channel: 'widget' | 'console'): string[] =>
      Object.values(document.channels[channel].messages).map(({ name }) => name);
    for (const name of Object.keys(visitorCommands))
      expect(named('widget')).toEqual(expect.arrayContaining([name, `${name} ack`]));
    for (const name of Object.keys(staffCommands))
      expect(named('console')).toEqual(expect.arrayContaining([name, `${name} ack`]));
    expect(document.components.schemas['fact']!.oneOf.map(({ title }) => title)).toEqual(factTypes);
  });

  it('shows the input as it is validated', () => {
    const { payload } = document.channels.widget.messages['message-send']!;
    expect(payload).toMatchObject({
      required: expect.arrayContaining(['conversationId', 'text']),
      properties: { text: { type: 'string', maxLength: 4000 } },
    });
  });

  it('refers to nothing that it does not hold', () => {
    for (const ref of refsOf(document)) {
      const found = ref
        .slice(2)
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      expect(found, ref).toBeDefined();
    }
  });
});
