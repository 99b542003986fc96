// A real server in a process of its own, so that it can be killed without mercy.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { bundled } from './bundled.ts';
import type { FirstRunFacts } from '../../server/seed/first-run.ts';

export interface ChildServer {
  process: ChildProcess;
  facts: FirstRunFacts;
  stderr(): string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves to the exit code. */
  terminate(): Promise<number | null>;
}

/** A port that was free a moment ago: a restarted server must come back where its clients look for it. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** Starts test/support/faulty-node.ts; `fault` names where it kills itself. Resolves when it is ready. */
export const startChild = async (env: Record<string, string>, fault = 'none'): Promise<ChildServer> => {
  const program = await bundled('test/support/faulty-node.ts');
  const child = spawn(process.execPath, ['--enable-source-maps', program, fault], {
    env: { ...process.env, LOG_LEVEL: 'error', TILLER_LIMITS: 'off', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line') as Promise<[string]>,
    exited.then(([code]) => {
      throw new Error(`the server ended with ${code}: ${stderr}`);
    }),
  ]);
  return {
    process: child,
    facts: JSON.parse(line[0]) as FirstRunFacts,
    stderr: () => stderr,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async terminate() {
      child.kill('SIGTERM');
      return (await exited)[0];
    },
  };
};
