// What errors of the driver and of servers mean: the documents are those that servers answer with.
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { MongoBulkWriteError, MongoClient, MongoNetworkError, MongoServerError } from 'mongodb';
import { afterAll, describe, expect, test } from 'vitest';
import { unavailable } from '../../server/adapters/store/answering.ts';
import { StoreStartError } from '../../server/adapters/store/data-lock.ts';
import { toldTo, unlessAborted } from '../../server/adapters/store/mongo-answering.ts';
import { classify } from '../../server/adapters/store/mongo-errors.ts';
import type { FaultKind } from '../../server/adapters/store/mongo-errors.ts';
import { StoreUnreachableError, toMongoStartError } from '../../server/adapters/store/mongo-start.ts';
import { ChatError } from '../../shared/errors.ts';
import { startOldMongo } from '../support/old-mongo.ts';

const cleanUp: (() => unknown)[] = [];
afterAll(async () => {
  for (const undo of cleanUp.splice(0)) await undo();
});

const said = (code: number, message: string, more: object = {}): MongoServerError =>
  new MongoServerError({ ok: 0, code, message, errmsg: message, ...more });

/** What a server answers (its documents and codes are public), what it means, and what an operator is told to change. */
const cases: [what: string, error: Error, kind: FaultKind, remedy?: RegExp][] = [
  ['a step-down', said(189, 'Stepped down', { errorLabels: ['RetryableWriteError'] }), 'unavailable'],
  ['no primary any more', said(10_107, 'not primary'), 'unavailable'],
  ['a member that shuts down', said(91, 'The server is in quiesce mode and will shut down'), 'unavailable'],
  ['interrupted by an election', said(11_602, 'operation was interrupted'), 'unavailable'],
  ['no majority in time', said(64, 'waiting for replication timed out'), 'unavailable'],
  ['a stale primary’s read', said(134, 'Read concern majority reads are currently not possible'), 'unavailable'],
  ['too many requests (Cosmos DB)', said(16_500, 'Request rate is large'), 'unavailable'],
  ['a cursor that is gone', said(43, 'cursor id 123 not found'), 'unavailable'],
  ['a label without a known code', said(99_999, 'x', { errorLabels: ['RetryableWriteError'] }), 'unavailable'],
  ['two writes that met', said(112, 'Write conflict during plan execution'), 'aborted'],
  ['two writes that met (FerretDB 2)', said(16_908_292, 'deadlock detected'), 'aborted'],
  ['a unique index', said(11_000, 'E11000 duplicate key error'), 'duplicate'],
  ['a document of 17 MB', said(10_334, 'BSONObj size: 17825793 is invalid'), 'too_large'],
  [
    'a quota (Atlas)',
    said(8000, 'you are over your space quota, using 513 MB of 512 MB'),
    'misconfigured',
    /quota.*free/,
  ],
  [
    'a wrong password (Atlas)',
    said(8000, 'bad auth : authentication failed'),
    'misconfigured',
    /password of MONGODB_URL/,
  ],
  ['a wrong password', said(18, 'Authentication failed.'), 'misconfigured', /password of MONGODB_URL/],
  ['no rights', said(13, 'not authorized on x to execute command'), 'misconfigured', /readWrite/],
  ['a full disk', said(14_031, 'no disk space'), 'misconfigured', /free space/],
  [
    'a full disk (PostgreSQL)',
    said(1, 'could not extend file: No space left on device (SQLSTATE 53100)'),
    'misconfigured',
    /free space/,
  ],
  [
    'retryable writes on a lone server',
    said(20, 'Transaction numbers are only allowed on a replica set member or mongos'),
    'misconfigured',
    /retryWrites=false/,
  ],
  [
    'retryable writes (DocumentDB)',
    said(301, 'Retryable writes are not supported'),
    'misconfigured',
    /retryWrites=false/,
  ],
  ['a set that lacks members', said(100, 'Not enough data-bearing nodes'), 'misconfigured', /majority/],
  [
    'a certificate',
    Object.assign(new Error('self signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    'misconfigured',
    /tls/,
  ],
  [
    'a name',
    Object.assign(new Error('getaddrinfo ENOTFOUND mongo'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }),
    'misconfigured',
    /host in MONGODB_URL/,
  ],
  ['a reset', Object.assign(new Error('write ECONNRESET'), { code: 'ECONNRESET', syscall: 'write' }), 'unavailable'],
  [
    'a refusal in a network error',
    new MongoNetworkError('connect ECONNREFUSED 127.0.0.1:1', {
      cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' }),
    }),
    'unavailable',
  ],
  ['a command that it does not know', said(59, 'no such command: frobnicate'), 'defect'],
  ['a value that it does not take', said(2, 'unknown operator: $foo'), 'defect'],
  ['a code of tomorrow', said(77_777, 'something new'), 'unknown'],
];

describe('the table of errors', () => {
  test.each(cases)('%s', (_what, error, kind, remedy) => {
    const fault = classify(error);
    expect(fault?.kind).toBe(kind);
    if (remedy === undefined) expect(fault?.remedy).toBeUndefined();
    else expect(fault?.remedy).toMatch(remedy);
    // Nobody is told the driver's own error, and what may have happened is never told as a refusal.
    const told = toldTo(error) as ChatError;
    expect(told).toBeInstanceOf(ChatError);
    expect(told.message).not.toContain(error.message);
    expect(told.code).toBe(kind === 'defect' ? 'internal' : kind === 'too_large' ? 'too_large' : 'unavailable');
    const start = toMongoStartError(error, 'db:27017');
    expect(start).toBeInstanceOf(StoreStartError);
    if (remedy !== undefined) expect(start.message).toMatch(remedy);
    const isCertain = kind === 'defect' || kind === 'unknown' || kind === 'too_large';
    if (isCertain) expect(start).not.toBeInstanceOf(StoreUnreachableError);
    if (kind === 'unknown') expect(start.message).toContain('77777');
  });

  test('of a batch that counts which is not a duplicate', () => {
    const bulk = (codes: number[]): MongoBulkWriteError =>
      new MongoBulkWriteError(
        {
          message: 'E11000',
          code: 11_000,
          writeErrors: codes.map((code, index) => ({ code, index, errmsg: 'x' })) as never,
        },
        { getWriteConcernError: () => undefined } as never,
      );
    expect(classify(bulk([11_000, 11_000]))?.kind).toBe('duplicate');
    expect(classify(bulk([11_000, 189]))?.kind).toBe('unavailable');
  });

  test('errors of ours stay what they are', () => {
    const mistake = new TypeError('a mistake');
    expect(classify(mistake)).toBeUndefined();
    expect(toldTo(mistake)).toBe(mistake);
    const refusal = new ChatError('conflict', 'No');
    expect(toldTo(refusal)).toBe(refusal);
    expect(unavailable().code).toBe('unavailable');
  });
});

test('a write that was undone because it met another is tried again, and nothing else is', async () => {
  const left = [said(112, 'Write conflict'), said(16_908_292, 'deadlock detected')];
  const write = async (): Promise<string> => {
    const error = left.shift();
    if (error !== undefined) throw error;
    return 'written';
  };
  expect(await unlessAborted(write)).toBe('written');
  left.push(said(11_000, 'E11000'), said(112, 'Write conflict'));
  await expect(unlessAborted(write)).rejects.toMatchObject({ code: 11_000 });
  expect(left).toHaveLength(1);
});

describe('as the driver throws them', () => {
  const faultOf = async (url: string): Promise<unknown> => {
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 1500, connectTimeoutMS: 1000 });
    cleanUp.push(() => client.close());
    return client
      .connect()
      .then(async () => client.db('x').command({ ping: 1 }))
      .then(
        () => undefined,
        (error: unknown) => error,
      );
  };

  test.concurrent('a name that nobody knows', async () => {
    const fault = classify(await faultOf('mongodb://no-such-host.invalid:27017/'));
    expect(fault).toMatchObject({ kind: 'misconfigured', mayPass: true, remedy: expect.stringContaining('DNS') });
  });

  test.concurrent('TLS that the server does not speak', async () => {
    const plain = await startOldMongo({ ok: 1 });
    cleanUp.push(plain.stop);
    expect(classify(await faultOf(`${plain.url}/?tls=true`))?.kind).toMatch(/misconfigured|unavailable/);
  });

  test.concurrent('a server that is too old', async () => {
    const old = await startOldMongo({ ismaster: true, maxWireVersion: 7, minWireVersion: 0, ok: 1 });
    cleanUp.push(old.stop);
    expect(classify(await faultOf(old.url))).toMatchObject({
      kind: 'misconfigured',
      remedy: expect.stringContaining('4.4'),
    });
  });

  test('the error of a socket, which the driver passes on as it is', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy())).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUp.push(() => server.close());
    const socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('connect', () => socket.write('hello'));
    const [error] = (await once(socket, 'error').catch((reason: unknown) => [reason])) as [Error];
    expect((error as NodeJS.ErrnoException).syscall).toMatch(/read|write/);
    expect(toldTo(error)).toMatchObject({ code: 'unavailable' });
  });
});
