// The nginx of the deployment in front of nodes under test, with the file that is shipped.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from './people.ts';

const root = resolve(import.meta.dirname, '../..');
/** The file as it is shipped. */
export const shipped = readFileSync(join(root, 'deploy/nginx.conf'), 'utf8');
/** Tests that need it say `(needs nginx)` in their titles. */
export const hasNginx = spawnSync('nginx', ['-v'], { stdio: 'ignore' }).status === 0;

export interface Nginx {
  url: string;
  /** What it logged so far, of requests and of itself. */
  log(): string;
  close(): Promise<void>;
}

/**
 * Runs the shipped file. Only addresses differ: the nodes' (`resolve` goes with their names and needs a newer nginx than
 * distributions have), its own, and the folders for bodies, which its compiled-in user may not write to here.
 */
export const startNginx = async (port: number, nodes: readonly number[]): Promise<Nginx> => {
  const folder = mkdtempSync(join(tmpdir(), 'tiller-nginx-'));
  // Workers have another user than the one who starts them.
  chmodSync(folder, 0o755);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (of) => `${of}_temp_path ${folder}/${of};`,
  );
  let count = 0;
  const text = shipped
    .replace('http {', () => `http {\n${temporary.join('\n')}`)
    .replaceAll(/server node\d:3000 resolve/g, () => `server 127.0.0.1:${nodes[count++]}`)
    .replace(/listen 8080;/, `listen 127.0.0.1:${port};`);
  if (count !== nodes.length) throw new Error(`deploy/nginx.conf names ${count} nodes`);
  writeFileSync(join(folder, 'nginx.conf'), text);
  const log = join(folder, 'log');
  const out = openSync(log, 'a');
  const args = ['-c', join(folder, 'nginx.conf'), '-g', `daemon off; pid ${folder}/pid;`];
  const child = spawn('nginx', args, { stdio: ['ignore', out, out] });
  const exited = once(child, 'exit');
  const end = (): void => void child.kill('SIGTERM');
  process.once('exit', end);
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${readFileSync(log, 'utf8')}`);
    await fetch(`${url}/healthz`);
  });
  return {
    url,
    log: () => readFileSync(log, 'utf8'),
    async close() {
      process.off('exit', end);
      end();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
