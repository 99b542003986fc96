// What only the embedded keeper can suffer: full disks, locks, kills, damaged and newer files.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockDataDir } from '../../server/adapters/store/data-lock.ts';
import {
  mainMigrations,
  openDatabase,
  searchMigrations,
  sideMigrations,
} from '../../server/adapters/store/sqlite-schema.ts';
import { createWriter } from '../../server/adapters/store/sqlite-writer.ts';
import { composeSqliteStore, openSqliteStore, StoreStartError } from '../../server/adapters/store/sqlite.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Store } from '../../server/ports/store.ts';
import { evolve, initialState } from '../../shared/conversation.ts';
import { newId } from '../../shared/ids.ts';
import { buildLog } from './log-builder.ts';

let dataDir = '';
const cleanUp: (() => unknown)[] = [];
const orgId = 'org_1';

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tiller-sqlite-'));
});

afterEach(async () => {
  for (const undo of cleanUp.splice(0).toReversed()) await undo();
  await rm(dataDir, { recursive: true, force: true });
});

const open = async (folder = dataDir): Promise<Store> => {
  const store = await openSqliteStore({ dataDir: folder, clock: systemClock });
  cleanUp.push(async () => store.close());
  return store;
};

const refusal = async (folder = dataDir): Promise<Error> =>
  openSqliteStore({ dataDir: folder, clock: systemClock }).then(
    async (store) => {
      await store.close();
      return new Error('it opened');
    },
    (error: Error) => error,
  );

/** A raw connection to a database of the folder, as another program would have it. */
const connect = (name: string): DatabaseSync => {
  const db = new DatabaseSync(join(dataDir, name), { timeout: 0 });
  cleanUp.push(() => db.isOpen && db.close());
  return db;
};
type DatabaseSync = InstanceType<typeof DatabaseSync>;

interface Child {
  process: ChildProcess;
  lines: string[];
  /** Resolves once this many lines were printed. */
  printed(count: number): Promise<void>;
  kill(): Promise<void>;
}

const startChild = (task: 'hold' | 'append'): Child => {
  const script = fileURLToPath(new URL('store-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, dataDir, task, orgId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  };
  cleanUp.push(kill);
  const printed = async (count: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (lines.length >= count) resolve();
      };
      reader.on('line', look);
      child.once('close', (code) => reject(new Error(`the child ended with ${code}`)));
      look();
    });
  return { process: child, lines, printed, kill };
};

describe('start', () => {
  test('makes the folder for its owner only', async () => {
    const folder = join(dataDir, 'deep', 'data');
    await open(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(folder))
      expect([name, (await stat(join(folder, name))).mode & 0o077]).toEqual([name, 0]);
  });

  test('refuses a folder that another process holds, until that is killed', async () => {
    const child = startChild('hold');
    await child.printed(1);
    const error = await refusal();
    expect(error).toBeInstanceOf(StoreStartError);
    expect(error.message).toMatch(/in use by another running server/);
    expect(error.message).toContain(dataDir);
    await child.kill();
    await open();
  });

  test('refuses a folder that this process holds, until the store is closed', async () => {
    const store = await open();
    expect(await refusal()).toBeInstanceOf(StoreStartError);
    await store.close();
    await open();
  });

  test('refuses a folder that cannot be written to', async () => {
    await writeFile(join(dataDir, 'file'), 'x');
    for (const folder of [join(dataDir, 'file'), join(dataDir, 'file', 'data'), '/proc/tiller/data']) {
      const error = await refusal(folder);
      expect(error).toBeInstanceOf(StoreStartError);
      expect(error.message).toMatch(/^Cannot write to the data folder .*DATA_DIR/);
    }
  });

  test('refuses a database of a newer version, and leaves it as it is', async () => {
    await (await open()).close();
    const db = connect('tiller.db');
    db.exec(`PRAGMA user_version = ${mainMigrations.length + 1}`);
    db.close();
    const error = await refusal();
    expect(error).toBeInstanceOf(StoreStartError);
    expect(error.message).toMatch(/newer version/);
    const after = connect('tiller.db');
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: mainMigrations.length + 1 });
  });

  test('refuses a file that is no database, and one that was cut off', async () => {
    await writeFile(join(dataDir, 'tiller.db'), 'not a database, but long enough to have a header '.repeat(100));
    expect(await refusal()).toMatchObject({ name: 'StoreStartError', message: expect.stringMatching(/damaged/) });
    await rm(join(dataDir, 'tiller.db'));
    const store = await open();
    const log = buildLog({ orgId });
    await store.append([log.open(), log.say('x')]);
    await store.close();
    await truncate(join(dataDir, 'tiller.db'), 8192);
    expect(await refusal()).toMatchObject({ name: 'StoreStartError', message: expect.stringMatching(/damaged/) });
    expect((await stat(join(dataDir, 'tiller.db'))).size).toBe(8192);
  });

  test('a migration that fails leaves the version before it, whole', () => {
    const path = join(dataDir, 'm.db');
    const options = { synchronous: 'OFF', cacheMiB: 1 } as const;
    const first = 'CREATE TABLE a (x INTEGER) STRICT';
    expect(() => openDatabase(path, [first, 'CREATE TABLE b (x INTEGER); nonsense'], options)).toThrow(StoreStartError);
    const db = openDatabase(path, [first], options);
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()).toEqual([{ name: 'a' }]);
    db.close();
    const next = openDatabase(path, [first, 'ALTER TABLE a ADD COLUMN y TEXT'], options);
    expect(next.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 });
    next.close();
  });

  test('a lost or damaged search index is made again from the log', async () => {
    const log = buildLog({ orgId });
    const store = await open();
    await store.append([log.open(), log.say('the periwinkle'), log.identify({ name: 'Ottoline' })]);
    await store.close();
    const breaks = [
      async () => rm(join(dataDir, 'search.db')),
      async () => writeFile(join(dataDir, 'search.db'), 'x'.repeat(10_000)),
      async () => writeFile(join(dataDir, 'side.db'), 'x'.repeat(10_000)),
    ];
    for (const damage of breaks) {
      await damage();
      const again = await open();
      expect(await again.search(orgId, 'periwinkle', 5)).toHaveLength(1);
      expect(await again.search(orgId, 'ottoline', 5)).toHaveLength(1);
      await again.close();
    }
  });

  test('an index of another log is not believed', async () => {
    const log = buildLog({ orgId });
    const store = await open();
    await store.append([log.open(), log.say('the old harbour')]);
    expect(await store.search(orgId, 'harbour', 5)).toHaveLength(1);
    await store.close();
    for (const suffix of ['', '-wal', '-shm']) await rm(join(dataDir, `tiller.db${suffix}`), { force: true });
    const restored = await open();
    const other = buildLog({ orgId });
    await restored.append([other.open(), other.say('the new lighthouse')]);
    expect(await restored.search(orgId, 'harbour', 5)).toEqual([]);
    expect(await restored.search(orgId, 'lighthouse', 5)).toHaveLength(1);
  });
});

describe('failure', () => {
  const openLimited = async (): Promise<{ store: Store; limit: (pages: number) => void; pages: () => number }> => {
    const unlock = lockDataDir(dataDir);
    const options = { synchronous: 'FULL', cacheMiB: 4 } as const;
    const main = openDatabase(join(dataDir, 'tiller.db'), mainMigrations, options);
    const side = openDatabase(join(dataDir, 'side.db'), sideMigrations, options);
    const index = openDatabase(join(dataDir, 'search.db'), searchMigrations, options);
    const store = composeSqliteStore(main, side, index, () => {
      for (const db of [main, side, index]) db.close();
      unlock();
    });
    cleanUp.push(async () => store.close());
    return {
      store,
      limit: (pages) => main.exec(`PRAGMA max_page_count = ${pages}`),
      pages: () => (main.prepare('PRAGMA page_count').get() as { page_count: number }).page_count,
    };
  };
  const long = 'x'.repeat(4000);
  const setting = (id: string, value: string) => ({ id, orgId: '', createdAt: 1, value });

  test('[S4] a full disk: everything of the turn is refused as unavailable, and the next works once there is room', async () => {
    const { store, limit, pages } = await openLimited();
    const [log, other] = [buildLog({ orgId }), buildLog({ orgId })];
    await store.append([log.open(), other.open()]);
    limit(pages());
    const fork = log.fork();
    const writes = await Promise.allSettled([
      store.append([fork.say('small')]),
      store.append(Array.from({ length: 30 }, () => other.fork().say(long))),
      store.documents.settings.put(setting('a', 'small')),
      store.documents.settings.delete('', 'b'),
    ]);
    const codes = writes.map((write) =>
      write.status === 'rejected' ? (write.reason as { code: string }).code : 'fine',
    );
    expect(codes.slice(0, 2)).toEqual(['unavailable', 'unavailable']);
    await expect(store.documents.settings.put(setting('big', long.repeat(10)))).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(await store.factsAfter(log.conversationId, 0, 10)).toHaveLength(1);
    expect(await store.documents.settings.get('', 'big')).toBeUndefined();
    expect((await store.counts(orgId)).open).toBe(2);

    limit(1_000_000);
    expect(await store.append([log.say(long), log.label('vip')])).toEqual(['appended', 'appended']);
    await store.documents.settings.put(setting('big', long.repeat(10)));
    await expect(store.ping()).resolves.toBeUndefined();
    expect(await store.row(orgId, log.conversationId)).toMatchObject({ head: { seq: 3 }, labels: ['vip'] });
    expect(await store.counts(orgId)).toMatchObject({ open: 2, closed: 0 });
  });

  test('[S4] what shares a transaction shares its failure', async () => {
    const { store, limit, pages } = await openLimited();
    const log = buildLog({ orgId });
    await store.append([log.open()]);
    limit(pages());
    const appended = store.append([log.fork().say('small')]);
    const put = store.documents.settings.put(setting('big', long.repeat(20)));
    await expect(appended).rejects.toMatchObject({ code: 'unavailable' });
    await expect(put).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.factsAfter(log.conversationId, 0, 10)).toHaveLength(1);
    expect(await store.append([log.say('small')])).toEqual(['appended']);
  });

  test('[S4] another process holds the write lock: unavailable, and fine again when it lets go', async () => {
    const store = await open();
    const log = buildLog({ orgId });
    await store.append([log.open()]);
    const db = connect('tiller.db');
    db.exec('BEGIN IMMEDIATE');
    await expect(store.append([log.fork().say('x')])).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.ping()).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.state(log.conversationId)).toMatchObject({ state: { head: { seq: 1 } } });
    db.exec('ROLLBACK');
    await expect(store.ping()).resolves.toBeUndefined();
    expect(await store.append([log.say('x')])).toEqual(['appended']);
  });

  test('what cannot be encoded is refused by itself, and harms nothing that is written with it', async () => {
    const store = await open();
    const [log, other] = [buildLog({ orgId }), buildLog({ orgId })];
    const bad = other.open();
    bad.commit.result = { big: 1n };
    const good = store.append([log.open()]);
    await expect(store.append([bad])).rejects.toThrow(TypeError);
    expect(await good).toEqual(['appended']);
    expect(await store.state(other.conversationId)).toBeUndefined();
  });

  test('a closed store answers unavailable and has written what it was given', async () => {
    const store = await open();
    const log = buildLog({ orgId });
    const last = store.append([log.open()]);
    await store.close();
    expect(await last).toEqual(['appended']);
    await expect(store.append([log.say('late')])).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.ping()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.state(log.conversationId)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.counts(orgId)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.documents.settings.find('x')).rejects.toMatchObject({ code: 'unavailable' });
    const again = await open();
    expect(await again.factsAfter(log.conversationId, 0, 10)).toHaveLength(1);
  });
});

describe('kill', () => {
  test('[S1] a transaction is fsynced where anything in it must last, and only there', async () => {
    const db = openDatabase(join(dataDir, 'tiller.db'), mainMigrations, { synchronous: 'OFF', cacheMiB: 1 });
    const idle = { beforeCommit: () => {}, afterRollback: () => {}, afterCommit: () => {} };
    const writer = createWriter(db, idle);
    const [normal, full] = [1, 2];
    const mode = (): unknown => (db.prepare('PRAGMA synchronous').get() as { synchronous: number }).synchronous;
    expect(await writer.write(mode)).toBe(full);
    expect(await writer.write(mode, { isDurable: false })).toBe(normal);
    const shared = [
      writer.write(mode, { isDurable: false }),
      writer.write(mode),
      writer.write(mode, { isDurable: false }),
    ];
    expect(await Promise.all(shared)).toEqual([full, full, full]);
    db.close();
  });

  test('[S1] [S2] after kill -9 in a stream of appends every reported commit is there, and every log is dense', async () => {
    let reported = 0;
    for (let round = 0; round < 2; round++) {
      const child = startChild('append');
      await child.printed(1 + 400 * (round + 1));
      await child.kill();
      const store = await openSqliteStore({ dataDir, clock: systemClock });
      const commits = child.lines.slice(1, -1).map((line) => line.split(' ') as [string, string, string]);
      reported += commits.length;
      const found = await store.commitsByKey(commits.map(([conversationId, key]) => ({ conversationId, key })));
      expect(found.map((commit) => String(commit?.first))).toEqual(commits.map(([, , first]) => first));

      for (const conversationId of new Set(commits.map(([id]) => id))) {
        const facts = await store.factsAfter(conversationId, 0, 100_000);
        expect(facts.map((fact) => fact.seq)).toEqual(facts.map((_, i) => i + 1));
        const state = facts.reduce(evolve, initialState(conversationId, true));
        expect((await store.state(conversationId))?.state).toEqual(state);
        expect((await store.row(orgId, conversationId))?.head).toEqual(state.head);
      }
      const { open: openCount, ai } = await store.counts(orgId);
      expect([openCount, ai]).toEqual([20 * (round + 1), 20 * (round + 1)]);
      const { rows } = await store.inbox({ orgId, filter: 'open', memberId: 'm', limit: 200 });
      expect(rows).toHaveLength(20 * (round + 1));
      expect((await store.search(orgId, 'message', 100)).length).toBe(20 * (round + 1));
      await store.close();
    }
    expect(reported).toBeGreaterThan(1000);
    expect(existsSync(join(dataDir, 'tiller.db'))).toBe(true);
  });

  test('[S1] read marks and checkpoints outlive a kill', async () => {
    await mkdir(dataDir, { recursive: true });
    const conversationId = newId('conv');
    const store = await open();
    await store.advanceRead(conversationId, 'staff', 5);
    await store.saveCheckpoint(conversationId, { replyId: 'msg_1', attempt: 1, text: 'so far' });
    // What a kill leaves: the files as they are now, write-ahead logs included, and no orderly close.
    const copy = join(dataDir, 'copy');
    await mkdir(copy);
    for (const name of await readdir(dataDir)) {
      if (/\.db(-wal)?$/.test(name)) await copyFile(join(dataDir, name), join(copy, name));
    }
    const after = await open(copy);
    expect(await after.reads([conversationId])).toEqual([{ visitor: 0, staff: 5 }]);
    expect(await after.checkpoint(conversationId)).toEqual({ replyId: 'msg_1', attempt: 1, text: 'so far' });
  });
});
