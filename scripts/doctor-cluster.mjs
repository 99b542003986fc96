// What `doctor` asks of the servers that several nodes share: MongoDB and Redis, as the environment names them.

const timeoutMs = 5000;

/** `Problem` and `Skipped` are the doctor's ways to say how a check ended. */
export const clusterChecks = (env, { Problem, Skipped, must }) => {
  const { MONGODB_URL: mongodbUrl, REDIS_URL: redisUrl } = env;

  const withMongo = async (look) => {
    if (!mongodbUrl) throw new Skipped('MONGODB_URL is not set: the embedded store keeps everything');
    const { MongoClient } = await import('mongodb');
    const client = new MongoClient(mongodbUrl, {
      serverSelectionTimeoutMS: timeoutMs,
      connectTimeoutMS: timeoutMs,
      socketTimeoutMS: timeoutMs,
    });
    try {
      await client.connect();
      return await look(client);
    } catch (error) {
      if (error instanceof Problem || error instanceof Skipped) throw error;
      // The driver's messages may hold the address, but never the password.
      throw new Problem(`${error.name}: ${error.message}`);
    } finally {
      await client.close().catch(() => {});
    }
  };

  const withRedis = async (look) => {
    if (!redisUrl) throw new Skipped('REDIS_URL is not set');
    const { Redis } = await import('ioredis');
    const redis = new Redis(redisUrl, {
      lazyConnect: true,
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    let reason;
    redis.on('error', (error) => (reason = error));
    try {
      await redis.connect();
      return await look(redis);
    } catch (error) {
      if (error instanceof Problem || error instanceof Skipped) throw error;
      throw new Problem(`no answer: ${(reason ?? error).code ?? (reason ?? error).message}`);
    } finally {
      redis.disconnect();
    }
  };

  return {
    'Redis goes with MongoDB': async () => {
      if (!redisUrl && !mongodbUrl) throw new Skipped('one node, one file: neither is needed');
      must(mongodbUrl, 'REDIS_URL needs MONGODB_URL: the embedded store is one file and cannot be shared');
      must(redisUrl, 'without REDIS_URL a second node hears of a message within about a second, not at once');
    },
    'MongoDB keeps what it acknowledges': () =>
      withMongo(async (client) => {
        const hello = await client.db('admin').command({ hello: 1 });
        // Servers that only speak the protocol name no set and keep their own promises.
        const { version } = await client.db('admin').command({ buildInfo: 1 });
        must(Number.parseFloat(version) >= 4.4, `its version is ${version}: 4.4 or newer is needed`);
        const marks = client.db().collection('doctor');
        const { insertedId } = await marks.insertOne({ at: new Date() }, { writeConcern: { w: 'majority', j: true } });
        await marks.deleteOne({ _id: insertedId });
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
    'Redis answers, is new enough and evicts nothing': () =>
      withRedis(async (redis) => {
        const version = /redis_version:([\d.]+)/.exec(await redis.info('server'))?.[1] ?? '0';
        must(Number.parseFloat(version) >= 6.2, `its version is ${version}: 7 is recommended, 6.2 the least`);
        const policy = await redis.config('GET', 'maxmemory-policy').catch(() => undefined);
        if (policy === undefined)
          throw new Skipped('a managed server does not tell its maxmemory-policy: set noeviction');
        const value = Array.isArray(policy) ? policy[1] : policy['maxmemory-policy'];
        must(
          value === 'noeviction',
          `maxmemory-policy is ${value}: set noeviction, or limits and presence are forgotten`,
        );
      }),
  };
};
