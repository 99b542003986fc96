// Calls of contract 002, for the tests of it.
import { expect } from 'vitest';
import type { Widget } from '../../shared/widget.ts';
import type { Answered, Provisioned } from './provisioned.ts';

/** Of the demo organisation. */
export const prompt = '65b2a1c3d4e5f6a7b8c9d0e1';

/** The seven required fields. */
export const required = {
  name: 'W',
  backgroundColor: '#FFFFFF',
  primaryColor: '#1F2937',
  secondaryColor: '#3b82F6',
  promptId: prompt,
  allowedDomains: [] as string[],
  initialStage: 'new',
};

// Tests read whatever an answer holds.
// eslint-disable-next-line typescript/no-explicit-any
type Data = any;

export interface WebchatCalls {
  send: (route: string, body?: unknown) => Promise<Answered>;
  /** The stored document of a new webchat: the required fields and these. */
  create: (body?: object) => Promise<Data>;
  get: (id: string) => Promise<Data>;
  put: (id: string, body: object) => Promise<Data>;
  widgetOf: (hexId: string) => Promise<Widget>;
}

export const webchatCalls = (world: Provisioned): WebchatCalls => {
  const send: WebchatCalls['send'] = (route, body) => world.send(route, { bearer: world.keys.webchats, body });
  return {
    send,
    create: async (body = {}) => {
      const answer = await send('POST /api/webchats', { ...required, ...body });
      expect(answer.status, answer.text).toBe(201);
      expect(answer.json.message).toBe('Webchat configuration created');
      return answer.json.data;
    },
    get: async (id) => (await send(`GET /api/webchats/${id}`)).json.data,
    put: async (id, body) => {
      const answer = await send(`PUT /api/webchats/${id}`, body);
      expect(answer.status, answer.text).toBe(200);
      expect(answer.json.message).toBe('Webchat configuration updated');
      return answer.json.data;
    },
    widgetOf: async (hexId) => (await world.server.node.store.documents.widgets.find(`hex:${hexId}`))!,
  };
};
