// Two organisations on one server: every route of the contracts and of the console with the other's credentials and ids. A
// route without an entry fails.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consoleRoutes } from '../../shared/console-api.ts';
import { dialects } from '../../server/edges/http/dialects/index.ts';
import { kinds } from '../../server/ports/documents.ts';
import { ask, ghost, renewed, settle } from '../support/party.ts';
import type { Party, Reply } from '../support/party.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { addMember, addTenant } from '../support/tenant.ts';
import { consoleCalls, dialectCalls } from './route-calls.ts';
import type { RouteCall, RouteEntry } from './route-calls.ts';

let server: TestServer;
let mine: Party;
let theirs: Party;
let agentToken: string;

beforeAll(async () => {
  server = await startServer();
  mine = await settle(server.url, server.firstRun.keys.console, 'ourselves7f3a');
  theirs = await settle(server.url, (await addTenant(server)).token, 'strangers9c1e');
  agentToken = (await addMember(server, mine.organisation.id, 'Agnes')).token;
});
afterAll(() => server.stop());

const surfaces = ['console', ...dialects.map(({ name }) => name)] as const;

/** The key of a party for a surface, where that surface looks for it. */
const keyHeaders = (surface: string, { keys }: Party): Record<string, string> => {
  switch (surface) {
    case 'v1':
      return { 'x-api-key': keys.v1 };
    case 'widget-api':
      return { 'x-api-key': keys.widget };
    default:
      return { authorization: `Bearer ${keys[surface as 'console' | 'functions' | 'webchats']}` };
  }
};

interface Row {
  surface: string;
  route: string;
  entry: RouteEntry | 'public' | undefined;
}

const rows: Row[] = [
  ...Object.keys(consoleRoutes).map((route) => ({
    surface: 'console',
    route,
    entry: consoleCalls[route as keyof typeof consoleCalls],
  })),
  ...dialects.flatMap(({ name, routes }) =>
    Object.keys(routes).map((route) => ({ surface: name, route, entry: dialectCalls[route] })),
  ),
];
const own = rows.filter((row): row is Row & { entry: RouteEntry } => typeof row.entry === 'object');
const naming = own.filter(({ entry }) => entry.foreign === 'not_found');
const listing = own.filter(({ entry }) => entry.foreign !== 'not_found');

const pathOf = ({ surface, route }: Row, { id = '', query = {} }: RouteCall): string => {
  const search = new URLSearchParams(query).toString();
  const path = route.replace(' ', surface === 'console' ? ' /api/console' : ' ').replace(':id', encodeURIComponent(id));
  return search === '' ? path : `${path}?${search}`;
};

const send = (row: Row, call: RouteCall, headers: Record<string, string>): Promise<Reply> =>
  ask(server.url, pathOf(row, call), {
    headers: { ...headers, ...call.headers },
    ...(call.body === undefined ? {} : { body: call.body }),
  });

/** Everything that an organisation has, but for the counts that are written down in their own time. */
const heldBy = async (party: Party): Promise<unknown> => {
  const { store } = server.node;
  const documents = await Promise.all(
    kinds
      .filter((kind) => kind !== 'tallies')
      .map(async (kind) => [kind, await store.collection(kind).list(party.organisation.id)]),
  );
  return [documents, await store.factsAfter(party.conversationId, 0, 400)];
};

/** What follows a conversation is written a moment later: waits until nothing is. */
const settledBy = async (party: Party): Promise<unknown> => {
  let before = await heldBy(party);
  await expect
    .poll(async () => {
      const now = await heldBy(party);
      const isSame = JSON.stringify(now) === JSON.stringify(before);
      before = now;
      return isSame;
    })
    .toBe(true);
  return before;
};

/** The refusal as its surface says it, and nothing besides. */
const expectEnvelope = ({ surface }: Row, { json, status, text }: Reply): void => {
  expect(text).not.toMatch(/ourselves7f3a|strangers9c1e|node_modules|\n\s+at /);
  const dialect = dialects.find(({ name }) => name === surface);
  if (dialect === undefined) expect(json).toEqual({ error: expect.objectContaining({ code: expect.any(String) }) });
  else expect(dialect.errorBody(status).parse(json)).toEqual(json);
};

test('every route has an entry', () => {
  expect(rows.filter(({ entry }) => entry === undefined).map(({ route }) => route)).toEqual([]);
  const known = new Set(rows.map(({ route }) => route));
  expect(Object.keys(dialectCalls).filter((route) => !known.has(route))).toEqual([]);
});

test('every route whose path names a thing is tried with one of theirs', () => {
  const paths = rows.filter(({ route }) => route.includes(':'));
  expect(paths.filter((row) => !naming.includes(row as never)).map(({ route }) => route)).toEqual([]);
});

describe.each(surfaces)('%s', (surface) => {
  const here = <R extends Row>(all: R[]): [string, R][] =>
    all.filter((row) => row.surface === surface).map((row) => [row.route, row]);

  test.each(here(own))('%s answers its own organisation', async (_route, row) => {
    const call = row.entry.call(mine, await renewed(mine));
    const reply = await send(row, call, keyHeaders(surface, mine));
    expect([200, 201, ...(row.entry.also ?? [])], reply.text).toContain(reply.status);
    expect(reply.text).not.toContain(theirs.marker);
  });

  test.each(here(naming))("%s does not find the other organisation's things, and leaves them", async (_route, row) => {
    for (const [by, of] of [
      [mine, theirs],
      [theirs, mine],
    ] as const) {
      const before = await settledBy(of);
      const reply = await send(row, row.entry.call(of, of), keyHeaders(surface, by));
      expect(reply.status, reply.text).toBe(404);
      expectEnvelope(row, reply);
      const nobody = ghost(of);
      const guess = await send(row, row.entry.call(nobody, nobody), keyHeaders(surface, by));
      expect([guess.status, guess.json]).toEqual([reply.status, reply.json]);
      expect(await heldBy(of)).toEqual(before);
    }
  });

  test.each(here(listing))('%s holds nothing of the other organisation', async (_route, row) => {
    const before = await settledBy(theirs);
    const reply = await send(row, row.entry.call(theirs, theirs), keyHeaders(surface, mine));
    expect([200, 201, ...(row.entry.also ?? [])], reply.text).toContain(reply.status);
    const secrets = [
      theirs.marker,
      theirs.session.visitorId,
      theirs.widget.widgetKey,
      theirs.widget.uuid,
      theirs.contactId,
    ];
    for (const secret of secrets) expect(reply.text).not.toContain(secret);
    expect(await heldBy(theirs)).toEqual(before);
  });

  test.each(here(own))('%s refuses a stranger, a forged key, and two keys', async (_route, row) => {
    const call = row.entry.call(mine, mine);
    const good = keyHeaders(surface, mine);
    const name = Object.keys(good)[0]!;
    const forged = { [name]: `${good[name]!.slice(0, -1)}${good[name]!.endsWith('A') ? 'B' : 'A'}` };
    const refused: Record<string, string>[] = [{}, forged];
    if (surface !== 'console') {
      const other = keyHeaders(name === 'authorization' ? 'v1' : 'functions', mine);
      refused.push({ ...good, ...other });
    }
    for (const headers of refused) {
      const reply = await send(row, call, headers);
      expect([reply.status, Object.keys(headers)]).toEqual([401, Object.keys(headers)]);
      expectEnvelope(row, reply);
    }
  });

  test.each(here(own))(
    '%s refuses a key that is for something else, and one of a member without the right',
    async (_route, row) => {
      const call = row.entry.call(mine, mine);
      const secrets = Object.entries(mine.keys).filter(
        ([kind]) => kind !== (surface === 'widget-api' ? 'widget' : surface),
      );
      const [name] = Object.keys(keyHeaders(surface, mine));
      for (const [kind, secret] of secrets) {
        const reply = await send(row, call, { [name!]: name === 'authorization' ? `Bearer ${secret}` : secret });
        expect([kind, reply.status]).toEqual([kind, 403]);
        expectEnvelope(row, reply);
      }
      if (surface !== 'console') return;
      const isForAdmins = consoleRoutes[row.route as keyof typeof consoleRoutes].who === 'admin';
      const reply = await send(row, row.entry.call(ghost(mine), ghost(mine)), {
        authorization: `Bearer ${agentToken}`,
      });
      if (isForAdmins) expect([reply.status, reply.json.error.code]).toEqual([403, 'forbidden']);
      else expect([200, 404, ...(row.entry.also ?? [])]).toContain(reply.status);
    },
  );
});

test("a session is not known under another widget's key of the same organisation", async () => {
  const { widget } = await renewed(mine);
  for (const row of naming.filter(({ surface }) => surface === 'widget-api')) {
    const reply = await send(row, row.entry.call(mine, mine), { 'x-api-key': widget.catyKey });
    expect([row.route, reply.status]).toEqual([row.route, 404]);
  }
});

test("a body that names the other organisation's things says which field is wrong", async () => {
  const wrong: [route: string, body: object, path: string][] = [
    ['POST /functions/v1/create-chat-widget', { agent_id: theirs.assistant.uuid }, 'agent_id'],
    ['POST /api/console/widgets', { assistantId: theirs.assistant.id }, 'assistantId'],
    ['POST /api/console/widgets', { pipelineId: theirs.pipeline.id }, 'pipelineId'],
    ['POST /api/console/widgets', { iconKey: theirs.iconKey }, 'iconKey'],
  ];
  for (const [route, body, path] of wrong) {
    const surface = route.includes('/console/') ? 'console' : 'functions';
    const reply = await ask(server.url, route, { body, headers: keyHeaders(surface, mine) });
    const details = (reply.json.details ?? reply.json.error.details) as { path: string }[];
    expect([route, reply.status, details.map((one) => one.path)]).toEqual([route, 404, [path]]);
  }
});
