// What an address of a MongoDB may say and what it may not, and what is said where it cannot be followed.
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Document } from 'mongodb';
import { afterAll, describe, expect, test } from 'vitest';
import { StoreStartError } from '../../server/adapters/store/data-lock.ts';
import { clientOptionsFor, connectClient, optionRules } from '../../server/adapters/store/mongo-client.ts';
import { StoreUnreachableError } from '../../server/adapters/store/mongo-start.ts';
import { primaryHello, startOldMongo } from '../support/old-mongo.ts';

const folder = mkdtempSync(join(tmpdir(), 'tiller-options-'));
const cleanUp: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
afterAll(async () => {
  for (const undo of cleanUp.splice(0).toReversed()) await undo();
});

const told: string[] = [];
const log = { warn: (_fields: object, message: string) => void told.push(message) };

const address = (query: string): string => `mongodb://anna:pass@127.0.0.1:1,127.0.0.1:2/chat?${query}`;

/** A primary that is connected to alone, with these options. */
const primary = async (answer: (command: Document) => object | undefined, query = ''): Promise<string> => {
  const server = await startOldMongo((command) => answer(command) ?? { ...primaryHello, n: 0 });
  cleanUp.push(server.stop);
  return `${server.url}/chat?directConnection=true${query}`;
};

const refusal = async (url: string): Promise<Error> =>
  connectClient(url, log).then(
    async ({ client }) => {
      await client.close();
      return new Error('it connected');
    },
    (error: Error) => error,
  );

/** Options that no rule of ours touches: what they say is the owner's to decide. */
const free = new Set(
  `auth authMechanism authMechanismProperties authSource autoEncryption autoSelectFamily autoSelectFamilyAttemptTimeout
   bsonRegExp checkKeys compressors dbName directConnection driverInfo enableOverloadRetargeting enableUtf8Validation family
   forceServerObjectId heartbeatFrequencyMS ignoreUndefined loadBalanced localThresholdMS maxAdaptiveRetries maxConnecting
   minHeartbeatFrequencyMS minInternalBufferSize monitorCommands mongodbLogComponentSeverities mongodbLogMaxDocumentLength
   mongodbLogPath name noDelay pkFactory promoteBuffers proxyHost proxyPassword proxyPort proxyUsername replicaSet
   runtimeAdapters serializeFunctions serverApi serverMonitoringMode servername srvAllowedHostsSuffix srvHostValidator
   srvMaxHosts srvServiceName ssl tls tlsAllowInvalidCertificates tlsAllowInvalidHostnames tlsCAFile tlsCRLFile
   tlsCertificateKeyFile tlsCertificateKeyFilePassword tlsInsecure zlibCompressionLevel`.split(/\s+/),
);
/** Those of Node's sockets, which only code can give, and one that an address spells `readConcernLevel`. */
const ofCode = new Set(
  `readConcern __skipPingOnConnect connectionType srvPoller allowPartialTrustChain minDHSize pskCallback secureContext
   enableTrace requestCert rejectUnauthorized checkServerIdentity keepAliveInitialDelay ALPNProtocols SNICallback session
   requestOCSP localAddress localPort hints lookup ca cert ciphers crl ecdhCurve key passphrase pfx secureProtocol
   index`.split(/\s+/),
);

describe('options of an address', () => {
  test('every option of the driver is decided: a new one is the owner’s, or has a rule and a reason', () => {
    // The driver's own list has no types.
    const { OPTIONS } = createRequire(import.meta.url)('mongodb/lib/connection_string.js') as { OPTIONS: object };
    const all = Object.keys(OPTIONS);
    expect(all.length).toBeGreaterThan(90);
    expect(all.filter((name) => !free.has(name) && !ofCode.has(name) && optionRules[name] === undefined)).toEqual([]);
    expect(Object.keys(optionRules).filter((name) => !all.includes(name))).toEqual([]);
  });

  test('what the address says beats our defaults, and is not told of', () => {
    const { options, overruled } = clientOptionsFor(
      address(
        'retryWrites=false&RETRYREADS=false&maxPoolSize=7&minPoolSize=0&appName=ours&maxIdleTimeMS=9&connectTimeoutMS=900',
      ),
    );
    expect(options).toEqual({
      connectTimeoutMS: 900,
      serverSelectionTimeoutMS: 4000,
      waitQueueTimeoutMS: 4000,
      socketTimeoutMS: 5000,
    });
    expect(overruled).toEqual([]);
    expect(clientOptionsFor(address('tls=true&w=majority&journal=true&readPreference=primary')).overruled).toEqual([]);
  });

  test('a pool that is smaller than what we keep open is allowed', async () => {
    expect(clientOptionsFor(address('maxPoolSize=1')).options).toMatchObject({ minPoolSize: 1 });
    expect(clientOptionsFor(address('maxPoolSize=0')).options).toMatchObject({ minPoolSize: 2 });
    const { client } = await connectClient(await primary(() => undefined, '&maxPoolSize=1'), log);
    expect(client.options).toMatchObject({ maxPoolSize: 1, minPoolSize: 1 });
    await client.close();
  });

  test('[S12] limits of time may be shortened; longer ones, and none, are cut', () => {
    for (const name of [
      'serverSelectionTimeoutMS',
      'connectTimeoutMS',
      'waitQueueTimeoutMS',
      'socketTimeoutMS',
    ] as const) {
      const ours = (optionRules[name] as { ours: number }).ours;
      for (const [asked, got] of [
        ['250', 250],
        ['60000', ours],
        ['0', ours],
      ] as const) {
        const { options, overruled } = clientOptionsFor(address(`${name}=${asked}`));
        expect([name, asked, options[name]]).toEqual([name, asked, got]);
        expect(overruled).toHaveLength(asked === '250' ? 0 : 1);
      }
    }
    expect(clientOptionsFor(address('wtimeoutMS=300')).durably.writeConcern).toMatchObject({ wtimeoutMS: 300 });
    expect(clientOptionsFor(address('wtimeoutMS=0')).durably.writeConcern).toMatchObject({ wtimeoutMS: 4000 });
  });

  test('[S1] what makes it less durable, or reads what is old, is overruled and told of', async () => {
    told.length = 0;
    const weak = '&w=1&journal=false&readConcernLevel=local&readPreference=secondaryPreferred&maxStalenessSeconds=120';
    const { client, db } = await connectClient(await primary(() => undefined, weak), log);
    expect(db.writeConcern).toMatchObject({ w: 'majority', journal: true });
    expect(db.readConcern).toEqual({ level: 'majority' });
    expect(db.readPreference?.mode).toBe('primary');
    await client.close();
    expect(told.map((line) => /^MONGODB_URL: (\w+)=/.exec(line)?.[1])).toEqual([
      'w',
      'journal',
      'readConcernLevel',
      'readPreference',
      'maxStalenessSeconds',
    ]);
    expect(told[0]).toMatch(/overruled: what was acknowledged survives/);
  });

  test('what would give documents in another form, or drop every limit, is refused by name', async () => {
    for (const query of ['timeoutMS=9', 'raw=true', 'promoteValues=false', 'promoteLongs=false', 'useBigInt64=true']) {
      const error = await refusal(address(query));
      expect(error).toBeInstanceOf(StoreStartError);
      expect(error).not.toBeInstanceOf(StoreUnreachableError);
      expect(error.message).toMatch(new RegExp(`^Take ${query.split('=')[0]} out of MONGODB_URL: .{20,}`));
    }
    expect(clientOptionsFor(address('promoteValues=true&raw=false')).overruled).toEqual([]);
  });
});

describe('a server that takes no retryable writes', () => {
  const refusals = {
    'Amazon DocumentDB': { ok: 0, code: 301, errmsg: 'Retryable writes are not supported' },
    'a storage engine without them': {
      ok: 0,
      code: 20,
      errmsg: 'Transaction numbers are only allowed on a replica set member or mongos',
    },
  };
  test.each(Object.entries(refusals))('%s: they are off, and one line says so', async (_name, refused) => {
    told.length = 0;
    const seen: boolean[] = [];
    const url = await primary((command) => {
      if (command['delete'] === undefined && command['insert'] === undefined) return undefined;
      seen.push(command['txnNumber'] !== undefined);
      return command['txnNumber'] === undefined ? { ok: 1, n: 1 } : refused;
    });
    const { client, db } = await connectClient(url, log);
    await db.collection('commits').insertOne({ _id: 'a' as never });
    await client.close();
    expect(seen).toEqual([true, false]);
    expect(told).toEqual([
      expect.stringMatching(/takes no retryable writes: they are off\. With retryWrites=false in MONGODB_URL/),
    ]);
  });

  test('is not asked where the address says so', async () => {
    told.length = 0;
    const seen: string[] = [];
    const url = await primary((command) => void seen.push(Object.keys(command)[0]!), '&retryWrites=false');
    await (await connectClient(url, log)).client.close();
    expect(seen).not.toContain('delete');
    expect(told).toEqual([]);
  });
});

describe('what the address names and this machine has not', () => {
  test.each(['tlsCAFile', 'tlsCRLFile', 'tlsCertificateKeyFile'])('%s: the file is named', async (option) => {
    const missing = join(folder, `no-${option}.pem`);
    const url = `mongodb://127.0.0.1:1/chat?tls=true&${option}=${encodeURIComponent(missing)}`;
    const error = await refusal(url);
    expect(error).toBeInstanceOf(StoreStartError);
    expect(error).not.toBeInstanceOf(StoreUnreachableError);
    expect(error.message).toBe(`The file ${missing}, which MONGODB_URL names as ${option}, is not there.`);
    expect((await refusal(url.replace(encodeURIComponent(missing), encodeURIComponent(folder)))).message).toContain(
      'cannot be read (EISDIR)',
    );
  });

  test('a key file that holds no key is named', async () => {
    const file = join(folder, 'key.pem');
    writeFileSync(file, 'no key');
    const url = await primary(() => undefined, `&tls=true&tlsCertificateKeyFile=${encodeURIComponent(file)}`);
    const error = await refusal(url);
    expect(error).not.toBeInstanceOf(StoreUnreachableError);
    expect(error.message).toContain(`cannot be used (tlsCertificateKeyFile=${file})`);
  });

  test('a compressor that is not installed is not waited for', async () => {
    const url = await primary(() => ({ ...primaryHello, compression: ['snappy'] }), '&compressors=snappy');
    const error = await refusal(url);
    expect(error).not.toBeInstanceOf(StoreUnreachableError);
    expect(error.message).toMatch(/^MONGODB_URL asks for what is not installed here.*snappy/);
  });
});
