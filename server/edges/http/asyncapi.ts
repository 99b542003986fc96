// AsyncAPI 3 for the sockets, derived from the tables that bind and validate: it cannot say anything else than they do.
import { z } from 'zod';
import { staffCommands, visitorCommands } from '../../../shared/commands.ts';
import type { CommandSpec } from '../../../shared/commands.ts';
import { errorCodes } from '../../../shared/errors.ts';
import { factFields, factTypes } from '../../../shared/facts.ts';
import { signalFields, signalTypes } from '../../../shared/signals.ts';
import { PROTOCOL_VERSION, namespaces } from '../../../shared/wire.ts';

type Json = Record<string, unknown>;

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' });
  return json;
};

/** Keys of the document may not hold colons or dots. */
const keyOf = (name: string): string => name.replaceAll(/[:.]/g, '-');

const failure: Json = {
  type: 'object',
  required: ['ok', 'error'],
  properties: {
    ok: { const: false },
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { enum: errorCodes },
        message: { type: 'string' },
        details: {
          description: 'Problems by path, or what the code needs: the control of a conversation on `conflict`.',
        },
        retryAfterMs: { type: 'integer' },
      },
    },
  },
};

const commandMessages = (table: Record<string, CommandSpec>): Json =>
  Object.fromEntries(
    Object.entries(table).flatMap(([name, { doc, input, output }]) => [
      [keyOf(name), { name, title: name, summary: doc, payload: schemaOf(input, 'input') }],
      [
        `${keyOf(name)}-ack`,
        {
          name: `${name} ack`,
          summary: `The ack of ${name}.`,
          payload: {
            oneOf: [
              {
                type: 'object',
                required: ['ok', 'data'],
                properties: { ok: { const: true }, data: schemaOf(output, 'output') },
              },
              { $ref: '#/components/schemas/failure' },
            ],
          },
        },
      ],
    ]),
  );

const told: Json = {
  fact: { name: 'fact', summary: 'Durable and numbered.', payload: { $ref: '#/components/schemas/fact' } },
  signal: {
    name: 'signal',
    summary: 'Ephemeral: may be lost, doubled or late without harm.',
    payload: { $ref: '#/components/schemas/signal' },
  },
};

const operationsOf = (channel: string, table: Record<string, CommandSpec>): Json =>
  Object.fromEntries([
    ...Object.entries(table).map(([name, { doc }]) => [
      `${channel}-${keyOf(name)}`,
      {
        action: 'receive',
        summary: doc,
        channel: { $ref: `#/channels/${channel}` },
        messages: [{ $ref: `#/channels/${channel}/messages/${keyOf(name)}` }],
        reply: {
          channel: { $ref: `#/channels/${channel}` },
          messages: [{ $ref: `#/channels/${channel}/messages/${keyOf(name)}-ack` }],
        },
      },
    ]),
    ...Object.keys(told).map((name) => [
      `${channel}-tell-${name}`,
      {
        action: 'send',
        channel: { $ref: `#/channels/${channel}` },
        messages: [{ $ref: `#/channels/${channel}/messages/${name}` }],
      },
    ]),
  ]);

const place = {
  conversationId: { type: 'string' },
  seq: { type: 'integer', description: 'Dense per conversation: 1, 2, 3…' },
  id: { type: 'string' },
  at: { type: 'number', description: 'Milliseconds since 1970, for display.' },
};

const withFields = (type: string, schema: z.ZodType, base: Json): Json => {
  const json = schemaOf(schema, 'output') as { properties?: Json; required?: string[] };
  return {
    title: type,
    type: 'object',
    required: [...Object.keys(base), 'type', ...(json.required ?? [])],
    properties: { ...base, type: { const: type }, ...json.properties },
  };
};

/** @param baseUrl the installation's address */
export const asyncApi = (baseUrl: string): Json => {
  const url = new URL(baseUrl);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tiller sockets',
      version: String(PROTOCOL_VERSION),
      description:
        'Socket.IO 4, WebSocket transport, path /socket.io. Commands are events with one argument and an ack; the server sends `fact` and `signal` alone. What is asked over REST is in /openapi.json.',
      license: { name: 'MIT' },
    },
    servers: {
      here: { host: url.host, protocol: url.protocol === 'https:' ? 'wss' : 'ws', pathname: '/socket.io' },
    },
    channels: {
      widget: {
        address: namespaces.visitor,
        title: 'Visitors',
        description:
          'Handshake: query {widgetKey} (either public key of a widget), auth {v, visitorToken?, sessionToken?, identity?}. The session_id and visitor_id of POST /api/widget/session are these tokens: a socket that brings them is in the same conversation.',
        messages: { ...commandMessages(visitorCommands), ...told },
      },
      console: {
        address: namespaces.staff,
        title: 'Staff',
        description: "Handshake: the console's cookie, or auth {v, token} with an API token.",
        messages: { ...commandMessages(staffCommands), ...told },
      },
    },
    operations: { ...operationsOf('widget', visitorCommands), ...operationsOf('console', staffCommands) },
    components: {
      schemas: {
        failure,
        fact: { oneOf: factTypes.map((type) => withFields(type, factFields[type], place)) },
        signal: {
          oneOf: signalTypes.map((type) =>
            withFields(type, signalFields[type], { conversationId: { type: 'string' } }),
          ),
        },
      },
    },
  };
};
