// The environment as one typed value. `readConfig` (below) tells every problem at once.

export type Provider = 'builtin' | 'openai' | 'openai-compatible' | 'anthropic' | 'google';

export interface ModelConfig {
  provider: Provider;
  model?: string;
  baseUrl?: string;
  apiKey?: string;
  /** Pace of the built-in answerer; 0 writes all at once. */
  wordsPerSecond: number;
}

export interface Config {
  /** 0 picks a free port. */
  port: number;
  host: string;
  /** Without a trailing slash; absent: the listening address. */
  publicUrl?: string;
  dataDir: string;
  mongodbUrl?: string;
  redisUrl?: string;
  /** Express's `trust proxy` value. */
  trustProxy: boolean | number | string;
  logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug';
  secret?: string;
  seedsDemo: boolean;
  limits: 'default' | 'off';
  model: ModelConfig;
}
