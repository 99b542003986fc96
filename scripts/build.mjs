// Builds what is older than its sources: server, widget, console, site. Quiet unless something fails.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const vite = join(root, 'node_modules/vite/bin/vite.js');

/** What each build reads, and one file that it makes. `package-lock.json` counts everywhere: a library may have changed. */
const targets = [
  { name: 'server', sources: ['server', 'shared'], makes: 'server/main.js' },
  { name: 'import', sources: ['server', 'shared'], makes: 'import/import.js' },
  { name: 'widget', sources: ['client/widget', 'client/sdk', 'client', 'shared'], makes: 'widget/widget.js' },
  { name: 'console', sources: ['client/console', 'client/sdk', 'client', 'shared'], makes: 'console/index.html' },
  { name: 'site', sources: ['client/site'], makes: 'site/index.html' },
].map((target) => ({ ...target, config: `vite.${target.name}.config.ts` }));

/** The newest change below a path, ms. Folders count too, so that a removed file is noticed. */
const newest = (path, isDeep = true) => {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  let latest = found.mtimeMs;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory() && !isDeep) continue;
    latest = Math.max(latest, newest(join(path, entry.name)));
  }
  return latest;
};

const stampOf = ({ name }) => join(root, 'dist', `.${name}.built`);

const isStale = (target) => {
  const stamp = statSync(stampOf(target), { throwIfNoEntry: false });
  if (stamp === undefined || !existsSync(join(root, 'dist', target.makes))) return true;
  const inputs = [...target.sources, target.config, 'package-lock.json'];
  // `client` alone holds files that widget and console share; its folders are the others' business.
  return inputs.some((path) => newest(join(root, path), path !== 'client') > stamp.mtimeMs);
};

const build = (target) =>
  new Promise((resolve, reject) => {
    const began = new Date();
    const child = spawn(process.execPath, [vite, 'build', '--config', target.config, '--logLevel', 'warn'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1' },
    });
    let output = '';
    const keep = (chunk) => (output += chunk);
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code !== 0) {
        const told = output.split('\n').slice(0, 40).join('\n');
        return reject(new Error(`Building the ${target.name} failed:\n${told}`));
      }
      writeFileSync(stampOf(target), '');
      // What changed during the build is newer than the stamp and so built again next time.
      utimesSync(stampOf(target), began, began);
      resolve();
    });
  });

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether the process that wrote a lock is still there. */
const isHeld = (lock) => {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    // A lock without a number in it is just being written.
    if (pid > 0) process.kill(pid, 0);
    return true;
  } catch (error) {
    // Gone by itself in the meantime: whoever asks simply tries again.
    return error.code !== 'ESRCH';
  }
};

/** One build at a time, also where several commands start together; the lock of a killed build is void. */
const exclusively = async (task) => {
  const lock = join(root, 'dist/.building');
  mkdirSync(join(root, 'dist'), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!isHeld(lock)) rmSync(lock, { recursive: true, force: true });
      await pause(50);
    }
  }
  try {
    return await task();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
};

/**
 * Builds what is stale, or everything.
 * @returns the names of what was built
 * @throws with the builder's own output
 */
export const buildStale = async ({ everything = false, onBuild = () => {} } = {}) => {
  const known = targets.filter(({ config }) => existsSync(join(root, config)));
  const wanted = () => (everything ? known : known.filter(isStale));
  if (wanted().length === 0) return [];
  if (!existsSync(vite)) {
    if (!everything && known.every(({ makes }) => existsSync(join(root, 'dist', makes)))) return [];
    throw new Error('Building needs the development packages: run `npm ci` without --omit=dev');
  }
  return exclusively(async () => {
    const stale = wanted();
    if (stale.length > 0) onBuild(stale.map(({ name }) => name));
    const results = await Promise.allSettled(stale.map(build));
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return stale.map(({ name }) => name);
  });
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const began = performance.now();
  try {
    const built = await buildStale({ everything: true });
    console.log(`Built ${built.join(', ')} in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
