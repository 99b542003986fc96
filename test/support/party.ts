// An organisation with something of every kind in it, made over REST as an owner would, and named by its marker everywhere.
import { newHexId, newId, newSecret, newUuid } from '../../shared/ids.ts';
import type { IdPrefix } from '../../shared/ids.ts';

/** What an organisation holds, by what its routes call it; and the secrets that open it. */
export interface Party {
  url: string;
  /** In every name and text of this organisation. */
  marker: string;
  keys: { console: string; functions: string; v1: string; webchats: string; widget: string };
  organisation: { id: string; uuid: string; hexId: string };
  assistant: Named;
  widget: Named & { widgetKey: string; catyKey: string };
  pipeline: Named;
  stage: Named;
  memberId: string;
  articleId: string;
  keyId: string;
  banId: string;
  iconKey: string;
  /** A visitor of the widget, in the middle of a conversation. */
  session: { sessionId: string; visitorId: string };
  conversationId: string;
  contactId: string;
  leadId: string;
}

interface Named {
  id: string;
  uuid: string;
  hexId: string;
}

export interface Reply {
  status: number;
  text: string;
  headers: Headers;
  // Tests read whatever an answer holds.
  // eslint-disable-next-line typescript/no-explicit-any
  json: any;
}

/** A PNG of one pixel. */
export const onePixel = Uint8Array.from(
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
);

export const pictureForm = (bytes: Uint8Array<ArrayBuffer> = onePixel): FormData => {
  const form = new FormData();
  form.set('file', new Blob([bytes], { type: 'image/png' }), 'picture.png');
  return form;
};

export const ask = async (
  url: string,
  route: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: unknown } = {},
): Promise<Reply> => {
  const [method = '', path = ''] = route.split(' ');
  const isForm = body instanceof FormData;
  const content = body === undefined ? undefined : isForm ? body : JSON.stringify(body);
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(content === undefined ? {} : { body: content }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
};

/** The same organisation with fresh ones of what a call may use up. */
export const renewed = async (of: Party): Promise<Party> => {
  const own = async (route: string, body: unknown): Promise<Reply['json']> =>
    (await ask(of.url, route, { body, headers: { authorization: `Bearer ${of.keys.console}` } })).json;
  const [{ widget }, { article }, { key }, { ban }, opened] = await Promise.all([
    own('POST /api/console/widgets', { name: of.marker, assistantId: of.assistant.id }),
    own(`POST /api/console/assistants/${of.assistant.id}/articles`, { title: of.marker, text: of.marker }),
    own('POST /api/console/keys', { kind: 'functions', name: of.marker }),
    own('POST /api/console/bans', { range: '203.0.113.0/24', reason: of.marker }),
    ask(of.url, 'POST /api/widget/session', { body: {}, headers: { 'x-api-key': of.keys.widget } }),
  ]);
  const session = { sessionId: opened.json.session_id, visitorId: opened.json.visitor_id };
  return { ...of, widget, articleId: article.id, keyId: key.id, banId: ban.id, session };
};

const eventual = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => {
      setTimeout(resolve, 25);
    });
  }
  throw new Error('what should follow did not');
};

const ghostly = (prefix: string): Named => ({ id: newId(prefix as IdPrefix), uuid: newUuid(), hexId: newHexId() });

/** Ids of the right form that nobody has. */
export const ghost = (of: Party): Party => ({
  ...of,
  organisation: ghostly('org'),
  assistant: ghostly('asst'),
  widget: { ...of.widget, ...ghostly('wid') },
  pipeline: ghostly('pipe'),
  stage: ghostly('stage'),
  memberId: newId('mem'),
  articleId: newId('art'),
  keyId: newId('key'),
  banId: newId('ban'),
  iconKey: 'none/such/icon',
  session: { sessionId: newSecret('sess'), visitorId: newSecret('vis') },
  conversationId: newId('conv'),
  contactId: newId('con'),
  leadId: newId('lead'),
});

/** Fills an organisation that holds nothing but its owner, whose API token this is. */
export const settle = async (url: string, token: string, marker: string): Promise<Party> => {
  const must = async <T>(route: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> => {
    const reply = await ask(url, route, { body, headers });
    if (reply.status >= 300) throw new Error(`${route}: ${reply.status} ${reply.text}`);
    return reply.json as T;
  };
  const own = <T>(route: string, body?: unknown): Promise<T> =>
    must(route.replace(' ', ' /api/console'), body, { authorization: `Bearer ${token}` });

  const { organisation } = await own<{ organisation: Party['organisation'] }>('PATCH /organisation', { name: marker });
  const key = async (kind: string) =>
    own<{ key: { id: string }; secret: string }>('POST /keys', { kind, name: marker });
  const [functions, v1, webchats] = [await key('functions'), await key('v1'), await key('webchats')];
  const { assistant } = await own<{ assistant: Named }>('POST /assistants', { name: marker, instructions: marker });
  const { pipeline } = await own<{ pipeline: Named & { stages: Named[] } }>('POST /pipelines', {
    name: marker,
    stages: [{ key: 'new', name: marker }],
  });
  const stage = pipeline.stages[0]!;
  const { iconKey } = await own<{ iconKey: string }>('POST /icons', pictureForm());
  const { widget } = await own<{ widget: Party['widget'] }>('POST /widgets', {
    name: marker,
    description: marker,
    assistantId: assistant.id,
    pipelineId: pipeline.id,
    stageId: stage.id,
    iconKey,
  });
  const { member } = await own<{ member: { id: string } }>('POST /members', {
    name: marker,
    email: `${marker}-${newUuid()}@example.com`,
    role: 'agent',
  });
  const { article } = await own<{ article: { id: string } }>(`POST /assistants/${assistant.id}/articles`, {
    title: marker,
    text: marker,
  });
  const { ban } = await own<{ ban: { id: string } }>('POST /bans', { range: '203.0.113.0/24', reason: marker });
  const visitor = <T>(route: string, body: unknown): Promise<T> =>
    must(`POST /api/widget/${route}`, body, { 'x-api-key': widget.catyKey });
  const opened = await visitor<{ session_id: string; visitor_id: string }>('session', {});
  const { session_id } = opened;
  await visitor('message', { session_id, message: `Hello from ${marker}` });
  const { lead_id } = await visitor<{ lead_id: string }>('lead', {
    session_id,
    name: marker,
    email: `${marker}@v.example`,
  });
  // What follows a conversation is written a moment later.
  const lead = await eventual(async () => {
    const { leads } = await own<{ leads: { id: string; contactId: string }[] }>('GET /leads');
    return leads.find(({ id }) => id === lead_id);
  });
  const hit = await eventual(async () => {
    const { hits } = await own<{ hits: { row: { conversationId: string } }[] }>(`GET /search?q=${marker}`);
    return hits[0];
  });
  return {
    url,
    marker,
    keys: {
      console: token,
      functions: functions.secret,
      v1: v1.secret,
      webchats: webchats.secret,
      widget: widget.catyKey,
    },
    organisation,
    assistant,
    widget,
    pipeline,
    stage,
    memberId: member.id,
    articleId: article.id,
    keyId: functions.key.id,
    banId: ban.id,
    iconKey,
    session: { sessionId: session_id, visitorId: opened.visitor_id },
    conversationId: hit.row.conversationId,
    contactId: lead.contactId,
    leadId: lead_id,
  };
};
