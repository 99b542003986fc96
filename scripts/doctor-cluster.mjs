// What `doctor` asks of the servers that several nodes share: MongoDB and Redis, as the environment names them.

import { buildStale } from './build.mjs';

const timeoutMs = 3000;

/** `Problem` and `Skipped` are the doctor's ways to say how a check ended. */
export const clusterChecks = (env, { Problem, Skipped, must }) => {
  const { MONGODB_URL: mongodbUrl, REDIS_URL: redisUrl } = env;

  /** Waited for once: what did not answer does not answer the next question either. */
  let isMongoGone = false;

  const withMongo = async (look) => {
    if (!mongodbUrl) throw new Skipped('MONGODB_URL is not set: the embedded store keeps everything');
    if (isMongoGone) throw new Skipped('it could not be asked');
    const { MongoClient } = await import('mongodb');
    let client;
    try {
      client = new MongoClient(mongodbUrl, {
        serverSelectionTimeoutMS: timeoutMs,
        connectTimeoutMS: timeoutMs,
        socketTimeoutMS: timeoutMs,
      });
      await client.connect();
      return await look(client);
    } catch (error) {
      if (error instanceof Problem || error instanceof Skipped) throw error;
      isMongoGone = true;
      // The driver's messages may hold the address, but never the password.
      throw new Problem(`${error.name}: ${error.message}`);
    } finally {
      await client?.close().catch(() => {});
    }
  };

  const lookAtRedis = async () => {
    if (!redisUrl) throw new Skipped('REDIS_URL is not set');
    await buildStale();
    const { checkRedis } = await import('../dist/import/redis-check.js');
    let found;
    try {
      found = await checkRedis(redisUrl);
    } catch (error) {
      // The reason lies deepest; no message of ours holds the password.
      const code = error.cause?.code ?? error.cause?.cause?.code;
      throw new Problem(code === undefined ? error.message : `${error.message}: ${code}`);
    }
    if (found.length > 0) throw new Problem(found.join(' '));
  };

  return {
    'Redis goes with MongoDB': async () => {
      if (!redisUrl && !mongodbUrl) throw new Skipped('one node, one file: neither is needed');
      must(mongodbUrl, 'REDIS_URL needs MONGODB_URL: the embedded store is one file and cannot be shared');
      if (!redisUrl)
        throw new Skipped('without REDIS_URL a second node would hear of a message after about a second, not at once');
    },
    'MongoDB keeps what it acknowledges': () =>
      withMongo(async (client) => {
        const hello = await client.db('admin').command({ hello: 1 });
        // Servers that only speak the protocol name no set and keep their own promises.
        const { version } = await client.db('admin').command({ buildInfo: 1 });
        must(Number.parseFloat(version) >= 4.4, `its version is ${version}: 4.4 or newer is needed`);
        const marks = client.db().collection('doctor');
        await marks.insertOne({ at: new Date() }, { writeConcern: { w: 'majority', j: true } });
        await marks.drop();
        const isSet = hello.setName !== undefined || hello.msg === 'isdbgrid';
        if (!isSet) {
          throw new Skipped('writes work, but this is a single server: a replica set survives the loss of one');
        }
      }),
    'The clocks of MongoDB and this machine agree': () =>
      withMongo(async (client) => {
        const before = Date.now();
        const { localTime } = await client.db('admin').command({ hello: 1 });
        if (!(localTime instanceof Date)) throw new Skipped('the server does not tell its time');
        const skew = Math.abs(localTime.getTime() - (before + Date.now()) / 2);
        must(skew < 5000, `they are ${Math.round(skew / 1000)} s apart: run NTP on both`);
      }),
    'Redis answers, is new enough and evicts nothing': lookAtRedis,
  };
};
