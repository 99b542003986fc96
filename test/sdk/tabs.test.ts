// What a browser tells a page: the network is back, the lid was opened, another tab did something.
import { connect as dial, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { KeyValueStorage, VisitorClient, VisitorClientOptions } from '../../client/sdk/api.ts';
import { browserStorage, createVisitorClient, memoryStorage } from '../../client/sdk/index.ts';
import { eventually, online, until } from './waiting.ts';
import { startWireServer, widgetKey } from './wire-server.ts';
import type { WireServer } from './wire-server.ts';

let server: WireServer;
let page: EventTarget;
let clients: VisitorClient[] = [];

beforeEach(async () => {
  server = await startWireServer();
  clients = [];
  page = new EventTarget();
  vi.stubGlobal('window', page);
});
afterEach(async () => {
  for (const client of clients) client.disconnect();
  vi.unstubAllGlobals();
  await server.stop();
});

const connect = (storage: KeyValueStorage, more: Partial<VisitorClientOptions> = {}): VisitorClient => {
  const options = { url: server.url, widgetKey, storage, backoff: { min: 5, max: 40 }, ackTimeoutMs: 300 };
  const client = createVisitorClient({ ...options, ...more });
  clients.push(client);
  client.connect();
  return client;
};

/** What the other tabs of a page hear when this one writes. */
const tellOthers = (key: string, newValue: string | null): void => {
  page.dispatchEvent(Object.assign(new Event('storage'), { key, newValue }));
};

const idOf = (client: VisitorClient): string => client.conversation.get()?.conversationId ?? '';

describe('waking up', () => {
  test('a network that is back is used at once, not after the back-off', async () => {
    const client = connect(memoryStorage(), { backoff: { min: 3_600_000, max: 3_600_000 } });
    await online(client);
    await server.stop();
    await until(client.connection, (now) => now.status === 'offline' && now.retryAt !== null);
    await server.start();
    page.dispatchEvent(new Event('online'));
    await online(client);
    expect(server.handshakes.length).toBe(2);
  });

  test('does not overrule a server that said when to come back', async () => {
    server.faults.handshake = { code: 'rate_limited', message: 'Slow', retryAfterMs: 100 };
    const client = connect(memoryStorage());
    await until(client.connection, (now) => now.status === 'offline' && now.retryAt !== null);
    server.faults.handshake = null;
    page.dispatchEvent(new Event('online'));
    expect(client.connection.get()).toMatchObject({ status: 'offline' });
    await online(client);
    expect(server.handshakes.length).toBe(2);
  });

  test('a link that died in its sleep is found out and replaced', async () => {
    const link = await startBlackHole(server.url);
    const client = connect(memoryStorage(), { url: link.url });
    await online(client);
    link.swallow();
    page.dispatchEvent(new Event('pageshow'));
    await until(client.connection, ({ status }) => status === 'offline');
    await online(client);
    expect(server.handshakes.length).toBe(2);
    client.disconnect();
    await link.stop();
  });

  test('a link that is fine is kept', async () => {
    const client = connect(memoryStorage());
    await online(client);
    page.dispatchEvent(new Event('online'));
    await eventually(() => server.asked.some(({ command }) => command === 'facts:since'));
    expect(client.connection.get().status).toBe('online');
    expect(server.handshakes.length).toBe(1);
  });
});

describe('another tab', () => {
  test('that began at the same moment is joined by the one that has said nothing', async () => {
    // Each tab saw no session in the storage when it began; the later one wrote last.
    const one = connect(memoryStorage());
    await online(one);
    const storage = memoryStorage();
    const two = connect(storage);
    await online(two);
    const [theirs = ''] = server.sessions.keys();
    storage.setItem(`tiller:${widgetKey}:session`, theirs);
    storage.setItem(`tiller:${widgetKey}:conversation`, idOf(one));
    tellOthers(`tiller:${widgetKey}:conversation`, idOf(one));
    await until(two.conversation, (now) => now?.conversationId === idOf(one));
    await online(two);
    expect(server.logs.size).toBe(2);
  });

  test('does not draw away one that has said something', async () => {
    const storage = memoryStorage();
    const client = connect(storage);
    client.send('mine');
    await until(client.conversation, (now) => now?.facts.length === 2);
    const id = idOf(client);
    storage.setItem(`tiller:${widgetKey}:conversation`, 'conv_other');
    tellOthers(`tiller:${widgetKey}:conversation`, 'conv_other');
    expect(idOf(client)).toBe(id);
    expect(client.connection.get().status).toBe('online');
  });

  test('that sent or discarded a message takes it from the screen here', async () => {
    const storage = memoryStorage();
    const client = connect(storage);
    await online(client);
    server.faults.refuse.push({ command: 'message:send', error: { code: 'invalid', message: 'No' } });
    const clientId = client.send('bad');
    await until(client.conversation, (now) => now?.outbox[0]?.status === 'failed');
    storage.removeItem(`tiller:${widgetKey}:out:${clientId}`);
    tellOthers(`tiller:${widgetKey}:out:${clientId}`, null);
    expect(client.conversation.get()?.outbox).toEqual([]);
  });
});

describe('the storage', () => {
  const stub = (fails: boolean): Map<string, string> => {
    const entries = new Map<string, string>();
    vi.stubGlobal('localStorage', {
      get length() {
        return entries.size;
      },
      key: (index: number) => [...entries.keys()][index] ?? null,
      getItem: (key: string) => entries.get(key) ?? null,
      setItem: (key: string, text: string) => {
        if (fails) throw new DOMException('full', 'QuotaExceededError');
        entries.set(key, text);
      },
      removeItem: (key: string) => entries.delete(key),
    });
    return entries;
  };

  test('of a browser keeps tokens and unsent messages under keys that hold the widget key', async () => {
    const entries = stub(false);
    const client = connect(browserStorage());
    await online(client);
    client.disconnect();
    client.send('later');
    const names = [...entries.keys()].map((key) => key.replace(/:out:.*/, ':out:…')).sort();
    const prefix = `tiller:${widgetKey}:`;
    expect(names).toEqual(['conversation', 'out:…', 'session', 'visitor'].map((name) => prefix + name));
  });

  test('that is full or forbidden is memory', async () => {
    stub(true);
    const storage = browserStorage();
    const client = connect(storage);
    client.send('all the same');
    await until(client.conversation, (now) => now?.facts.length === 2);
    vi.stubGlobal('localStorage', undefined);
    expect(browserStorage().keys()).toEqual([]);
  });
});

/** A proxy whose present connections can be made to swallow everything, as a sleeping radio does; new ones work. */
const startBlackHole = async (target: string): Promise<{ url: string; swallow(): void; stop(): Promise<void> }> => {
  const { port } = new URL(target);
  const pairs: [Socket, Socket][] = [];
  const proxy: Server = createServer((near) => {
    const far = dial(Number(port), '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    pairs.push([near, far]);
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    swallow: () => {
      for (const [near, far] of pairs) {
        near.unpipe();
        far.unpipe();
        near.resume();
        far.resume();
      }
    },
    stop: async () => {
      for (const socket of pairs.flat()) socket.destroy();
      await new Promise((resolve) => {
        proxy.close(resolve);
      });
    },
  };
};
