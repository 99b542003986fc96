// `npm run import`: from the data folder of one server to the MongoDB of several, and the proof that nothing was lost.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openImport } from '../../server/adapters/store/mongo-import.ts';
import { openMongoStore } from '../../server/adapters/store/mongo.ts';
import { openExport } from '../../server/adapters/store/sqlite-export.ts';
import { openSqliteStore } from '../../server/adapters/store/sqlite.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Ban } from '../../server/ports/documents.ts';
import type { Store } from '../../server/ports/store.ts';
import { newId } from '../../shared/ids.ts';
import { memberOf } from '../contract/document-promises.ts';
import { buildLog } from '../contract/log-builder.ts';
import type { LogBuilder } from '../contract/log-builder.ts';
import { freshMongoUrl, hasMongo } from '../support/mongo-server.ts';

interface Ran {
  code: number | null;
  output: string;
}

/** Runs the command; `killAt`: SIGKILL as soon as a line matches. */
const runImport = async (args: string[], killAt?: RegExp): Promise<Ran> => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/import.ts', ...args]);
  let output = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    output += `${line}\n`;
    if (killAt?.test(line) === true) child.kill('SIGKILL');
  });
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
};

describe('npm run import', () => {
  let dataDir = '';
  const orgId = newId('org');
  const conversationCount = 130;
  const logs: LogBuilder[] = Array.from({ length: conversationCount }, () => buildLog({ orgId }));
  const members = Array.from({ length: 30 }, () => memberOf(orgId, { name: '玛雅 “M”' }));

  const banned: Ban = {
    id: newId('ban'),
    orgId,
    createdAt: 1,
    kind: 'range',
    value: '203.0.113.0/24',
    reason: 'Abuse',
    createdBy: members[0]!.id,
  };

  const fill = async (store: Store): Promise<void> => {
    for (const [i, log] of logs.entries()) {
      const entries = [
        log.open(),
        log.say(`Is boat ${i} free? “é” 🚣`, { key: `v:${i}`, result: { messageId: `m${i}` } }),
      ];
      if (i % 2 === 0) entries.push(log.claim(), log.answer('It is\nfree'));
      if (i % 3 === 0) entries.push(log.take('mem_1'), log.label('vip'));
      if (i % 5 === 0) entries.push(log.identify({ name: `Anna ${i}` }), log.close());
      if (i % 7 === 6) entries.push(log.spam());
      await store.append(entries);
      if (i % 10 === 0) await store.advanceRead(log.conversationId, 'staff', 2);
    }
    for (const member of members) await store.documents.members.put(member);
    await store.documents.bans.put(banned);
    await store.documents.settings.put({ id: 'secret', orgId: '', createdAt: 1, value: 'deep' });
  };

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tiller-import-'));
    const store = await openSqliteStore({ dataDir, clock: systemClock });
    await fill(store);
    await store.close();
  });
  afterAll(async () => rm(dataDir, { recursive: true, force: true }));

  /** Copies logs that are missing, after comparing. */
  const compared = async (url: string) => {
    const source = openExport(dataDir);
    const target = await openImport(url, systemClock, source.fingerprint);
    const differences = await target.compare(source);
    const copied = differences.found.length > 0 ? {} : await target.copyLogs(source, () => {});
    await target.close();
    source.close();
    return { ...differences, ...copied };
  };

  test('says how it is used, and what is wrong with what it was given', { timeout: 60_000 }, async () => {
    const [none, unknown, nowhere] = await Promise.all([
      runImport([]),
      runImport([dataDir, 'mongodb://127.0.0.1:1/x', '--fast']),
      runImport([join(dataDir, 'nowhere'), 'mongodb://127.0.0.1:1/x']),
    ]);
    expect(none).toMatchObject({ code: 2, output: expect.stringMatching(/^Usage: npm run import/) });
    expect(unknown).toMatchObject({ code: 2, output: expect.stringContaining('--fast') });
    expect(nowhere).toMatchObject({ code: 1, output: expect.stringMatching(/^Cannot import: There is no tiller\.db/) });
  });

  test('refuses a folder that a running server holds', async () => {
    const store = await openSqliteStore({ dataDir, clock: systemClock });
    expect(() => openExport(dataDir)).toThrow(/in use by another running server/);
    await store.close();
    openExport(dataDir).close();
  });

  describe.skipIf(!hasMongo)('into a MongoDB (needs mongodb)', { timeout: 90_000 }, () => {
    test('interrupted, it goes on where it was; then everything is there and proven, and found like before', async () => {
      const url = await freshMongoUrl('import');
      const cut = await runImport([dataDir, url], /100 of 130 conversations/);
      expect(cut).toMatchObject({ code: null });
      const early = await compared(url);
      expect(early.found).toContainEqual(expect.stringMatching(/: 0 commits instead of \d+$/));

      const resumed = await runImport([dataDir, url]);
      expect(resumed.output).toMatch(/Copied [23]\d conversations; 1\d\d were there already/);
      expect(resumed.output).toMatch(/Verified: 130 logs by their hashes, [\d,]+ commits, 32 documents/);
      expect(resumed.code).toBe(0);
      expect(await compared(url)).toMatchObject({ copied: 0, skipped: 130, found: [] });

      const [from, to] = [
        await openSqliteStore({ dataDir, clock: systemClock }),
        await openMongoStore({ url, clock: systemClock }),
      ];
      for (const { conversationId: id } of logs.filter((_, i) => i % 13 === 0)) {
        expect(await to.state(id)).toEqual(await from.state(id));
        expect(await to.factsAfter(id, 0, 100)).toEqual(await from.factsAfter(id, 0, 100));
        expect(await to.row(orgId, id)).toEqual(await from.row(orgId, id));
        expect(await to.reads([id])).toEqual(await from.reads([id]));
      }
      const [first] = await to.commitsByKey([{ conversationId: logs[7]!.conversationId, key: 'v:7' }]);
      expect(first?.result).toEqual({ messageId: 'm7' });
      expect(await to.counts(orgId)).toEqual(await from.counts(orgId));
      expect(await to.labels(orgId, 5)).toEqual(await from.labels(orgId, 5));
      expect(await to.unfinished(1000)).toHaveLength((await from.unfinished(1000)).length);
      const idsOf = async (store: Store): Promise<string[]> =>
        (await store.search(orgId, 'boat 17', 10)).map(({ row }) => row.conversationId).toSorted();
      expect(await idsOf(to)).toEqual(await idsOf(from));
      const spam = async (store: Store): Promise<string[]> =>
        (await store.inbox({ orgId, filter: 'spam', memberId: 'mem_1', limit: 100 })).rows.map(
          (row) => row.conversationId,
        );
      expect(await spam(to)).toHaveLength(18);
      expect(await spam(to)).toEqual(await spam(from));
      expect(await to.documents.bans.list(orgId)).toEqual([banned]);
      expect(await to.documents.members.list(orgId)).toEqual(await from.documents.members.list(orgId));
      expect(await to.documents.members.find(`email:${members[3]!.email}`)).toEqual(members[3]);
      expect(await to.documents.settings.find('name:secret')).toMatchObject({ value: 'deep' });
      // Nothing of it is news to a node, or left to be done.
      expect((await to.feed(null, 10)).commits).toEqual([]);
      expect(await to.undone(0, 10)).toEqual([]);
      // And the logs go on.
      expect(await to.append([logs[3]!.say('more')])).toEqual(['appended']);
      await from.close();
      await to.close();
    });

    test('finds what is not the same: a changed fact, a lost commit, a changed document, something more', async () => {
      const url = await freshMongoUrl('import');
      const source = openExport(dataDir);
      const target = await openImport(url, systemClock, source.fingerprint);
      await target.copyLogs(source, () => {});
      await target.copyDocuments(source);
      await target.copyReads(source);
      expect(await target.compare(source)).toMatchObject({ conversations: 130, documents: 32, found: [] });
      const client = await new MongoClient(url).connect();
      const db = client.db();
      const [changed, shortened] = [logs[11]!.conversationId, logs[12]!.conversationId];
      const commit = await db.collection('commits').findOne({ conversationId: changed, first: 2 });
      const facts = String(commit!['facts']).replace('free', 'gone');
      await db.collection('commits').updateOne({ _id: commit!._id }, { $set: { facts } });
      await db.collection('commits').deleteOne({ conversationId: shortened, first: 2 });
      const member = members[5]!;
      const _id = `members/${orgId}/${member.id}` as never;
      await db
        .collection('documents')
        .updateOne({ _id }, { $set: { body: JSON.stringify({ ...member, role: 'owner' }) } });
      await db.collection('conversations').insertOne({ _id: 'conv_more' as never, head: 1 });
      const { found } = await target.compare(source);
      await client.close();
      await target.close();
      source.close();
      expect(found).toEqual([
        `${changed}: another log of the same length`,
        expect.stringMatching(new RegExp(`^${shortened}: \\d+ commits instead of \\d+$`)),
        `members ${member.id}: not the same`,
        '131 conversations in all instead of 130',
        expect.stringMatching(/^\d+ commits in all instead of \d+$/),
      ]);
    });

    test('leaves a database alone that holds something else', async () => {
      const url = await freshMongoUrl('import');
      const store = await openMongoStore({ url, clock: systemClock });
      await store.documents.members.put(memberOf(newId('org')));
      await store.close();
      await expect(openImport(url, systemClock, 'a folder')).rejects.toThrow(
        /^The database import_\w+ holds something else already/,
      );
    });
  });
});
