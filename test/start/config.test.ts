// The environment: defaults, providers, and every problem at once.
import { expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../server/config.ts';

const problemsOf = (env: Record<string, string>): Record<string, string> => {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) {
      return Object.fromEntries(error.problems.map(({ name, message }) => [name, message]));
    }
    throw error;
  }
  return {};
};

test('nothing set is a complete configuration', () => {
  expect(readConfig({ PATH: '/bin' })).toEqual({
    port: 3000,
    host: '127.0.0.1',
    dataDir: './data',
    trustProxy: false,
    logLevel: 'info',
    seedsDemo: true,
    absenceMs: 120_000,
    limits: 'default',
    model: { provider: 'builtin', wordsPerSecond: 15 },
  });
});

test('an empty variable counts as absent', () => {
  expect(readConfig({ PORT: '', MONGODB_URL: ' ', AI_PROVIDER: '', TILLER_SECRET: '' })).toEqual(readConfig({}));
});

test('every problem is named at once, and no value is repeated', () => {
  const env = {
    PORT: '70000',
    HOST: 'a b',
    PUBLIC_URL: 'chat.example.com',
    TILLER_HOSTS: 'https://secret-host.example',
    METRICS_TOKEN: 'too-short-token',
    TRUST_PROXY: 'maybe',
    LOG_LEVEL: 'loud',
    TILLER_SECRET: 'hunter2',
    TILLER_DEMO: 'no',
    TILLER_LIMITS: 'some',
    MONGODB_URL: 'mysql://secret-password@db',
    TILLER_ABSENCE_SECONDS: 'soon',
    AI_PROVIDER: 'skynet',
    AI_BASE_URL: 'nowhere',
    AI_BUILTIN_WORDS_PER_SECOND: '-1',
  };
  const problems = problemsOf(env);
  expect(Object.keys(problems).sort()).toEqual(Object.keys(env).sort());
  for (const value of ['hunter2', 'secret-password', 'skynet', 'secret-host', 'too-short-token'])
    expect(JSON.stringify(problems)).not.toContain(value);
});

test('Redis needs MongoDB; each must be an address of its kind', () => {
  expect(problemsOf({ REDIS_URL: 'redis://r' })['REDIS_URL']).toContain('Needs MONGODB_URL');
  expect(
    readConfig({ REDIS_URL: 'rediss://:pass@r:6380/1', MONGODB_URL: 'mongodb://a:1,b:2/tiller?replicaSet=rs' }),
  ).toMatchObject({
    redisUrl: 'rediss://:pass@r:6380/1',
    mongodbUrl: 'mongodb://a:1,b:2/tiller?replicaSet=rs',
  });
  expect(readConfig({ MONGODB_URL: 'mongodb+srv://cluster.example.net/tiller' }).redisUrl).toBeUndefined();
  const swapped = problemsOf({ REDIS_URL: 'mongodb://m', MONGODB_URL: 'redis://r' });
  expect(Object.keys(swapped).sort()).toEqual(['MONGODB_URL', 'REDIS_URL']);
  expect(problemsOf({ MONGODB_URL: 'mongodb://m', REDIS_URL: 'redis://r:port' })['REDIS_URL']).toContain(
    'redis://host:6379',
  );
});

test("a vendor's own variable selects its provider", () => {
  const model = (env: Record<string, string>) => readConfig(env).model;
  expect(model({ OPENAI_API_KEY: 'a' })).toEqual({ provider: 'openai', apiKey: 'a', wordsPerSecond: 15 });
  expect(model({ ANTHROPIC_API_KEY: 'b', AI_MODEL: 'm' })).toMatchObject({
    provider: 'anthropic',
    apiKey: 'b',
    model: 'm',
  });
  expect(model({ GOOGLE_GENERATIVE_AI_API_KEY: 'c' })).toMatchObject({ provider: 'google', apiKey: 'c' });
  expect(model({ OPENAI_API_KEY: 'a', AI_API_KEY: 'x' })).toMatchObject({ provider: 'openai', apiKey: 'x' });
  expect(model({ OPENAI_API_KEY: 'a', AI_PROVIDER: 'builtin' })).toEqual({ provider: 'builtin', wordsPerSecond: 15 });
  expect(model({ OPENAI_API_KEY: 'a', ANTHROPIC_API_KEY: 'b', AI_PROVIDER: 'anthropic' })).toMatchObject({
    provider: 'anthropic',
    apiKey: 'b',
  });
  expect(model({ AI_BASE_URL: 'http://127.0.0.1:11434/v1/', AI_MODEL: 'llama' })).toMatchObject({
    provider: 'openai-compatible',
    baseUrl: 'http://127.0.0.1:11434/v1',
    model: 'llama',
  });
});

test('what a provider lacks is said', () => {
  expect(Object.keys(problemsOf({ OPENAI_API_KEY: 'a', ANTHROPIC_API_KEY: 'b' }))).toEqual(['AI_PROVIDER']);
  expect(Object.keys(problemsOf({ AI_PROVIDER: 'openai' }))).toEqual(['AI_API_KEY']);
  expect(Object.keys(problemsOf({ AI_PROVIDER: 'openai-compatible' })).sort()).toEqual(['AI_BASE_URL', 'AI_MODEL']);
  expect(Object.keys(problemsOf({ AI_API_KEY: 'x' }))).toEqual(['AI_PROVIDER']);
  expect(Object.keys(problemsOf({ AI_MODEL: 'x' }))).toEqual(['AI_PROVIDER']);
});

test('addresses lose their trailing slash, and a path is refused', () => {
  expect(readConfig({ PUBLIC_URL: 'https://Chat.Example.com/' }).publicUrl).toBe('https://chat.example.com');
  expect(Object.keys(problemsOf({ PUBLIC_URL: 'https://example.com/chat' }))).toEqual(['PUBLIC_URL']);
  expect(Object.keys(problemsOf({ PUBLIC_URL: 'https://u:p@example.com' }))).toEqual(['PUBLIC_URL']);
});

test('proxies are a switch, a number or addresses', () => {
  const trusted = (value: string) => readConfig({ TRUST_PROXY: value }).trustProxy;
  expect(trusted('true')).toBe(true);
  expect(trusted('1')).toBe(1);
  expect(trusted('loopback,10.0.0.0/8, ::1')).toBe('loopback, 10.0.0.0/8, ::1');
  expect(Object.keys(problemsOf({ TRUST_PROXY: '10.0.0.0/33' }))).toEqual(['TRUST_PROXY']);
});

test('further hosts are names; their ports are ignored, and what is no host stops the start', () => {
  const hosts = (value: string) => readConfig({ TILLER_HOSTS: value }).hosts;
  expect(hosts('intranet')).toEqual(['intranet']);
  expect(hosts('Chat.Example.com:8443, chat.example.com. ,[::1]:3000, bücher.example, 10.0.0.5')).toEqual([
    'chat.example.com',
    '[::1]',
    'xn--bcher-kva.example',
    '10.0.0.5',
  ]);
  for (const wrong of [
    'https://chat.example.com',
    'chat.example.com/console',
    'bücher.example/console',
    '*.example.com',
    '*',
    'user@chat.example.com',
    'a b',
    'chat.example.com,,intranet',
    'chat..example.com',
    'chat.example.com:port',
    'chat.example.com:99999',
    '::1',
  ]) {
    expect([wrong, Object.keys(problemsOf({ TILLER_HOSTS: wrong }))]).toEqual([wrong, ['TILLER_HOSTS']]);
  }
});

test('the token for metrics is one word that is not short', () => {
  expect(readConfig({ METRICS_TOKEN: 'a-token-for-prometheus' }).metricsToken).toBe('a-token-for-prometheus');
  for (const wrong of ['short', 'two words of a token', 'tökens-of-many-letters', 'x'.repeat(1025)]) {
    expect(Object.keys(problemsOf({ METRICS_TOKEN: wrong }))).toEqual(['METRICS_TOKEN']);
  }
});

test('a weak secret is refused', () => {
  expect(Object.keys(problemsOf({ TILLER_SECRET: 'a'.repeat(64) }))).toEqual(['TILLER_SECRET']);
  expect(Object.keys(problemsOf({ TILLER_SECRET: 'abcdefghij0123456789' }))).toEqual(['TILLER_SECRET']);
  const secret = 'f3b1c2d4e5a697887766554433221100';
  expect(readConfig({ TILLER_SECRET: secret }).secret).toBe(secret);
});

const bucket = {
  FILES_S3_ENDPOINT: 'https://account.r2.example.com/',
  FILES_S3_BUCKET: 'tiller-files',
  FILES_S3_ACCESS_KEY_ID: 'key',
  FILES_S3_SECRET_ACCESS_KEY: 'hunter2-hunter2',
};

test('a bucket for files is named whole or not at all; its region may be left out', () => {
  expect(readConfig({}).files).toBeUndefined();
  const files = {
    endpoint: 'https://account.r2.example.com',
    bucket: 'tiller-files',
    region: 'auto',
    accessKeyId: 'key',
    secretAccessKey: 'hunter2-hunter2',
  };
  expect(readConfig(bucket).files).toEqual(files);
  expect(readConfig({ ...bucket, FILES_S3_REGION: 'eu-central-1' }).files).toEqual({
    ...files,
    region: 'eu-central-1',
  });
  expect(Object.keys(problemsOf({ FILES_S3_REGION: 'auto' })).sort()).toEqual(Object.keys(bucket).sort());
  for (const name of Object.keys(bucket)) {
    expect(Object.keys(problemsOf({ ...bucket, [name]: '' }))).toEqual([name]);
  }
  const wrong = problemsOf({
    ...bucket,
    FILES_S3_ENDPOINT: 'ftp://x',
    FILES_S3_BUCKET: '../up',
    FILES_S3_REGION: 'EU!',
  });
  expect(Object.keys(wrong).sort()).toEqual(['FILES_S3_BUCKET', 'FILES_S3_ENDPOINT', 'FILES_S3_REGION']);
  expect(JSON.stringify(wrong)).not.toContain('hunter2');
});

test('REDIS_URL names a server, Sentinels or a cluster, and each mistake in it is told without its password', () => {
  const MONGODB_URL = 'mongodb://m/tiller';
  for (const url of [
    'redis://r',
    'rediss://:p%40ss@r:6380/1',
    'redis://[::1]:6379',
    'redis+sentinel://user:pass@a:26379,b/mymaster/2?sentinelPassword=x',
    'rediss+sentinel://a,b,c/mymaster',
    'redis+cluster://user:pass@a:7000,b:7001',
  ])
    expect(readConfig({ REDIS_URL: url, MONGODB_URL }).redisUrl).toBe(url);
  const mistakes: [url: string, told: string][] = [
    ['redis://:hunter2@a:1,b:2', 'redis+sentinel://'],
    ['redis+sentinel://:hunter2@a:26379', 'the Sentinels know the master'],
    ['redis+cluster://:hunter2@a:1/3', 'the database 0 alone'],
    ['redis://:hunter2@a/one', 'number of a database'],
    ['redis://:hunter2@a:99999', 'redis://host:6379'],
    ['redis+shards://:hunter2@a', 'redis+cluster://'],
  ];
  for (const [url, told] of mistakes) {
    const problem = problemsOf({ REDIS_URL: url, MONGODB_URL })['REDIS_URL'];
    expect([url, problem]).toEqual([url, expect.stringContaining(told)]);
    expect(problem).not.toContain('hunter2');
  }
});
