// The process: environment to node, what a start prints, and signals.
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startNode } from './compose.ts';
import type { Node } from './compose.ts';
import { ConfigError, readConfig } from './config.ts';
import type { Config } from './config.ts';
import { firstRunFile, forgetFirstRun, welcomeText } from './seed/first-run.ts';
import { RedisStartError } from './adapters/bus/redis-link.ts';
import { StoreStartError } from './adapters/store/data-lock.ts';

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const explain = (error: unknown, config: Config): string => {
  if (error instanceof StoreStartError || error instanceof RedisStartError)
    return `Tiller cannot start: ${error.message}`;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return `Tiller cannot start: port ${config.port} on ${config.host} is in use. Set PORT to another one (0 picks a free one).`;
  }
  if (code === 'EACCES') return `Tiller cannot start: port ${config.port} needs rights that this user does not have.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `Tiller cannot start: HOST ${config.host} is not an address of this machine.`;
  }
  return `Tiller cannot start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
};

const configured = (): Config => {
  if (existsSync('.env')) process.loadEnvFile('.env');
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.problems.map(({ name, message }) => `  ${name}: ${message}`);
    return fail(`Tiller cannot start, the environment is not right:\n${lines.join('\n')}`);
  }
};

const options = {
  json: { type: 'boolean', default: false },
  link: { type: 'boolean', default: false },
  'forget-first-run': { type: 'boolean', default: false },
} as const;

const known =
  '--json (one line for programs), --link (a new one-time link for the owner) and --forget-first-run (deletes first-run.json, which holds keys, and ends)';

const flags = () => {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const why = error instanceof Error ? error.message.split('. ')[0] : String(error);
    return fail(`${why}. Known are ${known}.`);
  }
};
const values = flags();
const config = configured();

if (values['forget-first-run']) {
  const file = firstRunFile(config.dataDir);
  const wasThere = await forgetFirstRun(config.dataDir).catch((error: unknown) =>
    fail(`${file} could not be deleted: ${error instanceof Error ? error.message : String(error)}`),
  );
  const said = wasThere
    ? `${file} is deleted. The keys that it held still work: revoke in the console those that nobody uses.`
    : `There is no ${file}.`;
  process.stdout.write(`${said}\n`);
  process.exit(0);
}

const here = dirname(fileURLToPath(import.meta.url));
// Built, this file lies in dist/server; in development it runs from server/.
const distDir = import.meta.url.endsWith('.ts') ? resolve(here, '../dist') : resolve(here, '..');

let running: Node | undefined;
let isStopping = false;
const stop = (signal: string): void => {
  if (isStopping) process.exit(signal === 'SIGINT' ? 130 : 143);
  isStopping = true;
  const late = setTimeout(() => process.exit(1), 9500);
  late.unref();
  const stopped = running === undefined ? Promise.resolve() : running.stop();
  stopped.then(
    () => process.exit(0),
    (error: unknown) => fail(`Stopping failed: ${String(error)}`),
  );
};
process.on('SIGTERM', () => stop('SIGTERM'));
process.on('SIGINT', () => stop('SIGINT'));

try {
  running = await startNode(config, { distDir, renewsLink: values.link });
} catch (error) {
  fail(explain(error, config));
}
if (running !== undefined) {
  if (config.limits === 'off') process.stderr.write('Rate limits are off (TILLER_LIMITS=off): for load tests only.\n');
  process.stdout.write(
    values.json
      ? `${JSON.stringify(running.facts)}\n`
      : welcomeText(running, firstRunFile(config.dataDir), running.warnings),
  );
}
