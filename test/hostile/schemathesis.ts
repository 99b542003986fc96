// Runs schemathesis against a server by the server's own OpenAPI document, and reads what it found.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasSchemathesis = spawnSync('schemathesis', ['--version']).status === 0;

/**
 * What must hold of every answer. Not `positive_data_acceptance`: that a reference leads to something of this organisation
 * is no matter of a schema.
 */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'missing_required_header',
  'unsupported_method',
  'ignored_auth',
  'use_after_free',
];

export interface Fuzzing {
  url: string;
  /** Credentials by the document's security schemes. */
  auth: Record<string, { bearer: string } | { api_key: string }>;
  /** What only a server can tell, by the place where it is sent (`body.session_id`): used mostly, not always. */
  known: Record<string, string>;
  phases: readonly ('examples' | 'coverage' | 'fuzzing' | 'stateful')[];
  examples: number;
  /** The same seed asks the same questions. */
  seed: number;
  /** Operations by id: these alone, or all but these. */
  only?: readonly string[];
  except?: readonly string[];
  /** Paths that match: these alone, or all but these. */
  onlyPath?: string;
  exceptPath?: string;
  /** Ends it early. */
  signal?: AbortSignal;
}

export interface Fuzzed {
  /** Schemathesis' own report, without the parts that it repeats. */
  report: string;
  isClean: boolean;
  /** Requests made. */
  cases: number;
  /** Operations that answered nothing but 401 and 403: nothing of them was looked at. */
  shutOut: string[];
}

/** Whatever breaks a schema may also be too large to be read at all. */
const refusals = ['400', '401', '403', '404', '405', '409', '413', '415', '422', '429'];

const configOf = ({ auth, known }: Pick<Fuzzing, 'auth' | 'known'>): string =>
  [
    ...Object.values(known).flatMap((value, i) => [`[dictionaries.known${i}]`, `values = [${JSON.stringify(value)}]`]),
    '[parameters]',
    ...Object.keys(known).map((place, i) => `"${place}" = { dictionary = "known${i}", probability = 0.8 }`),
    '[checks.negative_data_rejection]',
    `expected-statuses = ${JSON.stringify(refusals)}`,
    ...Object.entries(auth).flatMap(([scheme, secret]) => [
      `[auth.openapi.${scheme}]`,
      ...Object.entries(secret).map(([name, value]) => `${name} = ${JSON.stringify(value)}`),
    ]),
  ].join('\n');

const operationsAfter = (report: string, heading: string): string[] => {
  const begin = report.indexOf(heading);
  if (begin < 0) return [];
  const section = report.slice(begin, report.indexOf('💡', begin));
  return [...section.matchAll(/^ {2}- ([A-Z]+ \S+)$/gm)].map(([, operation = '']) => operation);
};

export const fuzz = async ({
  url,
  auth,
  known,
  phases,
  examples,
  seed,
  only,
  except,
  onlyPath,
  exceptPath,
  signal,
}: Fuzzing): Promise<Fuzzed> => {
  const folder = await mkdtemp(join(tmpdir(), 'tiller-fuzz-'));
  try {
    const config = join(folder, 'schemathesis.toml');
    await writeFile(config, configOf({ auth, known }), { mode: 0o600 });
    const args = [
      '--config-file',
      config,
      'run',
      `${url}/openapi.json`,
      '--no-color',
      '--generation-database=none',
      `--phases=${phases.join(',')}`,
      `--max-examples=${examples}`,
      `--seed=${seed}`,
      `--checks=${checks.join(',')}`,
      '--workers=2',
      ...(only ?? []).map((id) => `--include-operation-id=${id}`),
      ...(except ?? []).map((id) => `--exclude-operation-id=${id}`),
      ...(onlyPath === undefined ? [] : [`--include-path-regex=${onlyPath}`]),
      ...(exceptPath === undefined ? [] : [`--exclude-path-regex=${exceptPath}`]),
    ];
    const child = spawn('schemathesis', args, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    });
    let report = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (report += chunk.toString()));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return {
      report: report.replace(/^[\s\S]*?(?==+ (FAILURES|ERRORS|SUMMARY))/, '').slice(0, 20_000),
      isClean: code === 0,
      cases: Number(/(\d+) generated/.exec(report)?.[1] ?? 0),
      shutOut: operationsAfter(report, 'Authentication failed:'),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
