// Which field of which contract shows which setting of a widget: found out by changing one after the other on a server.
import type { TestServer } from '../support/server.ts';

type Json = Record<string, unknown>;

/** One reading of the widget per contract, flat: path to value. */
type Reading = Record<string, unknown>;

export interface Row {
  /** Of the canonical widget, or of what stands behind it. */
  setting: string;
  /** Fields by contract, in the order of `contracts`. */
  fields: string[][];
}

/** How each contract shows a widget, by the forms of its id. */
const readings: {
  contract: string;
  read: (widget: Json) => { path: string; key: keyof TestServer['firstRun']['keys'] };
  part?: string;
}[] = [
  {
    contract: '000',
    read: ({ uuid }) => ({ path: `/functions/v1/get-chat-widget?id=${String(uuid)}`, key: 'functions' }),
  },
  { contract: '001', read: ({ uuid }) => ({ path: `/api/v1/widget/${String(uuid)}`, key: 'v1' }), part: 'data' },
  { contract: '002', read: ({ hexId }) => ({ path: `/api/webchats/${String(hexId)}`, key: 'webchats' }), part: 'data' },
  { contract: '003', read: () => ({ path: '/api/widget/config', key: 'widget' }), part: 'config' },
];
export const contracts = readings.map(({ contract }) => contract);

/** Leaves by path; a list is one leaf. What changes with every edit tells nothing. */
const leavesOf = (value: unknown, path = ''): [string, unknown][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
    ? Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, path === '' ? key : `${path}.${key}`))
    : path === 'updatedAt'
      ? []
      : [[path, value]];

const textOf = (value: unknown): string => JSON.stringify(value) ?? '';

/** In place of fields, where a contract does not let anybody in any more. */
export const refuses = 'refuses';

const changed = (before: Reading, after: Reading): string[] =>
  refuses in after
    ? [refuses]
    : [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
        (path) => textOf(before[path]) !== textOf(after[path]),
      );

/** The same as the console does; the answer's body. @throws Error for a refusal */
const ask = async (server: TestServer, method: string, path: string, body?: unknown): Promise<Json> => {
  const headers: Record<string, string> = { authorization: `Bearer ${server.firstRun.keys.console}` };
  const sent = body instanceof FormData ? body : body === undefined ? undefined : JSON.stringify(body);
  if (typeof sent === 'string') headers['content-type'] = 'application/json';
  const response = await fetch(`${server.url}/api/console${path}`, {
    method,
    headers,
    ...(sent === undefined ? {} : { body: sent }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Json;
};

const readAll = (server: TestServer, widget: Json): Promise<Reading[]> =>
  Promise.all(
    readings.map(async ({ read, part }) => {
      const { path, key } = read(widget);
      const secret = server.firstRun.keys[key];
      const response = await fetch(`${server.url}${path}`, {
        headers:
          key === 'v1' || key === 'widget'
            ? { 'x-api-key': secret, origin: 'https://example.com' }
            : { authorization: `Bearer ${secret}` },
      });
      const body = (await response.json()) as Json;
      if (response.status === 403) return { [refuses]: true };
      if (!response.ok) throw new Error(`${path}: ${textOf(body)}`);
      // A signature is another one each time.
      const signed = /\?[^"]*signature[^"]*/g;
      const plain = JSON.parse(textOf(part === undefined ? body : body[part]).replaceAll(signed, '')) as Json;
      return Object.fromEntries(leavesOf(plain));
    }),
  );

/** Another value of the same kind; values that mean something are taken from the world. */
const other = (path: string, value: unknown, world: Record<string, unknown>): unknown => {
  if (path in world) return world[path];
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  if (path.startsWith('colors.')) return value === '#654321' ? '#123456' : '#654321';
  return `Other ${path}`;
};

const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

/** The settings that a widget can have, each set; and for those that cannot be made up, another value. */
const worldOf = async (
  server: TestServer,
  settings: Json,
  colors: readonly string[],
): Promise<{ full: Json; others: Record<string, unknown> }> => {
  const { assistants } = (await ask(server, 'GET', '/assistants')) as { assistants: { id: string }[] };
  const second = await ask(server, 'POST', '/pipelines', {
    name: 'Second',
    stages: [
      { key: 'first', name: 'First' },
      { key: 'next', name: 'Next' },
    ],
  });
  const { id: pipelineId, stages } = second['pipeline'] as { id: string; stages: { id: string }[] };
  const upload = async (): Promise<unknown> => {
    const form = new FormData();
    form.set('file', new Blob([pixel], { type: 'image/png' }), 'icon.png');
    return (await ask(server, 'POST', '/icons', form))['iconKey'];
  };
  return {
    full: {
      ...settings,
      colors: Object.fromEntries(colors.map((name) => [name, '#123456'])),
      pipelineId,
      stageId: stages[0]!.id,
      iconKey: await upload(),
      privacyUrl: '/privacy',
      dailyAnswers: 10,
    },
    others: {
      type: 'html',
      position: 'bottom-left',
      scheme: 'dark',
      'form.when': 'before',
      openingMessages: ['Another'],
      actionButtons: [{ label: 'Another', action: 'message' }],
      allowedDomains: ['https://other.example'],
      'proactive.triggers': [{ type: 'exit_intent', message: '' }],
      privacyUrl: '/another',
      assistantId: assistants.map(({ id }) => id).find((id) => id !== settings['assistantId']),
      iconKey: await upload(),
      stageId: stages[1]!.id,
    },
  };
};

const withLeaf = (settings: Json, path: string, value: unknown): Json => {
  const [first = '', ...rest] = path.split('.');
  return { [first]: rest.length === 0 ? value : { ...(settings[first] as Json), [rest.join('.')]: value } };
};

/** Every leaf of a widget's settings, and what of it each contract shows. @param names the settings, `colors` those within */
export const mappingOf = async (
  server: TestServer,
  names: readonly string[],
  colors: readonly string[],
): Promise<{ rows: Row[]; untouched: string[][] }> => {
  const { widgets } = (await ask(server, 'GET', '/widgets')) as { widgets: Json[] };
  const widget = widgets.find(({ catyKey }) => catyKey === server.firstRun.keys.widget)!;
  const current = Object.fromEntries(names.map((name) => [name, widget[name]]));
  const { full, others } = await worldOf(server, current, colors);
  full['proactive'] = {
    isEnabled: true,
    cooldownSeconds: 60,
    triggers: [{ type: 'high_engagement', score: 5, message: '' }],
  };
  const edit = (change: Json): Promise<Json> => ask(server, 'PATCH', `/widgets/${String(widget['id'])}`, change);
  await edit(full);
  const base = await readAll(server, widget);
  const touched = contracts.map(() => new Set<string>());
  const rows: Row[] = [];
  const note = async (setting: string): Promise<void> => {
    const after = await readAll(server, widget);
    const fields = base.map((before, i) => changed(before, after[i]!));
    for (const [i, found] of fields.entries()) for (const field of found) touched[i]!.add(field);
    rows.push({ setting, fields });
  };
  for (const [path, value] of leavesOf(full)) {
    const change =
      path === 'pipelineId' ? { pipelineId: '', stageId: '' } : withLeaf(full, path, other(path, value, others));
    await edit(change);
    await note(path);
    await edit(
      path === 'pipelineId'
        ? { pipelineId: full['pipelineId'], stageId: full['stageId'] }
        : withLeaf(full, path, value),
    );
  }
  const { organisation } = (await ask(server, 'GET', '/organisation')) as { organisation: Json };
  for (const name of ['name', 'businessType']) {
    await ask(server, 'PATCH', '/organisation', { [name]: `Other ${name}` });
    await note(`organisation.${name}`);
    await ask(server, 'PATCH', '/organisation', { [name]: organisation[name] });
  }
  const { assistants } = (await ask(server, 'GET', '/assistants')) as { assistants: Json[] };
  const assistant = assistants.find(({ id }) => id === current['assistantId'])!;
  for (const name of ['name', 'role', 'tone']) {
    await ask(server, 'PATCH', `/assistants/${String(assistant['id'])}`, { [name]: `Other ${name}` });
    await note(`assistant.${name}`);
    await ask(server, 'PATCH', `/assistants/${String(assistant['id'])}`, { [name]: assistant[name] });
  }
  const untouched = base.map((reading, i) => Object.keys(reading).filter((field) => !touched[i]!.has(field)));
  return { rows, untouched };
};
