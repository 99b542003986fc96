// Who may import whom, as ARCHITECTURE.md draws it; and no circles between the folders.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

const filesBelow = (folder: string): string[] =>
  readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) return filesBelow(path);
    return /\.tsx?$/.test(name) ? [path] : [];
  });

interface Import {
  from: string;
  /** A path from the root, or a package's name. */
  to: string;
  isTypeOnly: boolean;
}

const statement =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g;

/** Imports with their paths resolved; `?inline` and the like are the bundler's, and what they load is no code. */
export const importsIn = (path: string, source: string): Import[] =>
  [...source.matchAll(statement)].map(([, type, named, dynamic]) => {
    const specifier = (named ?? dynamic ?? '').replace(/\?.*$/, '');
    const to = specifier.startsWith('.') ? relative(root, resolve(root, dirname(path), specifier)) : specifier;
    return { from: path, to, isTypeOnly: type !== undefined };
  });

const files = ['shared', 'server', 'client'].flatMap(filesBelow);
const imports = files.flatMap((path) => importsIn(path, readFileSync(join(root, path), 'utf8')));

/** The layer of a file: the longest of these that its path starts with. */
const layers = [
  'shared',
  'server/domain',
  'server/ports',
  'server/usecases',
  'server/adapters',
  'server/edges/http',
  'server/edges/socket',
  'server/seed',
  'server/config.ts',
  'server/cluster.ts',
  'server/compose.ts',
  'server/main.ts',
  'server/import.ts',
  'client/sdk',
  'client/widget',
  'client/console',
  'client/site',
  'client/markdown.ts',
  'client/page.ts',
] as const;
type Layer = (typeof layers)[number];

const layerOf = (path: string): Layer | undefined =>
  layers.find((layer) => path === layer || path.startsWith(`${layer}/`));

/** What each layer may import of ours, besides itself. */
const allowed: Record<Layer, readonly Layer[]> = {
  shared: [],
  'server/domain': ['shared'],
  'server/ports': ['server/domain', 'shared'],
  'server/usecases': ['server/domain', 'server/ports', 'shared'],
  'server/adapters': ['server/ports', 'server/config.ts', 'shared'],
  'server/edges/http': ['server/usecases', 'server/domain', 'server/ports', 'server/config.ts', 'shared'],
  'server/edges/socket': [
    'server/usecases',
    'server/domain',
    'server/ports',
    'server/config.ts',
    'server/edges/http',
    'shared',
  ],
  'server/seed': ['server/usecases', 'server/domain', 'server/ports', 'server/config.ts', 'shared'],
  'server/config.ts': ['shared'],
  'server/cluster.ts': ['server/usecases', 'server/ports', 'server/adapters', 'server/edges/socket', 'shared'],
  'server/compose.ts': [
    'server/cluster.ts',
    'server/domain',
    'server/usecases',
    'server/ports',
    'server/adapters',
    'server/edges/http',
    'server/edges/socket',
    'server/seed',
    'server/config.ts',
    'shared',
  ],
  'server/main.ts': [
    'server/compose.ts',
    'server/config.ts',
    'server/seed',
    'server/adapters',
    'server/ports',
    'shared',
  ],
  'server/import.ts': ['server/adapters', 'server/ports', 'shared'],
  'client/page.ts': [],
  'client/sdk': ['client/page.ts', 'shared'],
  'client/markdown.ts': ['client/page.ts', 'shared'],
  'client/widget': ['client/sdk', 'client/markdown.ts', 'client/page.ts', 'shared'],
  'client/console': ['client/sdk', 'client/markdown.ts', 'client/widget', 'shared'],
  'client/site': ['shared'],
};

/** Packages that a layer may load at run time; types cost nothing and are free. Absent: any. */
const packages: Partial<Record<Layer, RegExp>> = {
  shared: /^(zod|culori.*)$/,
  'server/domain': /^$/,
  'server/ports': /^$/,
  'server/usecases': /^(zod|node:(crypto|events|timers\/promises))$/,
  'client/sdk': /^socket\.io-client$/,
  'client/widget': /^(preact.*|@preact\/signals|streaming-markdown|socket\.io-client)$/,
};

const forbiddenIn = (all: readonly Import[]): string[] =>
  all.flatMap(({ from, to, isTypeOnly }) => {
    const layer = layerOf(from);
    if (layer === undefined) return [`${from} is in no known layer`];
    const isOurs = /^(shared|server|client|test|scripts)\//.test(to);
    if (!isOurs) {
      const pattern = packages[layer];
      return isTypeOnly || pattern === undefined || pattern.test(to) ? [] : [`${from} loads ${to}`];
    }
    const target = layerOf(to);
    if (target === layer || (target !== undefined && allowed[layer].includes(target))) return [];
    return [`${from} imports ${to}`];
  });

test('no file imports what its layer may not', () => {
  expect(imports.length).toBeGreaterThan(100);
  expect(forbiddenIn(imports)).toEqual([]);
});

test('every import leads to a file', () => {
  const missing = imports.filter(
    ({ to }) => /^(shared|server|client)\//.test(to) && !statSync(join(root, to), { throwIfNoEntry: false }),
  );
  expect(missing.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

test('one adapter does not import another', () => {
  const folderOf = (path: string): string | undefined => /^server\/adapters\/([^/]+)\//.exec(path)?.[1];
  const across = imports.filter(({ from, to }) => {
    const [a, b] = [folderOf(from), folderOf(to)];
    return a !== undefined && b !== undefined && a !== b;
  });
  expect(across.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
});

/** A circle of folders, as a path that ends where it began; undefined where there is none. */
const circleIn = (edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined => {
  const done = new Set<string>();
  const walk = (node: string, path: string[]): string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of edges.get(node) ?? []) {
      const circle = walk(next, [...path, node]);
      if (circle !== undefined) return circle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of edges.keys()) {
    const circle = walk(node, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
};

const edgesBetween = (all: readonly Import[], nameOf: (path: string) => string | undefined) => {
  const edges = new Map<string, Set<string>>();
  for (const { from, to } of all) {
    const [a, b] = [nameOf(from), nameOf(to)];
    if (a !== undefined && b !== undefined && a !== b) edges.set(a, (edges.get(a) ?? new Set()).add(b));
  }
  return edges;
};

test('layers form no circle', () => {
  expect(circleIn(edgesBetween(imports, layerOf))).toBeUndefined();
});

test('files form no circle at run time', () => {
  const atRunTime = imports.filter(({ isTypeOnly }) => !isTypeOnly);
  expect(circleIn(edgesBetween(atRunTime, (path) => (layerOf(path) === undefined ? undefined : path)))).toBeUndefined();
});

describe('the check itself', () => {
  test('sees every way of importing', () => {
    const source = [
      "import type { A } from './a.ts';",
      "import { b,\n  c } from '../ports/b.ts';",
      "export { d } from './d.ts';",
      "import './style.css?inline';",
      "const e = await import('./e.ts');",
      "import f from 'zod';",
    ].join('\n');
    expect(importsIn('server/domain/x.ts', source).map(({ to, isTypeOnly }) => [to, isTypeOnly])).toEqual([
      ['server/domain/a.ts', true],
      ['server/ports/b.ts', false],
      ['server/domain/d.ts', false],
      ['server/domain/style.css', false],
      ['server/domain/e.ts', false],
      ['zod', false],
    ]);
  });

  test('finds what is forbidden, and circles', () => {
    const wrong = (from: string, to: string) => forbiddenIn([{ from, to, isTypeOnly: false }]).length;
    expect(wrong('shared/a.ts', 'server/domain/b.ts')).toBe(1);
    expect(wrong('server/domain/a.ts', 'server/ports/store.ts')).toBe(1);
    expect(wrong('server/usecases/a.ts', 'server/adapters/x/y.ts')).toBe(1);
    expect(wrong('client/widget/a.ts', 'zod')).toBe(1);
    expect(wrong('server/somewhere/a.ts', 'shared/ids.ts')).toBe(1);
    expect(wrong('server/usecases/a.ts', 'server/ports/store.ts')).toBe(0);
    const edges = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c'])],
      ['c', new Set(['a'])],
    ]);
    expect(circleIn(edges)).toEqual(['a', 'b', 'c', 'a']);
  });
});
