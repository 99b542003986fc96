// The console's own REST dialect, one table: routes, bodies and who may call them. All paths start with /api/console.
import { z } from 'zod';
import { banRoutes } from './bans.ts';
import { contactView, graceSeconds, keyView, provisioningRoutes } from './console-provisioning.ts';
import { inboxRow } from './inbox.ts';
import { filledText, limits, text } from './text.ts';
import { publicWidget, widgetPatch, widgetSettings } from './widget.ts';

export const role = z.enum(['owner', 'admin', 'agent']);

export const memberView = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  /** The path of an uploaded picture, readable by everybody. */
  avatarUrl: z.string().optional(),
  role,
  isDisabled: z.boolean(),
  /** False until the one-time link was used. */
  hasSignedIn: z.boolean(),
});
export type MemberView = z.infer<typeof memberView>;

/** What a one-time link stands for, before it is used. */
export const linkView = z.object({
  organisation: z.string(),
  name: z.string(),
  email: z.string(),
  /** Of an invitation; false where it resets the password of somebody who signed in before. */
  isNew: z.boolean(),
  /** The member's keys: using the link may revoke them. */
  keys: z.array(keyView),
});
export type LinkView = z.infer<typeof linkView>;

export type { ContactView, KeyView, LeadView, OrganisationView, PipelineView } from './console-provisioning.ts';
export { contactView } from './console-provisioning.ts';

export const widgetView = widgetSettings.extend({
  id: z.string(),
  uuid: z.string(),
  hexId: z.string(),
  widgetKey: z.string(),
  catyKey: z.string(),
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type WidgetView = z.infer<typeof widgetView>;

export const assistantView = z.object({
  id: z.string(),
  uuid: z.string(),
  hexId: z.string(),
  name: z.string(),
  /** What it is to visitors (`AI assistant`). */
  role: z.string(),
  instructions: z.string(),
  tone: z.string(),
  model: z.string(),
  articles: z.number(),
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type AssistantView = z.infer<typeof assistantView>;

export const articleView = z.object({
  id: z.string(),
  assistantId: z.string(),
  title: z.string(),
  text: z.string(),
  url: z.string().optional(),
  updatedAt: z.number(),
});
export type ArticleView = z.infer<typeof articleView>;

const articleInput = z.object({
  title: filledText(200),
  text: filledText(limits.article),
  url: text(limits.url).optional(),
});
const assistantInput = z.object({
  name: filledText(limits.name),
  role: text(limits.name),
  instructions: text(20_000),
  tone: text(200),
  model: text(100),
});
const password = z.string().min(10, 'At least 10 characters').max(200);
/** Whether the member's keys end with the old password. */
const revokeKeys = z.boolean().optional();
const none = z.object({});
const identityView = z.object({
  secret: z.string(),
  audience: z.string(),
  /** A rotated secret still signs until then, ms. */
  oldUntil: z.number().optional(),
});
const email = z.email().max(limits.email);

export interface RouteSpec {
  doc: string;
  /** `public` needs no session; `agent` any member; `admin` an admin or the owner. */
  who: 'public' | 'agent' | 'admin';
  body?: z.ZodType;
  query?: z.ZodType;
  /** Multipart form data with one file, instead of JSON. */
  upload?: true;
  /** The media type of a file that is streamed as a download, instead of JSON; `output` describes its text. */
  file?: string;
  output: z.ZodType;
}

/** `METHOD path`, with `:id` for path parameters. Errors are `{error: {code, message, details?, retryAfterMs?}}`. */
export const consoleRoutes = {
  'POST /login': {
    doc: 'Signs in; sets the cookie.',
    who: 'public',
    body: z.object({ email, password: z.string().max(200) }),
    output: z.object({ member: memberView }),
  },
  'POST /link/read': {
    doc: 'What a one-time link stands for; 404 once used or expired. Its secret travels in the body, which no log holds.',
    who: 'public',
    body: z.object({ token: text(200) }),
    output: linkView,
  },
  'POST /link': {
    doc: 'Uses a one-time link: sets name, e-mail and password, ends all other sessions, signs in.',
    who: 'public',
    body: z.object({
      token: text(200),
      name: filledText(limits.name),
      email,
      password,
      revokeKeys,
    }),
    output: z.object({ member: memberView, revokedKeys: z.number() }),
  },
  'POST /logout': { doc: 'Ends this session on every tab.', who: 'agent', output: none },
  'POST /logout/everywhere': {
    doc: 'Ends every other session of yours, and one-time links that were not used. This one goes on.',
    who: 'agent',
    output: z.object({ endedSessions: z.number() }),
  },
  'GET /me': {
    doc: 'Who is signed in.',
    who: 'agent',
    output: z.object({
      member: memberView,
      organisation: z.object({ id: z.string(), name: z.string() }),
      demoUrl: z.string().nullable(),
      model: z.string(),
    }),
  },
  'PATCH /me': {
    doc: 'Own name or password. A new password ends all other sessions. An empty `avatarUrl` takes the picture away.',
    who: 'agent',
    body: z.object({
      name: filledText(limits.name).optional(),
      avatarUrl: text(limits.url).optional(),
      password: password.optional(),
      currentPassword: z.string().max(200).optional(),
      revokeKeys,
    }),
    output: z.object({ member: memberView, revokedKeys: z.number() }),
  },
  'POST /me/avatar': {
    doc: 'Uploads your picture (PNG, JPEG, GIF, WebP; 512 KiB): multipart form data, field `file`. Visitors see it.',
    who: 'agent',
    upload: true,
    output: z.object({ member: memberView }),
  },
  'DELETE /me/avatar': { doc: 'Takes your picture away.', who: 'agent', output: z.object({ member: memberView }) },
  'GET /me/keys': {
    doc: 'Your own keys, without their secrets.',
    who: 'agent',
    output: z.object({ keys: z.array(keyView) }),
  },
  'GET /members': { doc: 'Who signs in.', who: 'agent', output: z.object({ members: z.array(memberView) }) },
  'POST /members': {
    doc: 'Invites; gives the one-time link, once.',
    who: 'admin',
    body: z.object({ name: filledText(limits.name), email, role: z.enum(['admin', 'agent']) }),
    output: z.object({ member: memberView, link: z.string() }),
  },
  'PATCH /members/:id': {
    doc: 'Role, or whether they may sign in (ends their sessions at once).',
    who: 'admin',
    body: z.object({ role: z.enum(['admin', 'agent']).optional(), isDisabled: z.boolean().optional() }),
    output: z.object({ member: memberView }),
  },
  'POST /members/:id/link': {
    doc: 'A fresh one-time link (also resets a lost password).',
    who: 'admin',
    output: z.object({ link: z.string() }),
  },
  'GET /widgets': { doc: 'All widgets.', who: 'agent', output: z.object({ widgets: z.array(widgetView) }) },
  'POST /widgets': {
    doc: 'A new widget with defaults for what is left out.',
    who: 'admin',
    body: widgetPatch,
    output: z.object({ widget: widgetView }),
  },
  'GET /widgets/:id': {
    doc: 'One widget.',
    who: 'agent',
    output: z.object({
      widget: widgetView,
      embed: z.object({ snippet: z.string(), short: z.string() }),
      preview: publicWidget,
    }),
  },
  'PATCH /widgets/:id': {
    doc: 'Changes settings; live sockets hear of it.',
    who: 'admin',
    body: widgetPatch,
    output: z.object({ widget: widgetView, preview: publicWidget }),
  },
  'GET /widgets/:id/identity': {
    doc: 'The secret with which the owner signs who a visitor is (a JWT, HS256, audience: the widget key).',
    who: 'admin',
    output: identityView,
  },
  'POST /widgets/:id/identity/rotate': {
    doc: 'A new identity secret; the old one stops at once, or after the grace, and the sessions that it signed end with it.',
    who: 'admin',
    body: z.object({ graceSeconds }),
    output: identityView,
  },
  'POST /widgets/:id/preview': {
    doc: 'The public view as it would be; nothing is stored.',
    who: 'agent',
    body: widgetPatch,
    output: z.object({ preview: publicWidget }),
  },
  'GET /assistants': { doc: 'All assistants.', who: 'agent', output: z.object({ assistants: z.array(assistantView) }) },
  'PATCH /assistants/:id': {
    doc: 'Name, instructions, tone, model.',
    who: 'admin',
    body: assistantInput.partial(),
    output: z.object({ assistant: assistantView }),
  },
  'GET /assistants/:id/articles': {
    doc: 'Its knowledge.',
    who: 'agent',
    output: z.object({ articles: z.array(articleView) }),
  },
  'POST /assistants/:id/articles': {
    doc: 'Adds knowledge: text or markdown.',
    who: 'admin',
    body: articleInput,
    output: z.object({ article: articleView }),
  },
  'PATCH /articles/:id': {
    doc: 'Changes an article.',
    who: 'admin',
    body: articleInput.partial(),
    output: z.object({ article: articleView }),
  },
  'DELETE /articles/:id': { doc: 'Removes an article.', who: 'admin', output: none },
  'POST /assistants': {
    doc: 'A new assistant.',
    who: 'admin',
    body: assistantInput.partial().extend({ name: filledText(limits.name) }),
    output: z.object({ assistant: assistantView }),
  },
  'GET /search': {
    doc: 'Conversations and contacts by words.',
    who: 'agent',
    query: z.object({ q: text(200) }),
    output: z.object({ hits: z.array(z.object({ row: inboxRow, excerpt: z.string() })) }),
  },
  'GET /labels': { doc: 'Labels in use.', who: 'agent', output: z.object({ labels: z.array(z.string()) }) },
  'GET /conversations/:id/context': {
    doc: 'Who the visitor is, and their other conversations.',
    who: 'agent',
    output: z.object({
      contact: contactView,
      widget: z.object({ id: z.string(), name: z.string() }),
      others: z.array(inboxRow),
      /** From 0 to 100; null where nothing was measured. Visitors report what they are made of: a hint, no more. */
      engagementScore: z.number().nullable(),
      leadScore: z.number().nullable(),
      /** A ban concerns this visitor now. */
      isBanned: z.boolean(),
    }),
  },
  ...provisioningRoutes,
  ...banRoutes,
} as const satisfies Record<string, RouteSpec>;

export type ConsoleRoute = keyof typeof consoleRoutes;
type Spec<K extends ConsoleRoute> = (typeof consoleRoutes)[K];
export type ConsoleBody<K extends ConsoleRoute> =
  Spec<K> extends { body: infer B extends z.ZodType } ? z.input<B> : undefined;
export type ConsoleOutput<K extends ConsoleRoute> = z.output<Spec<K>['output']>;
