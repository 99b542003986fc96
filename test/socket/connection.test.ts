// What one connection may do to the others: too many of it, too much, and what is no protocol at all.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, newUuid } from '../../shared/ids.ts';
import { canaryMs, startCanary } from '../hostile/canary.ts';
import type { Canary } from '../hostile/canary.ts';
import { openRaw, openRawVisitor, upgrade } from '../hostile/raw-socket.ts';
import { connectVisitor } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

const socketPath = (query: Record<string, string>): string =>
  `/socket.io/?${new URLSearchParams({ EIO: '4', transport: 'websocket', ...query }).toString()}`;

describe('one connection', () => {
  let guarded: TestServer;
  let canary: Canary;
  beforeAll(async () => {
    guarded = await startServer({ env: { TILLER_LIMITS: 'default', TRUST_PROXY: 'loopback' } });
    canary = await startCanary(guarded.url, guarded.firstRun.widgetKey);
  });
  afterAll(async () => {
    canary.close();
    await guarded.stop();
  });
  const open = (options = {}) => openRawVisitor(guarded.url, guarded.firstRun.widgetKey, options);

  it('of twenty per address is one too many; another address, and a freed place, are not', async () => {
    const path = socketPath({ widgetKey: guarded.firstRun.widgetKey });
    const from = { 'x-forwarded-for': '203.0.113.7' };
    const held = await Promise.all(
      Array.from({ length: 20 }, () => openRaw(guarded.url, { widgetKey: guarded.firstRun.widgetKey }, from)),
    );
    const refused = await upgrade(guarded.url, path, from);
    expect(refused.status).toBe(429);
    expect(JSON.parse(refused.body)).toMatchObject({ error: { code: 'rate_limited' } });
    // What the address itself claims of others before it is not believed.
    expect((await upgrade(guarded.url, path, { 'x-forwarded-for': '198.51.100.9, 203.0.113.7' })).status).toBe(429);
    expect((await upgrade(guarded.url, path, { 'x-forwarded-for': '203.0.113.8' })).status).toBe(101);
    held.pop()!.destroy();
    await expect
      .poll(async () => (await upgrade(guarded.url, path, from)).status, { timeout: 5000, interval: 50 })
      .toBe(101);
    for (const raw of held) raw.destroy();
    expect(await canary.sings()).toBeLessThan(canaryMs);
  });

  it('counts an IPv6 household as one', async () => {
    const path = socketPath({ widgetKey: guarded.firstRun.widgetKey });
    const held = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        openRaw(
          guarded.url,
          { widgetKey: guarded.firstRun.widgetKey },
          { 'x-forwarded-for': `2001:db8:1:2::${i + 1}` },
        ),
      ),
    );
    expect((await upgrade(guarded.url, path, { 'x-forwarded-for': '2001:db8:1:2:ffff::1' })).status).toBe(429);
    expect((await upgrade(guarded.url, path, { 'x-forwarded-for': '2001:db8:1:3::1' })).status).toBe(101);
    for (const raw of held) raw.destroy();
  });

  const floods: [string, (send: (payload: string | Buffer, opcode?: number) => void) => void][] = [
    ['events', (send) => repeat(500, () => send('42/widget,["typing:set",{}]'))],
    ['CONNECTs to a namespace of ours', (send) => repeat(500, () => send('40/console,{"v":1}'))],
    ['CONNECTs to any namespace', (send) => repeat(500, (i) => send(`40/n${i},{}`))],
    ['heartbeats', (send) => repeat(500, () => send('3'))],
    ['pings of the WebSocket', (send) => repeat(500, () => send('x', 9))],
    ['acks that nobody asked for', (send) => repeat(500, (i) => send(`43/widget,${i}[]`))],
  ];
  const repeat = (times: number, act: (i: number) => void): void => {
    for (let i = 0; i < times; i += 1) act(i);
  };

  it.each(floods)('that floods with %s is cut, and nobody else notices', async (_, flood) => {
    const raw = await open({ isDeaf: true });
    flood((payload, opcode = 1) => raw.frame(payload, { opcode }));
    await raw.closed();
    expect(await canary.sings()).toBeLessThan(canaryMs);
  });

  const malformed: [string, (raw: Awaited<ReturnType<typeof open>>) => void][] = [
    ['a binary attachment', (raw) => raw.frame('451-/widget,["x",{"_placeholder":true,"num":0}]')],
    ['a binary ack', (raw) => raw.frame('461-/widget,1[{"_placeholder":true,"num":0}]')],
    ['a binary frame', (raw) => raw.frame(Buffer.alloc(100), { opcode: 2 })],
    ['a frame of 10 MB', (raw) => raw.frame(`42/widget,["message:send","${'x'.repeat(10_000_000)}"]`)],
    ['a frame that claims 2^62 bytes', (raw) => raw.bytes(Buffer.from('81ff4000000000000000deadbeef', 'hex'))],
    ['an unmasked frame', (raw) => raw.frame('42/widget,["x"]', { isMasked: false })],
    ['a reserved opcode', (raw) => raw.frame('x', { opcode: 7 })],
    ['a text that is not UTF-8', (raw) => raw.frame(Buffer.from([0x34, 0x32, 0xff, 0xfe]))],
    ['an unknown engine packet', (raw) => raw.frame('9nonsense')],
    ['an unknown packet', (raw) => raw.frame('49/widget,[]')],
    ['an event that is no JSON', (raw) => raw.frame('42/widget,["x"')],
    ['an event that is no array', (raw) => raw.frame('42/widget,{"a":1}')],
    ['an event without a name', (raw) => raw.frame('42/widget,[]')],
    ['an event named by an object', (raw) => raw.frame('42/widget,[{"a":1}]')],
    ['a second CONNECT', (raw) => raw.frame('40/widget,{"v":1}')],
    ['an event of the server', (raw) => raw.frame('42/widget,["disconnect"]')],
    ['an event for a namespace it is not in', (raw) => raw.frame('42/console,["inbox:open",{}]')],
    ['half a frame and silence', (raw) => (raw.bytes(Buffer.from('81fe', 'hex')), raw.tcp.end())],
  ];

  it.each(malformed)('that sends %s is cut, and nobody else notices', async (_, send) => {
    const raw = await open();
    send(raw);
    await raw.closed();
    expect(await canary.sings()).toBeLessThan(canaryMs);
  });

  it('may name an event as it likes: an unknown one is refused, the connection lives', async () => {
    const raw = await open();
    const names = ['error', '__proto__', 'constructor', 'hasOwnProperty', 'fact', 'signal', 'x'.repeat(9000), ''];
    for (const [i, name] of names.entries()) {
      raw.frame(`42/widget,${i}${JSON.stringify([name, {}])}`);
      expect(await raw.until(`43/widget,${i}[`)).toContain('"invalid"');
    }
    raw.frame('42/widget,70[5,{}]');
    expect(await raw.until('43/widget,70[')).toContain('"invalid"');
    raw.destroy();
    expect(await canary.sings()).toBeLessThan(canaryMs);
  });

  it('enters one namespace: no second one, no default one', async () => {
    const raw = await open();
    raw.frame(`40/console,{"v":1,"token":"${guarded.firstRun.keys.console}"}`);
    expect(await raw.until('44/console,')).toContain('"invalid"');
    raw.frame('40');
    expect(await raw.until('44{')).toContain('"not_found"');
    raw.frame('40/elsewhere,{}');
    expect(await raw.until('44/elsewhere,')).toContain('Invalid namespace');
    raw.destroy();
    expect(await canary.sings()).toBeLessThan(canaryMs);
  });

  it('that gives no session before it asks is told so, and may open one afterwards', async () => {
    const client = await connectVisitor(guarded.url, guarded.firstRun.widgetKey);
    const early = await client.ask('message:send', { conversationId: newId('conv'), clientId: newUuid(), text: 'x' });
    expect(early).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
    await client.must('session:open', {});
    client.close();
  });
});
