// Lines between clients and a server that are slow, or deaf in one direction: nothing is lost or doubled, and gaps heal soon.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { VisitorClient } from '../../client/sdk/api.ts';
import { createVisitorClient, memoryStorage } from '../../client/sdk/index.ts';
import { newUuid } from '../../shared/ids.ts';
import { connectStaff } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { eventually } from './people.ts';
import { startProxy } from './proxy.ts';
import type { Proxy } from './proxy.ts';

vi.setConfig({ testTimeout: 30_000 });

const healedMs = 2000;

const loaded = (visitor: VisitorClient): Promise<unknown> =>
  eventually(() => {
    if (visitor.conversation.get()?.isLoaded !== true) throw new Error('not loaded');
  });

describe('a visitor behind a bad line', () => {
  let server: TestServer;
  let line: Proxy;
  let visitor: VisitorClient;
  let staff: RawClient;
  let conversationId: string;
  let applied: number[];

  beforeAll(async () => {
    server = await startServer();
    line = await startProxy({ port: Number(new URL(server.url).port) });
    const { widgetKey, keys } = server.firstRun;
    staff = await connectStaff(server.url, keys.console);
    applied = [];
    const url = `http://127.0.0.1:${line.port}`;
    // As a browser has it: the first wait before a reconnect is anything up to half a second.
    visitor = createVisitorClient({ url, widgetKey, storage: memoryStorage() });
    visitor.onFact(({ seq }) => applied.push(seq));
    visitor.connect();
    await loaded(visitor);
    ({ conversationId } = visitor.conversation.get()!);
    await visitor.perform('message:send', { text: 'Hello' });
    await staff.must('conversation:take', { conversationId, clientId: newUuid() });
  });
  afterEach(() => {
    line.throttle(0);
    line.delay(0);
  });
  afterAll(async () => {
    visitor?.disconnect();
    staff?.close();
    await line?.close();
    await server?.stop();
  });

  const write = async (text: string): Promise<number> => {
    const { seq } = await staff.must<{ seq: number }>('message:send', { conversationId, clientId: newUuid(), text });
    return seq;
  };
  const snapshot = () => visitor.conversation.get()!;
  const holds = (seq: number): void => expect(snapshot().state.head.seq).toBeGreaterThanOrEqual(seq);
  const texts = async (): Promise<string[]> =>
    (await server.node.store.factsAfter(conversationId, 0, 500)).flatMap((fact) =>
      fact.type === 'message.created' ? [fact.text] : [],
    );
  const expectOrder = (): void => expect(applied).toEqual(applied.map((_, i) => applied[0]! + i));

  it('[R3] [R13] acks that are dropped: the outbox keeps what was committed until it hears of it, and it is in the log once', async () => {
    line.mute();
    visitor.send('Did that arrive?');
    await eventually(async () => expect(await texts()).toContain('Did that arrive?'));
    const seq = await write('It did');
    expect(line.muted()).toBeGreaterThan(0);
    expect(snapshot().outbox).toMatchObject([{ input: { text: 'Did that arrive?' }, status: 'sending' }]);
    expect(snapshot().state.head.seq).toBeLessThan(seq - 1);
    line.cut();
    const took = await eventually(() => {
      holds(seq);
      expect(snapshot().outbox).toEqual([]);
    });
    expect(took).toBeLessThan(healedMs);
    expect((await texts()).filter((text) => text === 'Did that arrive?')).toHaveLength(1);
    expectOrder();
  });

  it('[R5] [R11] a line of 2 KB/s: facts come late and in their order, and all are there soon after it is quick again', async () => {
    line.throttle(2048);
    line.delay(50);
    let seq = 0;
    for (let i = 0; i < 10; i += 1) seq = await write(`${i} ${'x'.repeat(1500)}`);
    expect(snapshot().state.head.seq).toBeLessThan(seq);
    const slowed = line.slowed();
    expect(slowed).toBeGreaterThan(0);
    await eventually(() => holds(seq - 7), 15_000);
    line.throttle(0);
    line.delay(0);
    expect(await eventually(() => holds(seq))).toBeLessThan(healedMs);
    expectOrder();
  });

  it('[R5] a line that is cut: each of eight visitors has what was missed within two seconds', async () => {
    const { widgetKey } = server.firstRun;
    const url = `http://127.0.0.1:${line.port}`;
    const others = Array.from({ length: 8 }, () => createVisitorClient({ url, widgetKey, storage: memoryStorage() }));
    try {
      for (const other of others) other.connect();
      const ids = await Promise.all(
        others.map(async (other) => {
          await loaded(other);
          const { conversationId: id } = other.conversation.get()!;
          await other.perform('message:send', { text: 'Hello' });
          await staff.must('conversation:take', { conversationId: id, clientId: newUuid() });
          return id;
        }),
      );
      line.cut();
      await Promise.all(
        others.map(async (other, i) => {
          const message = { conversationId: ids[i], clientId: newUuid(), text: 'While you were away' };
          const { seq } = await staff.must<{ seq: number }>('message:send', message);
          const took = await eventually(() => {
            expect(other.conversation.get()!.state.head.seq).toBeGreaterThanOrEqual(seq);
          });
          expect(took).toBeLessThan(healedMs);
        }),
      );
    } finally {
      for (const other of others) other.disconnect();
    }
  });
});
