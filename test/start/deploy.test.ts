// What is deployed with, held against the code: settings that exist, files that are there, ports that agree.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../server/config.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found]) => found!);

const compose = read('compose.yaml');
const kubernetes = read('deploy/kubernetes.yaml');
const nginx = read('deploy/nginx.conf');
const dockerfile = read('Dockerfile');
const ci = read('.github/workflows/ci.yml');
const manifest = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
};

/** The variables of `config.ts`, as its schema names them. */
const settings = all(read('server/config.ts'), /^ {2}([A-Z][A-Z0-9_]+): /gm);
const composeEnv = Object.fromEntries(
  [...compose.matchAll(/^ {4}([A-Z][A-Z0-9_]+): (.*)$/gm)].map(([, name, value]) => [
    name!,
    value!
      .replaceAll(/^'|'$/g, '')
      .replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')
      .replaceAll(/\$\{\w+:\?[^}]*\}/g, 'password'),
  ]),
);
/** What whoever runs `compose.yaml` may set. */
const composeVariables = all(compose, /\$\{([A-Z_]+)[:}]/g);
const kubernetesEnv = Object.fromEntries([
  ...[...kubernetes.matchAll(/^ {2}([A-Z][A-Z0-9_]+): (.*)$/gm)].map(([, name, value]) => [name!, value!] as const),
  ...[...kubernetes.matchAll(/name: ([A-Z][A-Z0-9_]+), value: '?([^' }]+)/g)].map(
    ([, name, value]) => [name!, value!] as const,
  ),
]);

describe('deploying', () => {
  it('names only settings that the server has, with values that it takes', () => {
    expect(settings).toContain('MONGODB_URL');
    for (const env of [composeEnv, kubernetesEnv]) {
      expect(Object.keys(env)).toEqual(
        expect.arrayContaining(['MONGODB_URL', 'REDIS_URL', 'PUBLIC_URL', 'TRUST_PROXY']),
      );
      expect(Object.keys(env).filter((name) => !settings.includes(name))).toEqual([]);
      expect(readConfig(env)).toMatchObject({ trustProxy: 1 });
    }
    const image = all(/^ENV (.*)$/m.exec(dockerfile)![1]!, /([A-Z_]+)=/g);
    expect(image.filter((name) => !settings.includes(name) && !name.startsWith('NODE_'))).toEqual([]);
    const told = all(read('docs/operations.md'), /`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`/g);
    expect(told.filter((name) => !settings.includes(name) && !composeVariables.includes(name))).toEqual([]);
  });

  it('mounts and copies only what is there', () => {
    const mounted = all(compose, /- (\.\/[^:]+):/g);
    expect(mounted).toContain('./deploy/nginx.conf');
    const copied = all(dockerfile, /^COPY ((?!--from)[^\n]+) \S+$/gm).flatMap((files) => files.split(' '));
    expect([...mounted, ...copied].filter((path) => !existsSync(join(root, path)))).toEqual([]);
    // Every named volume is declared, and every one declared is used.
    const volumes = compose.slice(compose.lastIndexOf('\nvolumes:'));
    const declared = all(volumes, /^ {2}(\w+):$/gm);
    const used = all(compose, /volumes: \[(.*)\]/g).flatMap((list) => all(list, /'(\w+):\//g));
    expect(new Set(used)).toEqual(new Set(declared));
    // All nodes see the pictures that one of them was given, in a folder that the image's user may write to.
    expect(used.filter((name) => name === 'files')).toHaveLength(3);
    expect(dockerfile).toContain('install -d -o node -g node -m 0700 /data /data/files');
  });

  it('agrees about ports, names and the time to drain', () => {
    const port = /PORT=(\d+)/.exec(dockerfile)![1]!;
    expect(all(dockerfile, /^EXPOSE (\d+)/gm)).toEqual([port]);
    const upstreams = [...nginx.matchAll(/server (\w+):(\d+)/g)].map(([, name, at]) => [name!, at!]);
    expect(upstreams.map(([name]) => name)).toEqual(all(compose, /^ {2}(node\d):\n/gm).slice(0, 3));
    expect(new Set(upstreams.map(([, at]) => at))).toEqual(new Set([port]));
    expect(new Set(all(kubernetes, /(?:containerPort|targetPort|path: \/\w+, port): (\d+)/g))).toEqual(new Set([port]));
    expect(all(compose, /'\$\{BIND_ADDRESS:-127\.0\.0\.1\}:\$\{PORT:-8080\}:(\d+)'/g)).toEqual(
      all(nginx, /listen (\d+);/g),
    );
    for (const grace of [
      /stop_grace_period: (\d+)s/.exec(compose),
      /terminationGracePeriodSeconds: (\d+)/.exec(kubernetes),
    ])
      expect(Number(grace![1])).toBeGreaterThan(10);
    // What is waited before the signal counts against the same time.
    const before = Number(/preStop: .*\[sleep, '(\d+)'\]/.exec(kubernetes)![1]);
    expect(Number(/terminationGracePeriodSeconds: (\d+)/.exec(kubernetes)![1])).toBeGreaterThan(10 + before);
  });

  it('asks a node that has lost its store for no traffic, and never kills it for that', () => {
    const probe = (name: string): string | undefined =>
      new RegExp(`${name}Probe:\\s*\\{ httpGet: \\{ path: (/\\w+)`).exec(kubernetes)?.[1];
    expect([probe('readiness'), probe('liveness')]).toEqual(['/readyz', '/healthz']);
    expect(/^HEALTHCHECK[^]*?CMD .*$/m.exec(dockerfile)![0]).toContain('/readyz');
  });

  it('gives no container rights, or anything to write to but its data', () => {
    expect(all(dockerfile, /^USER (.*)$/gm)).toEqual(['node']);
    for (const line of ['read_only: true', 'cap_drop: [ALL]', "security_opt: ['no-new-privileges:true']"]) {
      expect(compose.match(/^x-closed: &closed\n(?: {2}.*\n)+/m)?.[0]).toContain(`  ${line}\n`);
    }
    expect(compose).toMatch(/^x-node: &node\n {2}<<: \*closed$/m);
    const services = all(
      compose.slice(compose.indexOf('\nservices:'), compose.indexOf('\nnetworks:')),
      /^ {2}(\w+):$/gm,
    );
    expect(services).toHaveLength(6);
    for (const name of services) {
      const [, first, rest] = new RegExp(`^  ${name}:\\n    <<: \\*(\\w+)\\n((?:    .*\\n)*)`, 'm').exec(compose)!;
      if (first === 'node') continue;
      expect([name, first]).toEqual([name, 'closed']);
      // The image of the server names its user itself.
      expect(rest).toMatch(/^ {4}user: '[1-9]\d*:[1-9]\d*'$/m);
      expect(rest).toMatch(/^ {4}mem_limit: \d/m);
    }
    expect(kubernetes).toMatch(/allowPrivilegeEscalation: false, readOnlyRootFilesystem: true/);
    expect(kubernetes).toMatch(/runAsNonRoot: true,\s+runAsUser: 1000,/);
    expect(kubernetes).toMatch(/seccompProfile: \{ type: RuntimeDefault \}/);
  });

  it('starts no database without a password, and lets nobody but the nodes reach one', () => {
    for (const name of ['MONGO_PASSWORD', 'REDIS_PASSWORD']) {
      expect(compose).toContain(`\${${name}:?`);
      // Never a password that everybody can read here.
      expect(compose).not.toContain(`\${${name}:-`);
    }
    expect(compose).toMatch(/--keyFile \/tmp\/keyfile/);
    expect(compose).toMatch(/- --requirepass\n +- \$\{REDIS_PASSWORD\}/);
    expect(compose).toMatch(/^ {2}stores:\n {4}internal: true$/m);
    expect(all(compose, /^ {4}networks: \[stores\]$/gm)).toHaveLength(2);
    expect(all(compose, /^ {6}- '(.*:.*:\d+)'$/gm)).toHaveLength(1);
  });

  it('takes images and actions by what they hold, not by a name that can be moved', () => {
    const images = [
      ...all(compose, /^ {4}image: (.*)$/gm),
      ...all(dockerfile, /^FROM (\S+)/gm),
      ...all(ci, /docker create --name \w+ (\S+)/g),
    ];
    expect(images).toHaveLength(7);
    for (const image of images) expect(image).toMatch(/^[\w/]+:\d+\.\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$/);
    const actions = all(ci, /uses: (.*)$/gm);
    expect(actions.length).toBeGreaterThan(3);
    for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
  });

  it('passes no metrics on from outside', () => {
    expect(nginx).toMatch(/location \/metrics \{\s+return 404;/);
    expect(kubernetes).toMatch(/path: \/metrics, pathType: Prefix, backend: \{ service: \{ name: nobody,/);
    expect(kubernetes).toMatch(/METRICS_TOKEN: /);
  });

  it('has in the image every library that the server imports', () => {
    const sources = (folder: string): string[] =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => read(join(folder, name)));
    const imported = [...sources('server'), ...sources('shared')].flatMap((source) =>
      // Types are gone by then.
      all(source, /^(?:import (?!type )[^;]*? from |import )'([^.'][^']*)'/gm).concat(
        all(source, /import\('([^.'][^']*)'\)/g),
      ),
    );
    const packages = new Set(imported.map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')));
    const isOurs = (name: string): boolean => Object.hasOwn(manifest.dependencies, name);
    const isNode = (name: string): boolean => name.startsWith('node:') || builtinModules.includes(name);
    expect(packages.size).toBeGreaterThan(15);
    expect([...packages].filter((name) => !isOurs(name) && !isNode(name))).toEqual([]);
  });

  it('runs scripts that exist in CI, on every version that is supported, and skips nothing there', () => {
    expect(all(ci, /npm run (\w+)/g).filter((name) => manifest.scripts[name] === undefined)).toEqual([]);
    expect(ci).toContain("node: ['20', '22', '24']");
    expect(ci).toContain('TILLER_TEST_REQUIRE: all');
    const installed = (text: string): string[] => all(text, /'(\w[\w-]*==[\d.]+)'/g);
    expect(installed(ci)).toEqual(installed(read('.ci/run')));
    expect(installed(ci)).not.toEqual([]);
  });

  it('is written in YAML without what a parser trips over', () => {
    for (const text of [compose, kubernetes, ci]) {
      expect(text).not.toMatch(/\t/);
      expect(text.split('\n').filter((line) => /^( {2})* [^ ]/.test(line) && !/^ *#/.test(line))).toEqual([]);
      for (const [, alias] of text.matchAll(/<<: \*(\w+)/g)) expect(text).toContain(`&${alias}`);
    }
  });
});
