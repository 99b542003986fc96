// One process with its own file under load: its store's disk can be filled and its database held by somebody else.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { openDatabase, searchMigrations, sideMigrations } from '../../server/adapters/store/sqlite-schema.ts';
import { composeSqliteStore } from '../../server/adapters/store/sqlite.ts';
import type { Store } from '../../server/ports/store.ts';
import type { FirstRunFacts } from '../../server/seed/first-run.ts';
import { startNodeProcess } from '../cluster/cluster.ts';
import type { TestNode } from '../cluster/cluster.ts';
import { check, violations } from './checker.ts';
import type { Verdict } from './history.ts';
import { seeded, startLoad } from './load.ts';
import type { Load } from './load.ts';
import { pause, rowOf, within } from './stage.ts';
import type { Row } from './stage.ts';

export interface Solo {
  node: TestNode;
  widgetKey: string;
  /** An API token of the owner. */
  token: string;
  memberId: string;
  /** The database as another program may read it while the server runs. */
  store: Store;
  close(): Promise<void>;
}

/** Reads `tiller.db` beside the server that writes it: the server's own lock keeps a second writer away. */
const openReader = async (dataDir: string): Promise<Store> => {
  const aside = await mkdtemp(join(tmpdir(), 'tiller-reader-'));
  const main = new DatabaseSync(join(dataDir, 'tiller.db'), { readOnly: true });
  const options = { synchronous: 'OFF', cacheMiB: 2 } as const;
  const side = openDatabase(join(aside, 'side.db'), sideMigrations, options);
  const index = openDatabase(join(aside, 'search.db'), searchMigrations, options);
  const store = composeSqliteStore(main, side, index, () => {
    for (const db of [main, side, index]) db.close();
  });
  return Object.create(store, {
    close: { value: async () => store.close().then(() => rm(aside, { recursive: true, force: true })) },
  }) as Store;
};

/** A server process on `folder`/data. */
export const startSolo = async (folder: string, env: Record<string, string> = {}): Promise<Solo> => {
  const dataDir = join(folder, 'data');
  const node = await startNodeProcess({ DATA_DIR: dataDir, MONGODB_URL: '', REDIS_URL: '', ...env });
  const facts = JSON.parse(await readFile(join(dataDir, 'first-run.json'), 'utf8')) as FirstRunFacts;
  const store = await openReader(dataDir);
  const widget = await store.documents.widgets.find(`key:${facts.widgetKey}`);
  const [owner] = await store.documents.members.list(widget!.orgId);
  return {
    node,
    widgetKey: facts.widgetKey,
    token: facts.keys?.console ?? '',
    memberId: owner!.id,
    store,
    async close() {
      await store.close();
      await node.kill();
    },
  };
};

/** Plays a fault on a server of its own (in `folder`, or anywhere) and judges everything that was asked and told meanwhile. */
export const soloUnderLoad = async (
  fault: string,
  scale: { folder?: string; visitors: number; messages: number; thinkMs: number; env?: Record<string, string> },
  seed: number,
  play: (
    solo: Solo,
    load: Load,
  ) => Promise<{ injected: number; recoveryMs: number | null; note: string; wrong: string[] }>,
): Promise<Row> => {
  const folder = scale.folder ?? (await mkdtemp(join(tmpdir(), 'tiller-solo-')));
  const solo = await startSolo(folder, { AI_BUILTIN_WORDS_PER_SECOND: '0', ...scale.env });
  const { node, widgetKey, token, memberId, store } = solo;
  const { visitors, messages, thinkMs } = scale;
  const url = node.url;
  const load = startLoad({
    url,
    widgetKey,
    token,
    memberId,
    visitors,
    messages,
    thinkMs,
    watchers: 3,
    random: seeded(seed),
  });
  const wrong: string[] = [];
  let verdict: Verdict | undefined;
  let played: Awaited<ReturnType<typeof play>> = { injected: 0, recoveryMs: null, note: '', wrong: [] };
  try {
    const begun = async (): Promise<void> => {
      while (load.acked() < (visitors * messages) / 20) await pause(10);
    };
    await within(120_000, 'the load did not begin', begun());
    played = await play(solo, load);
    await within(300_000, 'not every message was acked', load.done);
    await load.converged(store, 30_000);
  } catch (error) {
    wrong.push(String(error));
  }
  try {
    verdict = check(await load.history(store));
    wrong.push(...violations(verdict).slice(0, 5), ...played.wrong);
  } catch (error) {
    wrong.push(String(error));
  }
  const { exitCode, signalCode } = node.process;
  if (exitCode !== null || signalCode !== null) wrong.push(`the server died (${exitCode}): ${node.log().slice(-2000)}`);
  load.close();
  await solo.close();
  await rm(join(folder, 'data'), { recursive: true, force: true });
  if (scale.folder === undefined) await rm(folder, { recursive: true, force: true });
  return rowOf(load, verdict, {
    fault,
    injected: played.injected,
    recoveryMs: played.recoveryMs,
    wrong,
    note: played.note,
  });
};
