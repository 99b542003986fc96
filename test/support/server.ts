// A real server in this process, on a free port, on a store of its own that goes away with it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startNode } from '../../server/compose.ts';
import type { Node, Parts } from '../../server/compose.ts';
import { readConfig } from '../../server/config.ts';
import type { FirstRunFacts } from '../../server/seed/first-run.ts';

export interface TestServer {
  url: string;
  firstRun: FirstRunFacts & { keys: NonNullable<FirstRunFacts['keys']> };
  node: Node;
  dataDir: string;
  stop(): Promise<void>;
}

/** `env` goes through the real configuration; answers come at once unless it says otherwise. */
export const startServer = async (
  options: { env?: Record<string, string>; dataDir?: string } & Omit<Partial<Parts>, 'distDir'> = {},
): Promise<TestServer> => {
  const { env = {}, dataDir = await mkdtemp(join(tmpdir(), 'tiller-test-')), ...parts } = options;
  const config = readConfig({
    PORT: '0',
    LOG_LEVEL: 'error',
    AI_BUILTIN_WORDS_PER_SECOND: '0',
    TILLER_LIMITS: 'off',
    DATA_DIR: dataDir,
    ...env,
  });
  const node = await startNode(config, { distDir: resolve('dist'), ...parts });
  return {
    url: node.url,
    firstRun: node.facts as TestServer['firstRun'],
    node,
    dataDir,
    async stop() {
      await node.stop();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
};
