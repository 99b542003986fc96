// A server whose store cannot write: its disk is full, or another program holds its database. Real processes, a real disk.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FirstRunFacts } from '../../server/seed/first-run.ts';
import { newUuid } from '../../shared/ids.ts';
import type { View } from '../../shared/view.ts';
import { startChild } from '../support/child-server.ts';
import { connectStaff, openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { canMount, startSmallDisk } from '../support/small-disk.ts';

vi.setConfig({ testTimeout: 60_000 });

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).toReversed()) await undo();
});

const start = async (folder: string) => {
  const dataDir = join(folder, 'data');
  const server = await startChild({ DATA_DIR: dataDir, AI_BUILTIN_WORDS_PER_SECOND: '0', PORT: '0' });
  cleanUp.push(() => server.kill());
  const { keys } = JSON.parse(await readFile(join(dataDir, 'first-run.json'), 'utf8')) as FirstRunFacts;
  const { url, widgetKey } = server.facts;
  const { client, conversationId } = await openVisitor(url, widgetKey);
  const staff = await connectStaff(url, keys!.console);
  cleanUp.push(() => [client, staff].forEach((one) => one.close()));
  const say = (clientId: string, text = 'Hello') =>
    client.ask<{ seq: number }>('message:send', { conversationId, clientId, text });
  const search = async (): Promise<number> => {
    const headers = { authorization: `Bearer ${keys!.console}` };
    return (await fetch(`${url}/api/console/search?q=barnacle`, { headers })).status;
  };
  const status = async (path: string): Promise<number> => (await fetch(url + path)).status;
  await say(newUuid(), 'The barnacle');
  await client.untilFact('message.created', ({ author }) => author.kind === 'ai');
  return { server, client, staff, conversationId, say, search, status };
};

const refused = { ok: false, error: { code: 'unavailable' } };

/** What can be read is read, while nothing can be written. */
const expectReads = async ({ client, staff, conversationId, search, status }: Awaited<ReturnType<typeof start>>) => {
  expect(await client.ask('facts:since', { conversationId, sinceSeq: 0 })).toMatchObject({ ok: true });
  expect(await staff.ask('conversation:open', { conversationId })).toMatchObject({ ok: true });
  expect(await staff.ask('inbox:open', { filter: 'open' })).toMatchObject({ ok: true });
  expect(await search()).toBe(200);
  expect(await status('/readyz')).toBe(503);
  expect(await status('/healthz')).toBe(200);
};

/** The log is dense, and holds what was acked, each once. */
const expectLog = async (client: RawClient, conversationId: string, acked: Map<string, number>): Promise<void> => {
  const { facts } = await client.must<View>('facts:since', { conversationId, sinceSeq: 0 });
  expect(facts.map(({ seq }) => seq)).toEqual(facts.map((_, i) => i + 1));
  for (const [clientId, seq] of acked) {
    const mine = facts.filter((fact) => fact.type === 'message.created' && fact.clientId === clientId);
    expect(mine.map((fact) => fact.seq)).toEqual([seq]);
  }
};

describe.skipIf(!canMount())('a full disk (needs mount)', () => {
  it('[R1] [R4] nothing is acked that is not written, reads go on, and it acks again when there is room, with no restart', async () => {
    const disk = startSmallDisk(16);
    cleanUp.push(() => disk.close());
    const running = await start(disk.path);
    const { client, conversationId, say, status, server } = running;
    expect(disk.fill()).toBeGreaterThan(0);
    const acked = new Map<string, number>();
    let first = '';
    for (let refusals = 0; refusals < 10;) {
      disk.fill();
      const clientId = newUuid();
      const ack = await say(clientId);
      if (ack.ok) acked.set(clientId, ack.data.seq);
      else {
        expect(ack).toMatchObject(refused);
        first ||= clientId;
        refusals += 1;
      }
    }
    await expectReads(running);
    expect(server.process.exitCode).toBeNull();
    disk.free();
    const began = performance.now();
    const again = await say(first);
    expect(again).toMatchObject({ ok: true });
    expect(performance.now() - began).toBeLessThan(2000);
    if (again.ok) acked.set(first, again.data.seq);
    expect(await say(first)).toEqual(again);
    expect(await status('/readyz')).toBe(200);
    await expectLog(client, conversationId, acked);
  });
});

describe('a database that another program holds', () => {
  it('[R4] everything is refused without holding up whoever reads, and is written as soon as it lets go', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tiller-held-'));
    cleanUp.push(() => rm(folder, { recursive: true, force: true }));
    const running = await start(folder);
    const { client, conversationId, say, status } = running;
    const db = new DatabaseSync(join(folder, 'data', 'tiller.db'), { timeout: 5000 });
    cleanUp.push(() => db.close());
    db.exec('BEGIN EXCLUSIVE');
    const clientId = newUuid();
    expect(await say(clientId)).toMatchObject(refused);
    const began = performance.now();
    for (let i = 0; i < 20; i += 1) expect(await say(newUuid())).toMatchObject(refused);
    // Each would wait a quarter of a second for the lock, and everybody with it.
    expect(performance.now() - began).toBeLessThan(20 * 125);
    await expectReads(running);
    db.exec('ROLLBACK');
    const ack = await say(clientId);
    expect(ack).toMatchObject({ ok: true });
    expect(await status('/readyz')).toBe(200);
    await expectLog(client, conversationId, new Map(ack.ok ? [[clientId, ack.data.seq]] : []));
    // It waits for a lock again: one that is held for a moment refuses nothing.
    db.exec('BEGIN EXCLUSIVE');
    const waiting = say(newUuid());
    setTimeout(() => db.exec('ROLLBACK'), 60);
    expect(await waiting).toMatchObject({ ok: true });
  });
});
