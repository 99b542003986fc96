// What a view gives to whoever has a cursor or none, and that nothing falls between it and what is live.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../server/adapters/store/memory.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Store } from '../../server/ports/store.ts';
import type { Fact, VisibleFact } from '../../shared/facts.ts';
import { newHexId, newUuid } from '../../shared/ids.ts';
import type { View } from '../../shared/view.ts';
import { connectStaff, connectVisitor, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import { scenesOf } from './scenes.ts';
import type { Scene } from './scenes.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
let staff: RawClient;
let key: string;
beforeAll(async () => {
  server = await startServer();
  key = server.firstRun.widgetKey;
  staff = await connectStaff(server.url, server.firstRun.keys.console);
});
afterAll(async () => {
  staff.close();
  await server.stop();
});

const { say, held, logOf, note, reopened } = scenesOf(() => ({ server, staff, key }));
const since = (client: RawClient, conversationId: string, input: object): Promise<View> =>
  client.must<View>('facts:since', { conversationId, ...input });
const places = (facts: readonly VisibleFact[]): [number, string][] => facts.map(({ seq, id }) => [seq, id]);

describe('[R5] a cursor', () => {
  let scene: Scene;
  let log: Fact[];
  beforeAll(async () => {
    scene = await held();
    await note(scene.conversationId, 'secret');
    await say(scene.client, scene.conversationId, 'And this');
    log = await logOf(scene.conversationId);
  });

  it('of this log gives what comes after it, to both sides, and nothing else', async () => {
    for (const client of [scene.client, staff]) {
      for (const at of log) {
        const view = await since(client, scene.conversationId, { since: { seq: at.seq, id: at.id } });
        expect(places(view.facts)).toEqual(places(log.slice(at.seq)));
        expect(view).toMatchObject({ more: false, head: { seq: log.length, id: log.at(-1)!.id } });
        expect(view).not.toHaveProperty('reset');
      }
    }
  });

  it.each([
    ['with an id of another log', (head: Fact) => ({ since: { seq: head.seq, id: newHexId() } })],
    ['with an id of another place', (head: Fact) => ({ since: { seq: head.seq - 1, id: head.id } })],
    ['ahead of the head', (head: Fact) => ({ since: { seq: head.seq + 1, id: head.id } })],
    ['ahead of the head, in short', (head: Fact) => ({ sinceSeq: head.seq + 5 })],
  ])('%s resets the client by the view afresh', async (_, wrong) => {
    for (const client of [scene.client, staff]) {
      const view = await since(client, scene.conversationId, wrong(log.at(-1)!));
      expect(view.reset).toBe(true);
      expect(places(view.facts)).toEqual(places(log));
    }
  });

  it('of another conversation resets too, on opening the session or the conversation', async () => {
    const other = await held();
    const foreign = (await logOf(other.conversationId)).at(-1)!;
    const cursor = { seq: foreign.seq, id: foreign.id };
    expect((await reopened(scene.view, { since: cursor })).reset).toBe(true);
    const asStaff = { conversationId: scene.conversationId, since: cursor };
    expect((await staff.must<View>('conversation:open', asStaff)).reset).toBe(true);
    other.client.close();
  });

  it('of zero is the beginning', async () => {
    for (const input of [{ sinceSeq: 0 }, { since: { seq: 0, id: '' } }]) {
      const view = await since(scene.client, scene.conversationId, input);
      expect(places(view.facts)).toEqual(places(log));
      expect(view).not.toHaveProperty('reset');
    }
  });

  it('is not needed: the last fifty, and the whole state', async () => {
    await Promise.all(Array.from({ length: 60 }, (_, i) => note(scene.conversationId, `n${i}`)));
    const view = await since(scene.client, scene.conversationId, {});
    expect(places(view.facts)).toEqual(places((await logOf(scene.conversationId)).slice(-50)));
    expect(view.state).toMatchObject({ status: 'open', messages: 2 });
  });
});

describe('a long log', () => {
  let scene: Scene;
  let log: Fact[];
  beforeAll(async () => {
    scene = await held();
    await Promise.all(Array.from({ length: 450 }, (_, i) => note(scene.conversationId, `note ${i}`)));
    log = await logOf(scene.conversationId);
  });

  it('is read downward two hundred at a time until it is whole', async () => {
    for (const client of [scene.client, staff]) {
      const applied: VisibleFact[] = [];
      for (let pages = 1; ; pages += 1) {
        const last = applied.at(-1);
        const cursor = last === undefined ? { sinceSeq: 0 } : { since: { seq: last.seq, id: last.id } };
        const view = await since(client, scene.conversationId, cursor);
        applied.push(...view.facts);
        expect(view.more).toBe(applied.length < log.length);
        if (view.more) expect(view.facts).toHaveLength(200);
        else {
          expect(pages).toBe(3);
          break;
        }
      }
      expect(places(applied)).toEqual(places(log));
    }
  });

  it('is read upward until there is nothing before', async () => {
    for (const client of [scene.client, staff]) {
      let facts: VisibleFact[] = [];
      for (;;) {
        const before = facts[0]?.seq ?? log.length + 1;
        const page = await client.must<{ facts: VisibleFact[]; more: boolean }>('facts:before', {
          conversationId: scene.conversationId,
          seq: before,
          limit: 100,
        });
        facts = [...page.facts, ...facts];
        expect(page.more).toBe(facts[0]!.seq > 1);
        if (!page.more) break;
      }
      expect(places(facts)).toEqual(places(log));
    }
  });
});

describe('[R6] joining', () => {
  let slow: TestServer;
  let writer: RawClient;
  beforeAll(async () => {
    const memory = await openMemoryStore({ clock: systemClock });
    /** Reads that take a few turns of the event loop, so that commits are published while a view is read. */
    const late = <A extends unknown[], R>(read: (...args: A) => Promise<R>) => ({
      value: async (...args: A): Promise<R> => {
        const answer = await read(...args);
        await new Promise((resolve) => {
          setTimeout(resolve, 4);
        });
        return answer;
      },
    });
    const store = Object.create(memory, {
      reads: late((ids: readonly string[]) => memory.reads(ids)),
      factsAfter: late((id: string, after: number, limit: number) => memory.factsAfter(id, after, limit)),
      factsBefore: late((id: string, before: number, limit: number) => memory.factsBefore(id, before, limit)),
    }) as Store;
    slow = await startServer({ store });
    writer = await connectStaff(slow.url, slow.firstRun.keys.console);
  });
  afterAll(async () => {
    writer.close();
    await slow.stop();
  });

  it('leaves no gap between the view and what is live, however fast the log grows', async () => {
    const { client, view: tokens, conversationId } = await openVisitor(slow.url, slow.firstRun.widgetKey);
    await say(client, conversationId, 'Hello');
    const write = (text: string): Promise<unknown> =>
      writer.must('note:add', { conversationId, clientId: newUuid(), text });
    const over = new AbortController();
    const writing = (async (): Promise<void> => {
      while (!over.signal.aborted) await Promise.all(Array.from({ length: 5 }, (_, i) => write(`n${i}`)));
    })();
    const readers: { client: RawClient; applied: VisibleFact[] }[] = [];
    for (let i = 0; i < 20; i += 1) {
      const isStaff = i % 2 === 0;
      const reader = isStaff
        ? await connectStaff(slow.url, slow.firstRun.keys.console)
        : await connectVisitor(slow.url, slow.firstRun.widgetKey, { ...tokens });
      const view = isStaff
        ? await reader.must<View>('conversation:open', { conversationId })
        : await reader.must<View>('session:open', {});
      expect(view.facts.at(-1)?.seq).toBe(view.head.seq);
      readers.push({ client: reader, applied: [...view.facts] });
    }
    over.abort();
    await writing;
    const log = await slow.node.store.factsAfter(conversationId, 0, 100_000);
    const last = log.at(-1)!;
    for (const { client: reader, applied } of readers) {
      if (applied.at(-1)?.seq !== last.seq) {
        await reader.until((frame): frame is typeof frame => frame.event === 'fact' && frame.fact.seq === last.seq);
      }
      for (const frame of reader.frames) {
        // What the view held already is dropped; what follows must be the very next.
        if (frame.event === 'fact' && frame.fact.seq > applied.at(-1)!.seq) {
          expect(frame.fact.seq).toBe(applied.at(-1)!.seq + 1);
          applied.push(frame.fact);
        }
      }
      expect(places(applied)).toEqual(places(log.slice(applied[0]!.seq - 1)));
      reader.close();
    }
    client.close();
  });
});

it('shows a visitor no note, no draft, no label, no claim and no cost, on any way', async () => {
  const { client, view, conversationId } = await held();
  await note(conversationId, 'TOPSECRET note');
  await staff.must('label:set', { conversationId, labels: ['TOPSECRET label'] });
  await say(client, conversationId, 'What does a kayak cost?');
  await staff.must('conversation:open', { conversationId });
  await staff.must('draft:request', { conversationId });
  const draft = await staff.untilFact('draft.created', (fact) => fact.conversationId === conversationId);
  const page = { conversationId, seq: 1000, limit: 200 };
  const ways = [
    await since(client, conversationId, { sinceSeq: 0 }),
    await client.must('facts:before', page),
    await reopened(view),
    client.frames,
  ].map((way) => JSON.stringify(way));
  for (const way of ways) {
    expect(way).toContain('"hidden"');
    for (const hidden of ['TOPSECRET', draft.text.slice(0, 20), 'reply.claimed', 'draft.', 'usage', '"node_', 'con_']) {
      expect(way).not.toContain(hidden);
    }
  }
  client.close();
});
