// A server of the MongoDB protocol that the tests start, freeze, kill and start again: mongod, or FerretDB over PostgreSQL.
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { MongoClient } from 'mongodb';
import { freePort } from './child-server.ts';

const ferretdb = resolve(import.meta.dirname, '../../node_modules/.cache/ferretdb/ferretdb');

const onPath = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));

/** Debian keeps the programs of each major version in a folder of its own, off PATH. */
const postgresFolder = (): string | undefined => {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')));
};

/** What this machine can start; undefined where it is nothing. */
export const localMongo = (): 'mongod' | 'ferretdb' | undefined => {
  if (onPath('mongod') !== undefined) return 'mongod';
  return existsSync(ferretdb) && postgresFolder() !== undefined ? 'ferretdb' : undefined;
};

export interface MongoProcess {
  /** Without a database. */
  url: string;
  /** Of what runs now. */
  pids(): number[];
  /** SIGSTOP: it keeps its connections and answers nothing. */
  freeze(): void;
  thaw(): void;
  /** Whether all of it still runs. */
  isUp(): boolean;
  /** SIGKILL to all of it, as a power cut would. */
  kill(): Promise<void>;
  /** After `kill`, at the same address; resolves when it answers. */
  start(): Promise<void>;
  /** For good, with its data. */
  stop(): Promise<void>;
}

interface Program {
  url: string;
  spawn(): Promise<ChildProcess[]>;
}

const logged = (folder: string, name: string): ['ignore', number, number] => {
  const log = openSync(join(folder, `${name}.log`), 'a');
  return ['ignore', log, log];
};

const answersAt = async (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

const until = async (what: string, isSo: () => Promise<boolean> | boolean, child: ChildProcess): Promise<void> => {
  const end = Date.now() + 30_000;
  while (!(await isSo())) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${what} ended at once`);
    if (Date.now() > end) throw new Error(`${what} did not come up`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};

/** PostgreSQL refuses to run as root. */
const postgresUser = (): { uid: number; gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const [, , uid, gid] = /^postgres:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0].split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error('there is no user postgres');
  return { uid: Number(uid), gid: Number(gid) };
};

/**
 * FerretDB's own indexes serve no reads: it compares by containment. One index of that kind for each field that the keeper
 * asks by makes reads as cheap as they are on a real server, so that large tests measure the keeper.
 */
const readIndexes = `
  CREATE FUNCTION read_indexes() RETURNS event_trigger LANGUAGE plpgsql AS $$
  DECLARE made record; field text;
  BEGIN
    FOR made IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE command_tag = 'CREATE TABLE' LOOP
      CONTINUE WHEN made.object_identity LIKE '%ferretdb_database_metadata%';
      FOREACH field IN ARRAY ARRAY['_id', 'conversationId', 'key', 'bucket', 'todo', 'shelf', 'contactId'] LOOP
        EXECUTE format(
          'CREATE INDEX ON %s USING gin ((_jsonb->%L) jsonb_path_ops) WITH (fastupdate = off)',
          made.object_identity, field);
      END LOOP;
    END LOOP;
  END $$;
  CREATE EVENT TRIGGER read_indexes ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION read_indexes();
`;

const ferretProgram = async (folder: string): Promise<Program> => {
  const bin = postgresFolder()!;
  const user = postgresUser();
  const data = join(folder, 'postgres');
  mkdirSync(data, { mode: 0o700 });
  if (user !== undefined) chownSync(data, user.uid, user.gid);
  // The user of the database is not the one who made the folder around it.
  chmodSync(folder, 0o755);
  const as = { ...user, cwd: '/', stdio: 'ignore' as const };
  execFileSync(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync', '--locale=C.UTF-8'], as);
  const postgresPort = await freePort();
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=400',
    'shared_buffers=128MB',
    // What is written survives every kill of a process, which is all that a test can do to it.
    'fsync=off',
    'full_page_writes=off',
    // The read indexes are found only by plans that know the field.
    'plan_cache_mode=force_custom_plan',
  ].flatMap((setting) => ['-c', setting]);
  const database = `postgres://postgres@127.0.0.1:${postgresPort}/ferretdb`;
  const psql = (name: string, sql: string): void => {
    const args = ['-h', '127.0.0.1', '-p', String(postgresPort), '-U', 'postgres', '-d', name, '-qc', sql];
    execFileSync(join(bin, 'psql'), args, { cwd: '/', stdio: 'ignore' });
  };
  const isReady = (): boolean => {
    try {
      psql('postgres', 'SELECT 1');
      return true;
    } catch {
      return false;
    }
  };
  /** After a kill the old one's children hold its memory for a moment longer, in which a new one refuses to start. */
  const startPostgres = async (): Promise<ChildProcess> => {
    for (let tries = 1; ; tries++) {
      const postgres = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(postgresPort), ...settings], {
        ...user,
        cwd: '/',
        stdio: logged(folder, 'postgres'),
      });
      try {
        await until('PostgreSQL', isReady, postgres);
        return postgres;
      } catch (error) {
        if (tries === 20) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  let isMade = false;
  return {
    url: `mongodb://127.0.0.1:${port}`,
    spawn: async () => {
      const postgres = await startPostgres();
      if (!isMade) {
        psql('postgres', 'CREATE DATABASE ferretdb');
        psql('ferretdb', readIndexes);
        isMade = true;
      }
      const args = ['-address', `127.0.0.1:${port}`, '-postgres', `${database}?pool_max_conns=300`];
      const ferret = spawn(ferretdb, args, { stdio: logged(folder, 'ferretdb') });
      await until('FerretDB', async () => answersAt(port), ferret);
      return [ferret, postgres];
    },
  };
};

const mongodProgram = async (folder: string): Promise<Program> => {
  const port = await freePort();
  const data = join(folder, 'mongod');
  mkdirSync(data);
  const url = `mongodb://127.0.0.1:${port}`;
  let isMade = false;
  return {
    url: `${url}/?replicaSet=tiller`,
    spawn: async () => {
      const args = ['--dbpath', data, '--port', String(port), '--bind_ip', '127.0.0.1', '--replSet', 'tiller'];
      const mongod = spawn(onPath('mongod')!, args, { stdio: logged(folder, 'mongod') });
      await until('mongod', async () => answersAt(port), mongod);
      const client = new MongoClient(url, { directConnection: true, serverSelectionTimeoutMS: 10_000 });
      try {
        if (!isMade) {
          const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
          await client.db('admin').command({ replSetInitiate: { _id: 'tiller', members } });
          isMade = true;
        }
        const isPrimary = async (): Promise<boolean> =>
          (await client.db('admin').command({ hello: 1 }))['isWritablePrimary'] === true;
        await until('the primary', isPrimary, mongod);
      } finally {
        await client.close();
      }
      return [mongod];
    },
  };
};

/**
 * `parent`: the folder that its data goes below.
 * @throws where this machine has no server, or it does not come up
 */
export const startMongoProcess = async (parent = tmpdir()): Promise<MongoProcess> => {
  const kind = localMongo();
  if (kind === undefined) throw new Error('there is no MongoDB server: run test/support/ferretdb/build.sh');
  const folder = mkdtempSync(join(parent, 'tiller-mongo-'));
  const program = await (kind === 'mongod' ? mongodProgram : ferretProgram)(folder);
  let children = await program.spawn();
  const signal = (name: NodeJS.Signals): void => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill(name);
  };
  const kill = async (): Promise<void> => {
    const running = children.filter((child) => child.exitCode === null && child.signalCode === null);
    const ended = Promise.all(running.map(async (child) => once(child, 'exit')));
    signal('SIGKILL');
    await ended;
    children = [];
  };
  const onExit = (): void => signal('SIGKILL');
  process.on('exit', onExit);
  return {
    url: program.url,
    pids: () => children.flatMap(({ pid }) => pid ?? []),
    // The first child is the one that clients talk to.
    freeze: () => children[0]?.kill('SIGSTOP'),
    thaw: () => children[0]?.kill('SIGCONT'),
    isUp: () =>
      children.length > 0 && children.every(({ exitCode, signalCode }) => exitCode === null && signalCode === null),
    kill,
    start: async () => {
      children = await program.spawn();
    },
    stop: async () => {
      await kill();
      process.off('exit', onExit);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
