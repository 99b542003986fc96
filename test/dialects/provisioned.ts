// A real server, a caller for its provisioning contracts, and a second organisation that nothing may reach.
import { afterAll, beforeAll } from 'vitest';
import { widgetDefaults } from '../../server/domain/widget.ts';
import type { Credential } from '../../server/ports/documents.ts';
import type { Log } from '../../server/ports/telemetry.ts';
import type { SeedKeys } from '../../server/seed/demo.ts';
import { grant } from '../../server/usecases/secret.ts';
import { newCatyKey, newId, newSecret, newWidgetKey, publicIdsOf } from '../../shared/ids.ts';
import type { SecretPrefix } from '../../shared/ids.ts';
import type { Widget } from '../../shared/widget.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

export interface Answered {
  status: number;
  headers: Headers;
  text: string;
  // Tests read whatever an answer holds.
  // eslint-disable-next-line typescript/no-explicit-any
  json: any;
}

export interface Sent {
  /** `Authorization: Bearer`. */
  bearer?: string | undefined;
  /** Becomes JSON. */
  body?: unknown;
  /** Sent as it is, in the place of `body`. */
  raw?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
}

/** Whatever another organisation holds that could be named. */
export interface Stranger {
  orgUuid: string;
  assistantUuid: string;
  widget: Widget;
  keyOf(kind: 'functions' | 'v1' | 'webchats'): string;
}

export interface Provisioned {
  server: TestServer;
  keys: SeedKeys;
  stranger: Stranger;
  logged: string[];
  /** `METHOD /path`. */
  send(route: string, sent?: Sent): Promise<Answered>;
  /** The console's REST with the owner's token. */
  console(route: string, body?: unknown): Promise<Answered>;
  /** A further key for the same organisation, of a member with this role. */
  keyFor(kind: Credential['kind'], prefix: SecretPrefix, role?: 'owner' | 'agent'): Promise<string>;
  widgets(): Promise<Widget[]>;
  widgetBy(uuid: string): Promise<Widget>;
}

const settle = async (server: TestServer): Promise<Stranger> => {
  const { documents } = server.node.store;
  const deps = { store: server.node.store, clock: { now: () => Date.now(), monotonic: () => performance.now() } };
  const now = Date.now();
  const made = <T extends object>(id: string, orgId: string, more: T) => ({
    id,
    orgId,
    createdAt: now,
    updatedAt: now,
    ...publicIdsOf(id),
    ...more,
  });
  const orgId = newId('org');
  const organisation = made(orgId, orgId, { name: 'Strangers', businessType: '' });
  const member = made(newId('mem'), orgId, {
    name: 'Stranger',
    email: 'owner@strangers.example',
    role: 'owner' as const,
    isDisabled: false,
  });
  const assistant = made(newId('asst'), orgId, { name: 'S', role: '', instructions: '', tone: '', model: '' });
  const widget: Widget = made(newId('wid'), orgId, {
    ...widgetDefaults,
    assistantId: assistant.id,
    widgetKey: newWidgetKey(),
    catyKey: newCatyKey(),
    createdBy: member.id,
  });
  await documents.organisations.put(organisation);
  await documents.members.put(member);
  await documents.assistants.put(assistant);
  await documents.widgets.put(widget);
  const keys = { functions: newSecret('pat'), v1: newSecret('in'), webchats: newSecret('pat') };
  for (const kind of ['functions', 'v1', 'webchats'] as const) {
    await grant(deps, { orgId, memberId: member.id, kind, name: kind, secret: keys[kind] });
  }
  return {
    orgUuid: organisation.uuid,
    assistantUuid: assistant.uuid,
    widget,
    keyOf: (kind) => keys[kind],
  };
};

/** Starts one server for the tests of a file. */
export const provisioned = (env: Record<string, string> = {}): Provisioned => {
  const world = {} as Provisioned;
  beforeAll(async () => {
    const logged: string[] = [];
    const note = (fields: object, message: string): void => void logged.push(`${message} ${JSON.stringify(fields)}`);
    const log: Log = { debug: note, info: note, warn: note, error: note };
    const server = await startServer({ env, log });
    const { store } = server.node;
    const send: Provisioned['send'] = async (route, { bearer, body, raw, headers = {} } = {}) => {
      const [method = '', path = ''] = route.split(' ');
      const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
      const response = await fetch(`${server.url}${path}`, {
        method,
        redirect: 'manual',
        headers: {
          ...(content === undefined ? {} : { 'content-type': 'application/json' }),
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
          ...headers,
        },
        ...(content === undefined ? {} : { body: content }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
    };
    const { keys } = server.firstRun;
    const [owner] = await store.documents.members.list(
      (await store.documents.widgets.find(`key:${server.firstRun.widgetKey}`))!.orgId,
    );
    const orgId = owner!.orgId;
    Object.assign(world, {
      server,
      keys,
      stranger: await settle(server),
      logged,
      send,
      console: (route, body) => {
        const [method = '', path = ''] = route.split(' ');
        return send(`${method} /api/console${path}`, { bearer: keys.console, body });
      },
      keyFor: async (kind, prefix, role = 'owner') => {
        const id = newId('mem');
        await store.documents.members.put({
          ...owner!,
          id,
          ...publicIdsOf(id),
          email: `${id}@example.com`,
          role,
        });
        const secret = newSecret(prefix);
        const clock = { now: () => Date.now(), monotonic: () => performance.now() };
        await grant({ store, clock }, { orgId, memberId: id, kind, name: kind, secret });
        return secret;
      },
      widgets: () => store.documents.widgets.list(orgId),
      widgetBy: async (uuid) => (await store.documents.widgets.find(`uuid:${uuid}`))!,
    } satisfies Provisioned);
  });
  afterAll(() => world.server.stop());
  return world;
};

/**
 * Calls until one is refused with 429. `passed`: how many went through before; `most`: how many may have, as the bucket
 * fills up again while a slow machine calls.
 */
export const untilLimited = async (
  call: () => Promise<Answered>,
): Promise<{ late: Answered; passed: number; most: number }> => {
  const began = performance.now();
  const answers: Answered[] = [];
  for (;;) {
    answers.push(...(await Promise.all(Array.from({ length: 20 }, call))));
    const late = answers.find(({ status }) => status === 429);
    if (late === undefined) continue;
    const passed = answers.filter(({ status }) => status === 200).length;
    return { late, passed, most: 121 + Math.ceil((performance.now() - began) / 500) };
  }
};
