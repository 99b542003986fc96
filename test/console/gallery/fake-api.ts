// The console's REST without a server, for the gallery: every settings page, the contacts and the visitor's panel, with
// changes that last as long as the page. `?agent`, `?empty`, `?long`, `?error`, `?slow` play what a real server seldom does.
import type { BanView } from '../../../shared/bans.ts';
import type { ConsoleOutput, ConsoleRoute, WidgetView } from '../../../shared/console-api.ts';
import type { KeyKind } from '../../../shared/console-provisioning.ts';
import { deriveTheme } from '../../../shared/theme.ts';
import type { PublicWidget, WidgetSettings } from '../../../shared/widget.ts';
import { held } from './fake-data.ts';
import { me, theo } from './story.ts';

const flags = new URLSearchParams(location.search);
const data = held({ isEmpty: flags.has('empty'), isLong: flags.has('long') });

const member = (who: { id: string; name: string }, role: 'owner' | 'admin' | 'agent', hasSignedIn = true) => ({
  ...who,
  email: `${who.name.split(' ')[0]!.toLowerCase()}@selwick.example`,
  role,
  isDisabled: false,
  hasSignedIn,
});

class Refused extends Error {
  readonly status: number;
  readonly body: unknown;
  constructor(status: number, code: string, message: string, details?: unknown) {
    super(message);
    this.status = status;
    this.body = { error: { code, message, ...(details === undefined ? {} : { details }) } };
  }
}

const missing = (): never => {
  throw new Refused(404, 'not_found', 'There is no such thing');
};
const one = <T extends { id: string }>(list: T[], id: string): T => list.find((each) => each.id === id) ?? missing();
const drop = (list: { id: string }[], id: string): void => {
  const at = list.findIndex((each) => each.id === id);
  if (at < 0) missing();
  list.splice(at, 1);
};

const previewOf = (widget: WidgetSettings & Pick<WidgetView, 'widgetKey'>): PublicWidget => ({
  ...widget,
  theme: deriveTheme(widget.colors),
  isProactive: widget.proactive.isEnabled,
  assistantName: 'Robin',
  availability: 'online',
});
const embedOf = ({ widgetKey }: WidgetView) => ({
  short: `<script async src="${location.origin}/widget.js" data-widget-key="${widgetKey}"></script>`,
  snippet: `<script>(function(w,d,s,o,f,js,fjs){w['PatWidget']=o;/* … */}(window,document,'script','PatChat','${location.origin}/widget/pat-chat.js'));PatChat('init',{widgetKey:'${widgetKey}'});</script>`,
});

const pageOf = <T>(all: T[], query: URLSearchParams): { items: T[]; cursor: string | null } => {
  const from = Number(query.get('cursor') ?? 0);
  return { items: all.slice(from, from + 50), cursor: from + 50 < all.length ? String(from + 50) : null };
};

let made = 100;
const secretOf = (kind: KeyKind): string => `${kind === 'v1' ? 'in-' : 'pat_'}${'Zk3vQ9xT'.repeat(5)}${(made += 1)}`;
const publicIds = () => ({ uuid: crypto.randomUUID(), hexId: (made += 1).toString(16).padStart(24, '6') });

interface Call {
  id: string;
  query: URLSearchParams;
  // Parsed by nothing: the gallery is as trusting as a gallery may be.
  body: Record<string, unknown>;
}

type Answers = { [K in ConsoleRoute]?: (call: Call) => ConsoleOutput<K> };

const answers: Answers = {
  'GET /me': () => ({
    member: member(me, flags.has('agent') ? 'agent' : 'owner'),
    organisation: { id: 'org_1', name: data.organisation.name },
    demoUrl: '/demo',
    model: 'builtin',
  }),
  'GET /me/keys': () => ({ keys: data.keys.slice(0, 2) }),
  'POST /logout/everywhere': () => ({ endedSessions: 1 }),
  'GET /members': () => ({
    members: [member(me, 'owner'), member(theo, 'admin'), member({ id: 'mem_x', name: 'Priya Raman' }, 'agent', false)],
  }),
  'GET /labels': () => ({ labels: ['regular', 'dogs', 'group', 'refund'] }),
  'GET /search': () => ({ hits: [] }),
  'GET /organisation': () => ({ organisation: data.organisation }),
  'PATCH /organisation': ({ body }) => ({ organisation: Object.assign(data.organisation, body) }),
  'GET /keys': () => ({ keys: data.keys }),
  'POST /keys': ({ body }) => {
    const kind = body['kind'] as KeyKind;
    const secret = secretOf(kind);
    const key = {
      id: `key_${made}`,
      kind,
      name: String(body['name']),
      hint: secret.slice(-4),
      member: me,
      createdAt: Date.now(),
    };
    data.keys.unshift(key);
    return { key, secret };
  },
  'PATCH /keys/:id': ({ id, body }) => ({ key: Object.assign(one(data.keys, id), body) }),
  'POST /keys/:id/rotate': ({ id, body }) => {
    const old = one(data.keys, id);
    const secret = secretOf(old.kind);
    const grace = Number(body['graceSeconds'] ?? 0);
    if (grace > 0) data.keys.push({ ...old, id: `key_${(made += 1)}`, expiresAt: Date.now() + grace * 1000 });
    return { key: Object.assign(old, { hint: secret.slice(-4), createdAt: Date.now() }), secret };
  },
  'DELETE /keys/:id': ({ id }) => {
    drop(data.keys, id);
    return {};
  },
  'GET /pipelines': () => ({ pipelines: data.pipelines }),
  'POST /pipelines': ({ body }) => {
    const stages = body['stages'] as { key: string; name: string }[];
    const pipeline = {
      id: `pipe_${(made += 1)}`,
      ...publicIds(),
      name: String(body['name']),
      isDefault: data.pipelines.length === 0,
      stages: stages.map((stage) => ({ ...stage, id: `stage_${(made += 1)}`, ...publicIds() })),
      createdAt: Date.now(),
      updatedAt: Date.now(),
    };
    data.pipelines.push(pipeline);
    return { pipeline };
  },
  'PATCH /pipelines/:id': ({ id, body }) => {
    const pipeline = one(data.pipelines, id);
    const stages = body['stages'] as { id?: string; key: string; name: string }[] | undefined;
    if (body['isDefault'] === true) for (const each of data.pipelines) each.isDefault = each.id === id;
    if (typeof body['name'] === 'string') pipeline.name = body['name'];
    if (stages !== undefined) {
      const gone = pipeline.stages.find((before) => !stages.some((stage) => stage.id === before.id));
      if (gone !== undefined && data.contacts.some(({ stageId }) => stageId === gone.id)) {
        throw new Refused(409, 'conflict', `There are contacts in the stage “${gone.name}”: move them first`);
      }
      pipeline.stages = stages.map((stage) => ({
        id: `stage_${(made += 1)}`,
        ...publicIds(),
        ...pipeline.stages.find((before) => before.id === stage.id),
        key: stage.key,
        name: stage.name,
      }));
    }
    return { pipeline };
  },
  'DELETE /pipelines/:id': ({ id }) => {
    if (data.contacts.some((each) => each.pipelineId === id)) {
      throw new Refused(409, 'conflict', 'There are contacts in this pipeline: move them first');
    }
    drop(data.pipelines, id);
    return {};
  },
  'GET /contacts': ({ query }) => {
    const words = (query.get('q') ?? '').toLowerCase();
    const stageId = query.get('stageId');
    const found = data.contacts.filter(
      (each) =>
        (stageId === null || each.stageId === stageId) &&
        [each.name, each.email, each.phone, each.company].join(' ').toLowerCase().includes(words),
    );
    const { items, cursor } = pageOf(found, query);
    return { contacts: items, cursor };
  },
  'GET /contacts/:id': ({ id }) => ({
    contact: one(data.contacts, id),
    leads: data.leads.filter(({ contactId }) => contactId === id),
    conversations: [],
  }),
  'PATCH /contacts/:id': ({ id, body }) => ({ contact: Object.assign(one(data.contacts, id), body) }),
  'GET /leads': ({ query }) => {
    const { items, cursor } = pageOf(data.leads, query);
    return { leads: items, cursor };
  },
  'GET /leads/export': () => 'name,email\r\nAnna,anna@example.com\r\n',
  'GET /bans': ({ query }) => {
    const { items, cursor } = pageOf(data.bans, query);
    return { bans: items, cursor };
  },
  'POST /bans': ({ body }) => {
    const value = (body['range'] ?? body['address'] ?? 'con_0') as string;
    if (value.endsWith('/0')) {
      throw new Refused(400, 'invalid', 'A range may be no wider than /16 for IPv4 and /32 for IPv6', [
        { path: 'range', message: 'A range may be no wider than /16 for IPv4 and /32 for IPv6' },
      ]);
    }
    const ban: BanView = {
      id: `ban_${(made += 1)}`,
      kind: value.includes('/') ? 'range' : value.startsWith('con_') ? 'contact' : 'address',
      value,
      reason: (body['reason'] ?? '') as string,
      createdAt: Date.now(),
      by: me,
    };
    data.bans.unshift(ban);
    return { ban };
  },
  'DELETE /bans/:id': ({ id }) => {
    drop(data.bans, id);
    return {};
  },
  'GET /bans/reach': ({ query }) => {
    const value = query.get('range') ?? query.get('address') ?? '';
    if (!/^[0-9a-f.:/]+$/.test(value)) {
      throw new Refused(400, 'invalid', 'This is not an address: write it as 203.0.113.7 or 2001:db8::7');
    }
    return { value, others: value.includes('/') ? 14 : 0, includesMe: value.startsWith('127.') };
  },
  'GET /conversations/:id/ban': () => ({
    contact: { id: 'con_0', email: 'anna@example.com' },
    addresses: flags.has('agent') ? [] : ['203.0.113.7', '2001:db8:1:2::/64'],
    mayBanAddress: !flags.has('agent'),
    isBanned: flags.has('banned'),
  }),
  'GET /widgets': () => ({ widgets: data.widgets }),
  'POST /widgets': ({ body }) => {
    const [pattern] = held({ isEmpty: false, isLong: false }).widgets;
    const widget = { ...pattern!, ...body, id: `wid_${(made += 1)}`, ...publicIds() };
    data.widgets.push(widget);
    return { widget };
  },
  'GET /widgets/:id': ({ id }) => {
    const widget = one(data.widgets, id);
    return { widget, embed: embedOf(widget), preview: previewOf(widget) };
  },
  'PATCH /widgets/:id': ({ id, body }) => {
    const widget = one(data.widgets, id);
    if ((body['allowedDomains'] as string[] | undefined)?.includes('*') === true) {
      throw new Refused(400, 'invalid', 'A domain is not usable', [
        { path: 'allowedDomains[0]', message: 'A bare * allows nothing; leave the list empty for every domain' },
      ]);
    }
    Object.assign(widget, body);
    return { widget, preview: previewOf(widget) };
  },
  'POST /widgets/:id/preview': ({ id, body }) => ({ preview: previewOf({ ...one(data.widgets, id), ...body }) }),
  'POST /widgets/:id/rotate-key': ({ id, body }) => {
    const widget = one(data.widgets, id);
    const which = body['which'] as 'widgetKey' | 'catyKey';
    widget[which] = `${which === 'widgetKey' ? 'wgt' : 'caty'}_${publicIds().hexId}`;
    return { widgetKey: widget.widgetKey, catyKey: widget.catyKey };
  },
  'GET /widgets/:id/identity': ({ id }) => ({
    secret: 'q7fP0sX2mB9'.repeat(4),
    audience: one(data.widgets, id).widgetKey,
  }),
  'DELETE /widgets/:id': ({ id }) => {
    drop(data.widgets, id);
    return {};
  },
  'POST /icons': () => ({ iconKey: 'orgs/1/icon.png', url: '/console/icon.svg', mediaType: 'image/png', size: 4096 }),
  'GET /assistants': () => ({ assistants: data.assistants }),
  'POST /assistants': ({ body }) => {
    const [pattern] = held({ isEmpty: false, isLong: false }).assistants;
    const assistant = { ...pattern!, articles: 0, ...body, id: `asst_${(made += 1)}`, ...publicIds() };
    data.assistants.push(assistant);
    return { assistant };
  },
  'PATCH /assistants/:id': ({ id, body }) => ({ assistant: Object.assign(one(data.assistants, id), body) }),
  'GET /assistants/:id/articles': ({ id }) => ({
    articles: ['Prices', 'Groups and birthdays', 'What to bring'].map((title, at) => ({
      id: `art_${at}`,
      assistantId: id,
      title,
      text: 'A single kayak is 28 pounds for half a day. '.repeat(20),
      updatedAt: Date.now(),
    })),
  }),
  'GET /conversations/:id/context': () => {
    const [first] = data.contacts;
    return {
      contact: first ?? missing(),
      widget: { id: 'wid_1', name: data.widgets[0]?.name ?? 'A removed widget' },
      others: [],
      engagementScore: 64,
      leadScore: flags.has('long') ? null : 81,
      isBanned: flags.has('banned'),
    };
  },
};

/** The route of a path and the id in it: a path without one is looked for first (`/leads/export`). */
const routeOf = (method: string, path: string): { route: ConsoleRoute; id: string } => {
  const plain = `${method} ${path}` as ConsoleRoute;
  if (plain in answers) return { route: plain, id: '' };
  const id = decodeURIComponent(/^\/\w+\/([^/]+)/.exec(path)?.[1] ?? '');
  return { route: `${method} ${path.replace(/^(\/\w+)\/[^/]+/, '$1/:id')}` as ConsoleRoute, id };
};

const respond = (status: number, body: unknown): Response =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });

/** Answers in the place of the network. A path that the gallery does not know is `not_found`. */
export const fakeFetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
  const url = new URL(input instanceof Request ? input.url : input, location.origin);
  const { route, id } = routeOf(init?.method ?? 'GET', url.pathname.replace('/api/console', ''));
  const isShell = route === 'GET /me' || route === 'GET /labels';
  if (flags.has('slow') && !isShell) await new Promise(() => undefined);
  if (flags.has('error') && !isShell) {
    return respond(503, {
      error: { code: 'unavailable', message: 'The store does not answer. Try again in a moment.' },
    });
  }
  const answer = answers[route] as ((call: Call) => unknown) | undefined;
  if (answer === undefined) {
    return respond(404, { error: { code: 'not_found', message: 'The gallery has no such thing.' } });
  }
  const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as Call['body']) : {};
  try {
    return respond(200, structuredClone(answer({ id, query: url.searchParams, body })));
  } catch (error) {
    if (error instanceof Refused) return respond(error.status, error.body);
    throw error;
  }
};
