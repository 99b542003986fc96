// What each console route does: one use case each, typed by the table in `shared/console-api.ts`.
import type { z } from 'zod';
import type { ConsoleOutput, ConsoleRoute, consoleRoutes } from '../../../shared/console-api.ts';
import type { Widget } from '../../../shared/widget.ts';
import {
  changeMember,
  invite,
  listMembers,
  memberViewOf,
  readLink,
  renewLink,
  signIn,
  signOut,
  signOutElsewhere,
  useLink,
} from '../../usecases/accounts.ts';
import { isVisitorBanned } from '../../usecases/ban-views.ts';
import { listLabels, readContext, searchConversations } from '../../usecases/contacts.ts';
import { readInstallation } from '../../usecases/installation.ts';
import {
  addArticle,
  changeArticle,
  changeAssistant,
  listArticles,
  listAssistants,
  removeArticle,
} from '../../usecases/knowledge.ts';
import { publicWidgetOf } from '../../usecases/public-widget.ts';
import { keysOfMember } from '../../usecases/keys.ts';
import { changeSelf, setPicture } from '../../usecases/profile.ts';
import type { SignedIn } from '../../usecases/sessions.ts';
import {
  createWidget,
  embedOf,
  listWidgets,
  previewWidget,
  readWidget,
  rotateIdentitySecret,
  updateWidget,
  widgetViewOf,
} from '../../usecases/widgets.ts';
import { banHandlers } from './console-ban-handlers.ts';
import { contactHandlers } from './console-contact-handlers.ts';
import { keyHandlers } from './console-key-handlers.ts';
import type { HttpDeps } from './deps.ts';
import type { StreamedFile } from './download.ts';
import type { Right } from './limits.ts';

type Spec<K extends ConsoleRoute> = (typeof consoleRoutes)[K];
type Parsed<K extends ConsoleRoute, F extends 'body' | 'query'> =
  Spec<K> extends Record<F, infer S extends z.ZodType> ? z.output<S> : undefined;

/** A request that was let in and parsed. */
export interface ConsoleCall<K extends ConsoleRoute> {
  deps: HttpDeps;
  /** Undefined on public routes alone. */
  signedIn: Spec<K>['who'] extends 'public' ? undefined : SignedIn;
  body: Parsed<K, 'body'>;
  query: Parsed<K, 'query'>;
  /** The bytes of the file, where the route takes one. */
  upload: Spec<K> extends { upload: true } ? Uint8Array : undefined;
  /** The `:id` of the path; empty where it has none. */
  id: string;
  /** Where the caller was seen: their own address, and that of a proxy before us. */
  addresses: readonly (string | undefined)[];
  session: {
    start(secret: string): void;
    end(): void;
    /** The tag of the caller's address; undefined for this machine itself. */
    from: string | undefined;
  };
  /** Each counts a try before it is looked at. @throws ChatError `rate_limited` */
  tries: {
    login(account: string): Promise<Right>;
    ownPassword(memberId: string): Promise<Right>;
    readLink(): Promise<void>;
    useLink(token: string): Promise<void>;
  };
}

type Answered<K extends ConsoleRoute> = Spec<K> extends { file: string } ? StreamedFile : ConsoleOutput<K>;

export type ConsoleHandlers = { [K in ConsoleRoute]: (call: ConsoleCall<K>) => Promise<Answered<K>> };

const identityViewOf = ({ identities, clock }: HttpDeps, widget: Widget) => {
  const until = Math.max(0, ...(widget.oldSecrets ?? []).map((old) => old.until));
  return {
    secret: identities.secretOf(widget),
    audience: widget.widgetKey,
    ...(until > clock.now() ? { oldUntil: until } : {}),
  };
};

export const consoleHandlers: ConsoleHandlers = {
  ...keyHandlers,
  ...contactHandlers,
  ...banHandlers,
  'POST /login': async ({ deps, body, session, tries }) => {
    const wasRight = await tries.login(body.email);
    const { member, secret } = await signIn(deps, body, session.from);
    await wasRight();
    session.start(secret);
    return { member: memberViewOf(member) };
  },
  'POST /link/read': async ({ deps, body, tries }) => {
    await tries.readLink();
    return readLink(deps, body.token);
  },
  'POST /link': async ({ deps, body, session, tries }) => {
    await tries.useLink(body.token);
    const { member, secret, revokedKeys } = await useLink(deps, body, session.from);
    session.start(secret);
    return { member: memberViewOf(member), revokedKeys };
  },
  'POST /logout': async ({ deps, signedIn, session }) => {
    await signOut(deps, signedIn);
    session.end();
    return {};
  },
  'POST /logout/everywhere': async ({ deps, signedIn }) => ({ endedSessions: await signOutElsewhere(deps, signedIn) }),
  'GET /me': async ({ deps, signedIn: { member } }) => {
    const [organisation, installation] = await Promise.all([
      deps.store.documents.organisations.get(member.orgId, member.orgId),
      readInstallation(deps),
    ]);
    return {
      member: memberViewOf(member),
      organisation: { id: member.orgId, name: organisation?.name ?? '' },
      demoUrl: installation?.isDemo === true && installation.orgId === member.orgId ? `${deps.baseUrl()}/demo` : null,
      model: deps.model.name,
    };
  },
  'PATCH /me': async ({ deps, signedIn, body, tries }) => {
    const wasRight = body.password === undefined ? undefined : await tries.ownPassword(signedIn.member.id);
    const { member, revokedKeys } = await changeSelf(deps, signedIn, body);
    await wasRight?.();
    return { member: memberViewOf(member), revokedKeys };
  },
  'POST /me/avatar': async ({ deps, signedIn, upload }) => ({
    member: memberViewOf(await setPicture(deps, signedIn, upload)),
  }),
  'DELETE /me/avatar': async ({ deps, signedIn }) => ({
    member: memberViewOf((await changeSelf(deps, signedIn, { avatarUrl: '' })).member),
  }),
  'GET /me/keys': async ({ deps, signedIn: { member } }) => ({ keys: await keysOfMember(deps, member) }),
  'GET /members': async ({ deps, signedIn: { member } }) => ({
    members: (await listMembers(deps, member)).map(memberViewOf),
  }),
  'POST /members': async ({ deps, signedIn, body }) => {
    const { member, link } = await invite(deps, signedIn.member, body);
    return { member: memberViewOf(member), link };
  },
  'PATCH /members/:id': async ({ deps, signedIn, id, body }) => ({
    member: memberViewOf(await changeMember(deps, signedIn.member, id, body)),
  }),
  'POST /members/:id/link': async ({ deps, signedIn, id }) => ({ link: await renewLink(deps, signedIn.member, id) }),
  'GET /widgets': async ({ deps, signedIn: { member } }) => ({
    widgets: (await listWidgets(deps, member.orgId)).map(widgetViewOf),
  }),
  'POST /widgets': async ({ deps, signedIn: { member }, body }) => ({
    widget: widgetViewOf(await createWidget(deps, member, body)),
  }),
  'GET /widgets/:id': async ({ deps, signedIn: { member }, id }) => {
    const widget = await readWidget(deps, member.orgId, id);
    return {
      widget: widgetViewOf(widget),
      embed: embedOf(deps, widget),
      preview: await publicWidgetOf(deps, widget),
    };
  },
  'GET /widgets/:id/identity': async ({ deps, signedIn: { member }, id }) => {
    const widget = await readWidget(deps, member.orgId, id);
    return identityViewOf(deps, widget);
  },
  'POST /widgets/:id/identity/rotate': async ({ deps, signedIn: { member }, id, body }) =>
    identityViewOf(deps, await rotateIdentitySecret(deps, member.orgId, id, (body.graceSeconds ?? 0) * 1000)),
  'PATCH /widgets/:id': async ({ deps, signedIn: { member }, id, body }) => {
    const widget = await updateWidget(deps, member.orgId, id, body);
    return { widget: widgetViewOf(widget), preview: await publicWidgetOf(deps, widget) };
  },
  'POST /widgets/:id/preview': async ({ deps, signedIn: { member }, id, body }) => ({
    preview: await previewWidget(deps, member.orgId, id, body),
  }),
  'GET /assistants': async ({ deps, signedIn: { member } }) => ({
    assistants: await listAssistants(deps, member.orgId),
  }),
  'PATCH /assistants/:id': async ({ deps, signedIn: { member }, id, body }) => ({
    assistant: await changeAssistant(deps, member.orgId, id, body),
  }),
  'GET /assistants/:id/articles': async ({ deps, signedIn: { member }, id }) => ({
    articles: await listArticles(deps, member.orgId, id),
  }),
  'POST /assistants/:id/articles': async ({ deps, signedIn: { member }, id, body }) => ({
    article: await addArticle(deps, member.orgId, id, body),
  }),
  'PATCH /articles/:id': async ({ deps, signedIn: { member }, id, body }) => ({
    article: await changeArticle(deps, member.orgId, id, body),
  }),
  'DELETE /articles/:id': async ({ deps, signedIn: { member }, id }) => {
    await removeArticle(deps, member.orgId, id);
    return {};
  },
  'GET /search': async ({ deps, signedIn: { member }, query }) => ({
    hits: await searchConversations(deps, member.orgId, query.q),
  }),
  'GET /labels': async ({ deps, signedIn: { member } }) => ({ labels: await listLabels(deps, member.orgId) }),
  'GET /conversations/:id/context': async ({ deps, signedIn: { member }, id }) => {
    const [context, isBanned] = await Promise.all([
      readContext(deps, member.orgId, id),
      isVisitorBanned(deps, member.orgId, id),
    ]);
    return { ...context, isBanned };
  },
};
