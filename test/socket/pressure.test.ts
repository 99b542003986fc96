// Readers that stall, over real TCP: cut, or served a snapshot once they drain; nobody else waits for them.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMetrics } from '../../server/adapters/metrics/prom.ts';
import { Hub } from '../../server/edges/socket/hub.ts';
import { watchPressure } from '../../server/edges/socket/pressure.ts';
import { newUuid } from '../../shared/ids.ts';
import type { SignalOf } from '../../shared/signals.ts';
import type { View } from '../../shared/view.ts';
import { canaryMs, startCanary } from '../hostile/canary.ts';
import { openRaw, openRawVisitor } from '../hostile/raw-socket.ts';
import type { RawSocket } from '../hostile/raw-socket.ts';
import { connectStaff, openVisitor } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';

const conversationId = 'conv_1';
const claim = { replyId: 'msg_1', turn: 1, attempt: 1 };
const kib = 1024;

const waitingBytes = (socket: { conn: unknown } | undefined): number =>
  ((socket?.conn as { writeBuffer?: { data?: unknown }[] })?.writeBuffer ?? []).reduce(
    (sum, { data }) => sum + (typeof data === 'string' ? data.length : 0),
    0,
  );

const signalsOf = (raw: RawSocket): Record<string, unknown>[] =>
  raw.messages.flatMap((message) => {
    if (!message.startsWith('42/widget,["signal"')) return [];
    return [(JSON.parse(message.slice('42/widget,'.length)) as [string, Record<string, unknown>])[1]];
  });

describe('a reader that stops reading', () => {
  let io: Server;
  let hub: Hub;
  let undo: () => void;
  let url: string;
  let slow: RawSocket;
  let other: RawSocket;
  let said = '';
  let stalled = 0;

  beforeEach(async () => {
    said = '';
    stalled = 0;
    const http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    io = new Server(http, { transports: ['websocket'] });
    hub = new Hub(io);
    const metrics = { ...createMetrics(), stalled: () => (stalled += 1) };
    undo = watchPressure([io.of('/widget'), io.of('/console')], hub, metrics);
    io.of('/widget').on('connection', (socket) => void socket.join(conversationId));
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    slow = await openRawVisitor(url, 'x');
    other = await openRawVisitor(url, 'x');
    const signal = { type: 'reply.started', conversationId, ...claim, mode: 'answer' } as const;
    hub.receive({ kind: 'signal', orgId: 'o', to: 'both', signal });
  });
  afterEach(async () => {
    undo();
    slow.destroy();
    other.destroy();
    await io.close();
  });

  const socketOf = (raw: RawSocket) => {
    const connected = raw.messages.find((message) => message.startsWith('40/widget,'))!;
    const { sid } = JSON.parse(connected.slice('40/widget,'.length)) as { sid: string };
    return io.of('/widget').sockets.get(sid);
  };
  const speak = (text: string): void => {
    const signal: SignalOf<'reply.delta'> = {
      type: 'reply.delta',
      conversationId,
      ...claim,
      offset: said.length,
      text,
    };
    said += text;
    hub.receive({ kind: 'signal', orgId: 'o', to: 'both', signal });
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  /** Fills what the kernel holds for the reader, and then so much of our own memory. */
  const stall = async (bytes: number): Promise<void> => {
    slow.tcp.pause();
    while (waitingBytes(socketOf(slow)) < bytes) {
      socketOf(slow)!.emit('signal', { type: 'ballast', text: 'x'.repeat(32 * kib) });
      await turn();
    }
  };
  const isSlow = (): boolean => socketOf(slow)?.rooms.has('slow') === true;
  const eventually = async (test: () => boolean): Promise<void> => {
    await expect.poll(test, { timeout: 8000, interval: 10 }).toBe(true);
  };

  it('gets no more deltas, and the text whole once it reads again; others get each as it comes', async () => {
    speak('Once upon ');
    await stall(200 * kib);
    await eventually(isSlow);
    const before = waitingBytes(socketOf(slow));
    for (let i = 0; i < 50; i += 1) speak(`word ${i} `);
    expect(waitingBytes(socketOf(slow))).toBe(before);
    await eventually(() => signalsOf(other).filter(({ type }) => type === 'reply.delta').length === 51);
    slow.tcp.resume();
    await eventually(() => signalsOf(slow).some(({ type }) => type === 'reply.reset'));
    speak('the end.');
    await eventually(() => signalsOf(slow).at(-1)?.['text'] === 'the end.');
    const reset = signalsOf(slow).findIndex(({ type }) => type === 'reply.reset');
    const after = signalsOf(slow).slice(reset - 1);
    expect(after.map(({ type }) => type)).toEqual(['reply.started', 'reply.reset', 'reply.delta', 'reply.delta']);
    expect(after[2]).toMatchObject({ offset: 0, ...claim });
    expect(after.flatMap(({ text }) => (typeof text === 'string' ? [text] : [])).join('')).toBe(said);
    expect(stalled).toBe(0);
  });

  it('is cut at once when a megabyte waits for it', async () => {
    await stall(1100 * kib);
    const began = performance.now();
    await eventually(() => stalled === 1);
    await eventually(() => socketOf(slow) === undefined);
    expect(performance.now() - began).toBeLessThan(2000);
    expect(socketOf(other)).toBeDefined();
  });

  it('is cut after five seconds without draining, not before', async () => {
    const began = performance.now();
    await stall(200 * kib);
    await eventually(() => stalled === 1);
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(4900);
    expect(took).toBeLessThan(7500);
    await eventually(() => socketOf(slow) === undefined);
  });
});

it('[R5] a stalled visitor is cut within seconds, the server stays small, and the gap is closed on return', async () => {
  const server = await startServer();
  const { widgetKey } = server.firstRun;
  const canary = await startCanary(server.url, widgetKey);
  const { client, view, conversationId: id } = await openVisitor(server.url, widgetKey);
  await client.must('message:send', { conversationId: id, clientId: newUuid(), text: 'Hello' });
  const staff = await connectStaff(server.url, server.firstRun.keys.console);
  await staff.must('conversation:take', { conversationId: id });
  const { sessionToken, visitorToken } = view;
  const raw = await openRaw(server.url, { widgetKey });
  raw.frame(`40/widget,${JSON.stringify({ v: 1, sessionToken, visitorToken })}`);
  await raw.until('40/widget,');
  raw.frame('42/widget,1["session:open",{}]');
  await raw.until('43/widget,1[');
  raw.tcp.pause();
  const stalledSoFar = async (): Promise<number> => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^tiller_stalled_sockets_total (\d+)/m.exec(text)?.[1] ?? 0);
  };
  const memoryBefore = process.memoryUsage().rss;
  // 12 KB each in UTF-8; the kernel swallows some megabytes before anything waits in the process.
  const text = '舟'.repeat(4000);
  let sent = 0;
  while ((await stalledSoFar()) === 0 && sent < 3000) {
    await Promise.all(
      Array.from({ length: 20 }, () => staff.must('message:send', { conversationId: id, clientId: newUuid(), text })),
    );
    sent += 20;
    expect(await canary.sings()).toBeLessThan(canaryMs);
  }
  expect(await stalledSoFar()).toBe(1);
  expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(256 * kib * kib);
  // The healthy tab of the same visitor got everything meanwhile, and a new one closes the gap page by page.
  const { head } = await client.must<View>('facts:since', { conversationId: id });
  await client.until((frame): frame is typeof frame => frame.event === 'fact' && frame.fact.seq === head.seq);
  const back = await openVisitor(server.url, widgetKey, { sessionToken, visitorToken });
  expect(back.view.head).toEqual(head);
  for (const one of [client, staff, back.client]) one.close();
  raw.destroy();
  canary.close();
  await server.stop();
}, 60_000);
