// `/docs/sockets`: the AsyncAPI document as a list that people read. Made on the server; nothing in it runs.
import { asyncApi } from './asyncapi.ts';

type Json = Record<string, unknown>;

interface Message {
  name: string;
  summary: string;
  payload: Json;
}

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Nested deeper than this, an object is told by the names of its fields. */
const deepest = 3;

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

const boundsOf = ({ minLength, maxLength, minimum, maximum, maxItems, format }: Json): string => {
  const least = minLength ?? minimum;
  const most = maxLength ?? maximum ?? maxItems;
  // What JSON can count to is no bound of ours.
  const upper = typeof most === 'number' && most !== Number.MAX_SAFE_INTEGER ? String(most) : '';
  const lower = typeof least === 'number' && least > 0 ? String(least) : '';
  const range = upper === '' ? lower && `at least ${lower}` : lower === '' ? `at most ${upper}` : `${lower}–${upper}`;
  return [typeof format === 'string' ? format : '', range].filter((part) => part !== '').join(', ');
};

/** A schema as people write types: `{ text: string, clientId?: string }`, with bounds and remarks beside the fields. */
const typeOf = (schema: Json, depth = 0): string => {
  if (schema['const'] !== undefined) return JSON.stringify(schema['const']);
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => JSON.stringify(value)).join(' | ');
  const choices = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])];
  // Every fact at once: they have a list of their own.
  if (choices.length > 8) return '(one of the facts)';
  if (choices.length > 0) return [...new Set(choices.map((one) => typeOf(one, depth)))].join(' | ');
  if (schema['type'] === 'array') {
    const items = (schema['items'] ?? {}) as Json;
    const item = typeOf(items, depth);
    const isUnion = ['anyOf', 'oneOf', 'enum'].some((key) => listOf(items[key]).length > 1) && !item.startsWith('(');
    return isUnion ? `(${item})[]` : `${item}[]`;
  }
  if (schema['type'] !== 'object') return typeof schema['type'] === 'string' ? schema['type'] : 'any';
  const fields = Object.entries((schema['properties'] ?? {}) as Record<string, Json>);
  if (fields.length === 0) {
    const values = schema['additionalProperties'];
    return typeof values === 'object' ? `{ [name]: ${typeOf(values as Json, depth)} }` : '{}';
  }
  if (depth >= deepest) return `{ ${fields.map(([name]) => name).join(', ')} }`;
  const required = new Set((schema['required'] ?? []) as string[]);
  const indent = '  '.repeat(depth + 1);
  const lines = fields.map(([name, field]) => {
    const remark = [boundsOf(field), typeof field['description'] === 'string' ? field['description'] : '']
      .filter((part) => part !== '')
      .join('; ');
    return `${indent}${name}${required.has(name) ? '' : '?'}: ${typeOf(field, depth + 1)}${remark === '' ? '' : `  // ${remark}`}`;
  });
  return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`;
};

const shape = (title: string, schema: Json): string => {
  const text = escapeHtml(typeOf(schema)).replaceAll(/ {2}\/\/ .*$/gm, (remark) => `<i>${remark}</i>`);
  return `<div><h3>${title}</h3><pre tabindex="0">${text}</pre></div>`;
};

/** Prose with `code` in it. */
const prose = (text: string): string => escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');

/** @param place the section, because both sides have commands of the same name */
const entry = (place: string, name: string, summary: string, shapes: string): string =>
  `<details id="${place}-${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code><span>${prose(summary)}</span></summary>` +
  `<div class="shapes">${shapes}</div></details>`;

/** The data of an ack; its error is told once for all. */
const dataOf = (ack: Message): Json => {
  const [success] = listOf(ack.payload['oneOf']);
  return ((success?.['properties'] ?? {}) as Record<string, Json>)['data'] ?? {};
};

const commandsOf = (place: string, messages: Record<string, Message>): string =>
  Object.entries(messages)
    .filter(([key]) => !key.endsWith('-ack') && messages[`${key}-ack`] !== undefined)
    .map(([key, { name, summary, payload }]) =>
      entry(place, name, summary, shape('Sends', payload) + shape('Gets', dataOf(messages[`${key}-ack`]!))),
    )
    .join('\n');

const toldOf = (place: string, schema: Json): string =>
  listOf(schema['oneOf'])
    .map((one) => {
      const fields = Object.entries((one['properties'] ?? {}) as Record<string, Json>).map(([name]) => name);
      const own = fields.filter((name) => !['conversationId', 'seq', 'id', 'at', 'type'].includes(name));
      return entry(place, String(one['title']), own.join(', '), shape('Holds', one));
    })
    .join('\n');

/** The part of the page that changes with the schemas. */
export const socketsHtml = (baseUrl: string): string => {
  const document = asyncApi(baseUrl) as unknown as {
    channels: Record<
      string,
      { address: string; title: string; description: string; messages: Record<string, Message> }
    >;
    components: { schemas: Record<'failure' | 'fact' | 'signal', Json> };
  };
  const { failure, fact, signal } = document.components.schemas;
  const sections: [id: string, title: string, note: string, body: string][] = [
    ...Object.entries(document.channels).map(([id, channel]): [string, string, string, string] => [
      id,
      `${channel.title}: ${channel.address}`,
      channel.description,
      commandsOf(id, channel.messages),
    ]),
    [
      'facts',
      'Facts',
      'Event `fact`: durable, numbered densely per conversation, applied in order.',
      toldOf('facts', fact),
    ],
    ['signals', 'Signals', 'Event `signal`: may be lost, doubled or late without harm.', toldOf('signals', signal)],
    [
      'errors',
      'Errors',
      'What an ack holds instead of data. After `unavailable` the outcome is unknown: send the same `clientId` again.',
      `<div class="shapes">${shape('Gets', failure)}</div>`,
    ],
  ];
  const index = sections.map(([id, title]) => `<li><a href="#${id}">${escapeHtml(title)}</a></li>`).join('');
  return (
    `<ul class="index">${index}</ul>` +
    sections
      .map(
        ([id, title, note, body]) =>
          `<section aria-labelledby="${id}"><h2 id="${id}">${escapeHtml(title)}</h2><p class="note">${prose(note)}</p>\n${body}</section>`,
      )
      .join('\n')
  );
};
