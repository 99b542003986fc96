// The environment as one typed value. `readConfig` tells every problem at once.
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { hostnameOf } from '../shared/host-name.ts';
import { parseRedisUrl } from '../shared/redis-address.ts';

export type Provider = 'builtin' | 'openai' | 'openai-compatible' | 'anthropic' | 'google';

export interface ModelConfig {
  provider: Provider;
  model?: string;
  baseUrl?: string;
  apiKey?: string;
  /** Pace of the built-in answerer; 0 writes all at once. */
  wordsPerSecond: number;
}

/** A bucket of anything that speaks S3. */
export interface S3Config {
  /** Without a trailing slash and without the bucket. */
  endpoint: string;
  bucket: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export interface Config {
  /** 0 picks a free port. */
  port: number;
  host: string;
  /** Without a trailing slash; absent: the listening address. */
  publicUrl?: string;
  /** Further names under which the console answers (`hostnameOf`). */
  hosts?: string[];
  /** What readers of `/metrics` must show; absent: only this machine reads. */
  metricsToken?: string;
  dataDir: string;
  /** The store that several nodes share; absent: one process on the embedded store. */
  mongodbUrl?: string;
  /** Carries deliveries between nodes at once; without it the feed brings them within a second. */
  redisUrl?: string;
  /** A conversation whose holder has had no connection for so long goes back to the queue, ms; 0: never. */
  absenceMs: number;
  /** Express's `trust proxy` value. */
  trustProxy: boolean | number | string;
  logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug';
  secret?: string;
  seedsDemo: boolean;
  limits: 'default' | 'off';
  model: ModelConfig;
  /** Where uploaded files lie; absent: in `files` of the data folder. */
  files?: S3Config;
}

export interface ConfigProblem {
  /** The variable. */
  name: string;
  message: string;
}

/** Every problem of an environment at once. Messages never hold the value: it may be a secret. */
export class ConfigError extends Error {
  readonly problems: ConfigProblem[];

  constructor(problems: ConfigProblem[]) {
    super(problems.map(({ name, message }) => `${name}: ${message}`).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** The vendors' own variables; each selects its provider where `AI_PROVIDER` is absent. */
const vendorKeys = {
  OPENAI_API_KEY: 'openai',
  ANTHROPIC_API_KEY: 'anthropic',
  GOOGLE_GENERATIVE_AI_API_KEY: 'google',
} as const satisfies Record<string, Provider>;
type VendorKey = keyof typeof vendorKeys;

const parsedUrl = (value: string): URL | undefined => (URL.canParse(value) ? new URL(value) : undefined);
const isHttp = (url: URL): boolean => url.protocol === 'http:' || url.protocol === 'https:';

const integer = (min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,7}$/, 'Must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `Must be between ${min} and ${max}`)
    .default(fallback);

const origin = z
  .string()
  .max(2048)
  .refine((value) => {
    const url = parsedUrl(value);
    return url !== undefined && isHttp(url);
  }, 'Must be an address such as https://chat.example.com')
  .refine((value) => {
    const url = parsedUrl(value);
    if (url === undefined) return true;
    return url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  }, 'Must be a bare address: no path, query or credentials')
  .transform((value) => new URL(value).origin);

const baseUrl = z
  .string()
  .max(2048)
  .refine((value) => {
    const url = parsedUrl(value);
    return url !== undefined && isHttp(url) && url.username === '' && url.password === '';
  }, 'Must be an http(s) address without credentials')
  .transform((value) => value.replace(/\/+$/, ''));

/** The address of a server. Several hosts (a replica set) are no URL to the platform, so only its beginning is held to it. */
const address = (schemes: readonly string[], example: string) =>
  z
    .string()
    .max(4096)
    .refine(
      (value) => schemes.some((scheme) => value.startsWith(`${scheme}//`) && value.length > scheme.length + 2),
      `Must be an address such as ${example}`,
    );

const redisAddress = z
  .string()
  .max(4096)
  .superRefine((value, context) => {
    const read = parseRedisUrl(value);
    if ('problem' in read) context.addIssue({ code: 'custom', message: read.problem });
  });

const isProxyRange = (part: string): boolean => {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(part)) return true;
  const [address = '', bits, ...rest] = part.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
};

const trustProxy = z.string().transform((value, context): boolean | number | string => {
  if (value === 'true' || value === 'false') return value === 'true';
  if (/^\d{1,2}$/.test(value)) return Number(value);
  const parts = value.split(',').map((part) => part.trim());
  if (parts.every(isProxyRange)) return parts.join(', ');
  context.addIssue({
    code: 'custom',
    message: 'Must be true, false, the number of proxies, or addresses such as "loopback, 10.0.0.0/8"',
  });
  return z.NEVER;
});

const secret = z
  .string()
  .min(32, 'Must have at least 32 characters; leave it out and one is generated and kept')
  .max(1024)
  .refine((value) => value.length < 32 || new Set(value).size >= 10, 'Is too easily guessed: use random characters');

/** Host names; a port is allowed and ignored, because the names alone decide. */
const hostList = z
  .string()
  .max(4096)
  .transform((value, context): string[] => {
    const entries = value.split(',').map((part) => part.trim());
    // Names in other scripts are compared as browsers send them, in punycode.
    const ascii = (entry: string): string => (/[^ -~]/.test(entry) ? domainToASCII(entry) : entry);
    const hosts = entries
      .map((entry) => (/[/?#@\\%]/.test(entry) ? undefined : hostnameOf(ascii(entry))))
      .filter((host) => host !== undefined);
    if (hosts.length === entries.length) return [...new Set(hosts)];
    context.addIssue({
      code: 'custom',
      message: 'Must be host names such as "chat.example.com, intranet": no scheme, path or wildcard',
    });
    return z.NEVER;
  });

/** What a header can carry as one word. */
const bearer = z
  .string()
  .regex(/^[\x21-\x7e]{16,1024}$/, 'Must have 16 to 1024 visible ASCII characters without blanks');

const environment = z.object({
  PORT: integer(0, 65_535, 3000),
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]{1,255}$/, 'Must be an address or a host name')
    .default('127.0.0.1'),
  PUBLIC_URL: origin.optional(),
  TILLER_HOSTS: hostList.optional(),
  METRICS_TOKEN: bearer.optional(),
  DATA_DIR: z.string().max(1024).default('./data'),
  MONGODB_URL: address(['mongodb:', 'mongodb+srv:'], 'mongodb://host:27017/tiller').optional(),
  REDIS_URL: redisAddress.optional(),
  TILLER_ABSENCE_SECONDS: integer(0, 86_400, 120),
  TRUST_PROXY: trustProxy.default(false),
  LOG_LEVEL: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
  TILLER_SECRET: secret.optional(),
  TILLER_DEMO: z
    .enum(['0', '1'])
    .default('1')
    .transform((value) => value === '1'),
  TILLER_LIMITS: z.enum(['default', 'off']).default('default'),
  AI_PROVIDER: z.enum(['builtin', 'openai', 'openai-compatible', 'anthropic', 'google']).optional(),
  AI_MODEL: z.string().max(200).optional(),
  AI_BASE_URL: baseUrl.optional(),
  AI_API_KEY: z.string().max(4096).optional(),
  AI_BUILTIN_WORDS_PER_SECOND: integer(0, 10_000, 15),
  OPENAI_API_KEY: z.string().max(4096).optional(),
  ANTHROPIC_API_KEY: z.string().max(4096).optional(),
  GOOGLE_GENERATIVE_AI_API_KEY: z.string().max(4096).optional(),
  FILES_S3_ENDPOINT: baseUrl.optional(),
  FILES_S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'Must be the name of a bucket')
    .optional(),
  // R2 and MinIO take any; `auto` is R2's own.
  FILES_S3_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,60}$/, 'Must be a region such as eu-central-1')
    .default('auto'),
  FILES_S3_ACCESS_KEY_ID: z.string().max(256).optional(),
  FILES_S3_SECRET_ACCESS_KEY: z.string().max(1024).optional(),
});
type Environment = z.infer<typeof environment>;
const names = Object.keys(environment.shape);

/** An empty variable counts as absent: that is how compose files leave one out. */
const present = (env: Record<string, string | undefined>): Record<string, string> => {
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = env[name]?.trim();
    if (value !== undefined && value !== '') values[name] = value;
  }
  return values;
};

/** All of these, or the data folder is used. */
const s3Names = [
  'FILES_S3_ENDPOINT',
  'FILES_S3_BUCKET',
  'FILES_S3_ACCESS_KEY_ID',
  'FILES_S3_SECRET_ACCESS_KEY',
] as const satisfies readonly (keyof Environment)[];

const s3Problems = (values: Record<string, string>): ConfigProblem[] => {
  const isWanted = Object.keys(values).some((name) => name.startsWith('FILES_S3_'));
  if (!isWanted) return [];
  return s3Names
    .filter((name) => values[name] === undefined)
    .map((name) => ({ name, message: 'Is needed where files are kept in a bucket (all FILES_S3_… or none)' }));
};

const s3Of = (env: Environment): S3Config | undefined => {
  const [endpoint, bucket, accessKeyId, secretAccessKey] = s3Names.map((name) => env[name]);
  if (!endpoint || !bucket || !accessKeyId || !secretAccessKey) return undefined;
  return { endpoint, bucket, region: env.FILES_S3_REGION, accessKeyId, secretAccessKey };
};

/** Rules over several variables; they read the raw values, so that they are told beside problems of single ones. */
const crossProblems = (values: Record<string, string>): ConfigProblem[] => {
  const problems: ConfigProblem[] = [];
  const problem = (name: string, message: string): void => void problems.push({ name, message });
  if (values['REDIS_URL'] !== undefined && values['MONGODB_URL'] === undefined) {
    problem('REDIS_URL', 'Needs MONGODB_URL: the embedded store is one file and cannot be shared between nodes');
  }
  const provider = values['AI_PROVIDER'];
  const keys = (Object.keys(vendorKeys) as VendorKey[]).filter((name) => values[name] !== undefined);
  if (provider === undefined) {
    if (keys.length > 1) problem('AI_PROVIDER', `${keys.join(' and ')} are set: say which one to use`);
    if (keys.length === 0 && values['AI_BASE_URL'] === undefined) {
      for (const name of ['AI_API_KEY', 'AI_MODEL'] as const) {
        if (values[name] !== undefined) problem('AI_PROVIDER', `${name} is set: say whose it is`);
      }
    }
  }
  const chosen = provider ?? (keys.length === 1 ? vendorKeys[keys[0]!] : undefined);
  if (chosen === 'openai' || chosen === 'anthropic' || chosen === 'google') {
    const own = (Object.keys(vendorKeys) as VendorKey[]).find((name) => vendorKeys[name] === chosen)!;
    if (values['AI_API_KEY'] === undefined && values[own] === undefined) {
      problem('AI_API_KEY', `Is needed for AI_PROVIDER=${chosen} (or ${own})`);
    }
  }
  const isCompatible =
    chosen === 'openai-compatible' ||
    (chosen === undefined && keys.length === 0 && values['AI_BASE_URL'] !== undefined);
  if (isCompatible && values['AI_BASE_URL'] === undefined) {
    problem('AI_BASE_URL', 'Is needed for AI_PROVIDER=openai-compatible');
  }
  if (isCompatible && values['AI_MODEL'] === undefined) {
    problem('AI_MODEL', 'Is needed for an OpenAI-compatible endpoint');
  }
  return problems;
};

const modelOf = (env: Environment): ModelConfig => {
  const vendor = (Object.keys(vendorKeys) as VendorKey[]).find((name) => env[name] !== undefined);
  const provider =
    env.AI_PROVIDER ??
    (vendor !== undefined ? vendorKeys[vendor] : env.AI_BASE_URL === undefined ? 'builtin' : 'openai-compatible');
  const own = (Object.keys(vendorKeys) as VendorKey[]).find((name) => vendorKeys[name] === provider);
  const apiKey = env.AI_API_KEY ?? (own === undefined ? undefined : env[own]);
  return {
    provider,
    wordsPerSecond: env.AI_BUILTIN_WORDS_PER_SECOND,
    ...(env.AI_MODEL === undefined ? {} : { model: env.AI_MODEL }),
    ...(env.AI_BASE_URL === undefined ? {} : { baseUrl: env.AI_BASE_URL }),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
};

/**
 * Reads the environment; unknown variables are nobody's business and ignored.
 * @throws ConfigError with every problem, by variable
 */
export const readConfig = (env: Record<string, string | undefined>): Config => {
  const values = present(env);
  const parsed = environment.safeParse(values);
  const problems = [
    ...(parsed.success
      ? []
      : parsed.error.issues.map((issue) => ({ name: String(issue.path[0] ?? ''), message: issue.message }))),
    ...crossProblems(values),
    ...s3Problems(values),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const read = parsed.data;
  const files = s3Of(read);
  return {
    port: read.PORT,
    host: read.HOST,
    dataDir: read.DATA_DIR,
    trustProxy: read.TRUST_PROXY,
    logLevel: read.LOG_LEVEL,
    seedsDemo: read.TILLER_DEMO,
    absenceMs: read.TILLER_ABSENCE_SECONDS * 1000,
    limits: read.TILLER_LIMITS,
    model: modelOf(read),
    ...(files === undefined ? {} : { files }),
    ...(read.PUBLIC_URL === undefined ? {} : { publicUrl: read.PUBLIC_URL }),
    ...(read.TILLER_HOSTS === undefined ? {} : { hosts: read.TILLER_HOSTS }),
    ...(read.METRICS_TOKEN === undefined ? {} : { metricsToken: read.METRICS_TOKEN }),
    ...(read.MONGODB_URL === undefined ? {} : { mongodbUrl: read.MONGODB_URL }),
    ...(read.REDIS_URL === undefined ? {} : { redisUrl: read.REDIS_URL }),
    ...(read.TILLER_SECRET === undefined ? {} : { secret: read.TILLER_SECRET }),
  };
};
