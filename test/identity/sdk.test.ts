// Signed visitors through the SDK: one browser's storage, several pages on it, one person after another.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ConversationSnapshot, KeyValueStorage, VisitorClient } from '../../client/sdk/api.ts';
import { createVisitorClient, memoryStorage } from '../../client/sdk/index.ts';
import { newUuid } from '../../shared/ids.ts';
import { online, until } from '../sdk/waiting.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { firstOrganisation } from '../support/tenant.ts';
import { tokenOf } from './people.ts';
import type { Person, Site } from './people.ts';

const secret = 'a-secret-of-this-test-0123456789-abcdef';
let server: TestServer;
let site: Site;
const clients: VisitorClient[] = [];

beforeAll(async () => {
  server = await startServer({ env: { TILLER_SECRET: secret } });
  const { widget } = await firstOrganisation(server);
  const { url } = server;
  site = { url, otherUrl: url, widgetKey: widget.widgetKey, widgetId: widget.id, secret };
});
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});
afterAll(() => server.stop());

const someone = (): Person => ({ sub: `customer-${newUuid()}` });

/** A page of the site in this browser; `person` is who is signed in on it. */
const page = async (storage: KeyValueStorage, person?: Person): Promise<VisitorClient> => {
  const identity = person === undefined ? {} : { identity: await tokenOf(site, person) };
  const options = { url: site.url, widgetKey: site.widgetKey, storage, backoff: { min: 10, max: 100 } };
  const client = createVisitorClient({ ...options, ...identity });
  clients.push(client);
  client.connect();
  await online(client);
  await until(client.conversation, (now) => now?.isLoaded === true);
  return client;
};

const textsOf = (now: ConversationSnapshot | null): string[] =>
  (now?.facts ?? []).flatMap((fact) =>
    fact.type === 'message.created' && fact.author.kind === 'visitor' ? [fact.text] : [],
  );
const say = async (client: VisitorClient, text: string): Promise<void> => {
  client.send(text);
  await until(client.conversation, (now) => textsOf(now).includes(text));
};
/** Everything in the storage: what somebody else at this browser could take. */
const kept = (storage: KeyValueStorage): string =>
  storage
    .keys()
    .map((key) => `${key}=${storage.getItem(key)}`)
    .join();

test('one person after another in one browser: each finds their own, and nobody anything of the others', async () => {
  const storage = memoryStorage();
  const [ann, bob] = [someone(), someone()];
  const first = await page(storage, ann);
  await say(first, 'Ann here');
  first.disconnect();
  expect(kept(storage)).not.toContain('sess_');
  const second = await page(storage, bob);
  expect(textsOf(second.conversation.get())).toEqual([]);
  expect(second.earlier.get()).toEqual([]);
  await say(second, 'Bob here');
  second.disconnect();
  const nobody = await page(storage);
  expect(textsOf(nobody.conversation.get())).toEqual([]);
  expect(nobody.earlier.get()).toEqual([]);
  nobody.disconnect();
  expect(textsOf((await page(storage, ann)).conversation.get())).toEqual(['Ann here']);
  expect(textsOf((await page(storage, bob)).conversation.get())).toEqual(['Bob here']);
});

test('what was said before signing in stays on the screen, and what waits to be sent goes along', async () => {
  const storage = memoryStorage();
  const ann = someone();
  const client = await page(storage);
  await say(client, 'Before');
  const { conversationId } = client.conversation.get()!;
  expect(await client.identify(await tokenOf(site, ann))).toMatchObject({ ok: true });
  expect(client.conversation.get()).toMatchObject({ conversationId });
  await say(client, 'After');
  expect(textsOf(client.conversation.get())).toEqual(['Before', 'After']);
  expect(kept(storage)).not.toContain('sess_');
  client.disconnect();
  client.send('Written in a tunnel');
  // The page is left before there is a connection: the next one of the same person sends it.
  const next = await page(storage, ann);
  await until(next.conversation, (now) => textsOf(now).includes('Written in a tunnel'));
  expect(textsOf(next.conversation.get())).toEqual(['Before', 'After', 'Written in a tunnel']);
});

test('what one person could not send is not sent by the next one in the same browser', async () => {
  const storage = memoryStorage();
  const [ann, bob] = [someone(), someone()];
  const client = await page(storage, ann);
  await say(client, 'Hello');
  client.disconnect();
  client.send('Only as Ann');
  const other = await page(storage, bob);
  await say(other, 'Hello from Bob');
  expect(other.conversation.get()?.outbox).toEqual([]);
  expect(textsOf(other.conversation.get())).toEqual(['Hello from Bob']);
  other.disconnect();
  const back = await page(storage, ann);
  await until(back.conversation, (now) => textsOf(now).includes('Only as Ann'));
});

test('a page on which somebody else signs in forgets the one before, here and on the server', async () => {
  const storage = memoryStorage();
  const [ann, bob] = [someone(), someone()];
  const client = await page(storage, ann);
  await say(client, 'Ann here');
  const { conversationId } = client.conversation.get()!;
  let signedOut = 0;
  client.onSignedOut(() => (signedOut += 1));
  expect(await client.identify(await tokenOf(site, bob))).toMatchObject({ ok: true });
  await until(client.conversation, (now) => now?.isLoaded === true && now.conversationId !== conversationId);
  expect(textsOf(client.conversation.get())).toEqual([]);
  expect(signedOut).toBe(1);
  await say(client, 'Bob here');
  expect((await server.node.store.state(conversationId))?.state.messages).toBe(2);
});

test('a refused token is told with its reason, and the visitor goes on as a stranger', async () => {
  const storage = memoryStorage();
  const token = await tokenOf(site, someone(), { expires: Math.floor(Date.now() / 1000) - 3600 });
  const options = { url: site.url, widgetKey: site.widgetKey, storage, backoff: { min: 10, max: 100 } };
  const client = createVisitorClient({ ...options, identity: token });
  clients.push(client);
  const refusals: string[] = [];
  client.onRefused(({ message }) => refusals.push(message));
  client.connect();
  await online(client);
  await say(client, 'Hello');
  expect(refusals).toEqual([expect.stringMatching(/has expired 60 minutes ago/)]);
  await client.identify('nonsense');
  expect(refusals).toHaveLength(2);
  expect(refusals[1]).toContain('is not a signed JWT');
  await say(client, 'Still here');
});

test('logout ends the session on the server, also for a page that is not connected', async () => {
  const storage = memoryStorage();
  const client = await page(storage);
  await say(client, 'Hello');
  const session = storage
    .keys()
    .map((key) => storage.getItem(key))
    .find((text) => text?.startsWith('sess_'));
  client.disconnect();
  client.logout();
  expect(storage.keys()).toEqual([]);
  await expect
    .poll(async () => {
      const headers = { 'x-api-key': site.widgetKey, 'x-session-id': session! };
      return (await fetch(`${site.url}/api/widget/messages`, { headers })).status;
    })
    .toBe(404);
});

/** Who reads a text among these people, each on a device of their own. */
const readersOf = async (text: string, people: Record<string, Person>): Promise<string[]> => {
  const readers: string[] = [];
  for (const [name, person] of Object.entries(people)) {
    const client = await page(memoryStorage(), person);
    if (textsOf(client.conversation.get()).includes(text)) readers.push(name);
  }
  return readers;
};

describe("the page's last word", () => {
  const idle = async (person?: Person): Promise<VisitorClient> => {
    const identity = person === undefined ? {} : { identity: await tokenOf(site, person) };
    const options = { url: site.url, widgetKey: site.widgetKey, backoff: { min: 10, max: 100 } };
    const client = createVisitorClient({ ...options, storage: memoryStorage(), ...identity });
    clients.push(client);
    return client;
  };
  const shown = (client: VisitorClient): Promise<unknown> =>
    until(client.conversation, (now) => textsOf(now).includes('Mine alone'));

  test('is who the next message is from: while the connection is made, and on one that stands as another person', async () => {
    const [ann, bob] = [someone(), someone()];
    const starting = await idle(ann);
    starting.connect();
    void starting.identify(await tokenOf(site, bob));
    starting.send('Mine alone');
    await shown(starting);
    expect(await readersOf('Mine alone', { ann, bob })).toEqual(['bob']);

    const [carl, dora] = [someone(), someone()];
    const standing = await page(memoryStorage(), carl);
    const token = await tokenOf(site, dora);
    void standing.identify(token);
    standing.send('Mine alone');
    await shown(standing);
    expect(await readersOf('Mine alone', { carl, dora })).toEqual(['dora']);
  });

  test('counts where two are given at once', async () => {
    const [ann, bob] = [someone(), someone()];
    const client = await page(memoryStorage());
    const tokens = [await tokenOf(site, ann), await tokenOf(site, bob)];
    const answers = await Promise.all(tokens.map((token) => client.identify(token)));
    expect(answers.map(({ ok }) => ok)).toEqual([false, true]);
    await say(client, 'Mine alone');
    expect(await readersOf('Mine alone', { ann, bob })).toEqual(['bob']);
  });

  test('may be that nobody is here: a sign-in that is under way does not come back', async () => {
    const ann = someone();
    const home = await page(memoryStorage(), ann);
    await say(home, 'At home');
    for (const connected of [true, false]) {
      const client = connected ? await page(memoryStorage()) : await idle();
      if (!connected) client.connect();
      const token = await tokenOf(site, ann);
      const answer = client.identify(token);
      client.logout();
      await answer;
      client.connect();
      await online(client);
      await say(client, 'Somebody else');
      expect(textsOf(client.conversation.get())).toEqual(['Somebody else']);
    }
  });
});
