// The `/widget` namespace: what a visitor's socket may do.
import type { Socket } from 'socket.io';
import { visitorCommands } from '../../../shared/commands.ts';
import type { CommandSpec, SessionView } from '../../../shared/commands.ts';
import { ChatError } from '../../../shared/errors.ts';
import type { WireError } from '../../../shared/errors.ts';
import type { Page } from '../../../shared/facts.ts';
import { newUuid } from '../../../shared/ids.ts';
import type { Widget } from '../../../shared/widget.ts';
import type { VisitorCommand } from '../../domain/conversation.ts';
import type { Contact, Session } from '../../ports/documents.ts';
import { tooMuch, tooMuchToDo } from '../../usecases/admission.ts';
import { admitConversation, admitSession } from '../../usecases/arrivals.ts';
import { changeContact } from '../../usecases/contacts.ts';
import { visitorDoes } from '../../usecases/conversations.ts';
import { trackBehavior } from '../../usecases/engagements.ts';
import { readHistory } from '../../usecases/history.ts';
import type { Reader } from '../../usecases/history.ts';
import type { RateName } from '../../usecases/limits.ts';
import { publicWidgetOf } from '../../usecases/public-widget.ts';
import { extend, present, readBefore, readView } from '../../usecases/views.ts';
import type { ViewAsk } from '../../usecases/views.ts';
import { identifyVerified, moveSession, openSession, owns, usedSession } from '../../usecases/visitors.ts';
import { bindCommands } from './bind.ts';
import type { SocketDeps } from './gateway.ts';
import { pauseReading } from './reading-pause.ts';
import type { Handlers } from './bind.ts';

/** What the handshake left behind: small, because there is one per connection. */
export interface VisitorSeat {
  widgetId: string;
  orgId: string;
  channel: 'widget' | 'test';
  sessionToken: string | undefined;
  visitorToken: string | undefined;
  address: string;
  /** Counted in the limits per address. */
  isCounted: boolean;
  userAgent: string | undefined;
  locale: string | undefined;
  /** A signed identity of the handshake, until it was used. */
  identity: string | undefined;
  session: Session | undefined;
  contact: Contact | undefined;
}

const sessionRoom = (sessionId: string): string => `session:${sessionId}`;
const handoverMs = 500;

/** Commands that are counted by one of these limits. */
const namesBy = (...limits: CommandSpec['limit'][]): Set<string> =>
  new Set(
    Object.entries<CommandSpec>(visitorCommands).flatMap(([name, { limit }]) => (limits.includes(limit) ? [name] : [])),
  );

/** Commands that may be told to come again later. To stop an answer ends work, and is never refused. */
const newWork = namesBy('message', 'action', 'lead', 'session');
newWork.delete('reply:stop');

/** What leads to the committer, or may: it has limits of its own there, and waits for the store. */
const work = namesBy('message', 'action', 'lead');

export const bindVisitor = (socket: Socket, seat: VisitorSeat, deps: SocketDeps): void => {
  const { limits, directory, bus, store, admission } = deps;

  const widgetNow = async (): Promise<Widget> => {
    const widget = await directory.widget(seat.orgId, seat.widgetId);
    if (widget === undefined || !widget.isEnabled) throw new ChatError('forbidden', 'This widget is switched off');
    return widget;
  };

  const sessionNow = (): Session => {
    if (seat.session === undefined) throw new ChatError('unauthenticated', 'Open a session first');
    return seat.session;
  };

  /** The address that limits count; undefined for this machine itself. */
  const counted = (): string | undefined => (seat.isCounted ? seat.address : undefined);

  const readerNow = (): Reader => ({ visitorId: sessionNow().visitorId, address: counted() });

  /** Says that it had a session: who has lost the line to it is no newcomer. */
  const isBack = (): boolean => seat.sessionToken !== undefined;

  /** The visitor's own conversation, or `not_found` as for one that does not exist. */
  const mine = async (conversationId: string): Promise<Session> => {
    const session = sessionNow();
    if (!(await owns(deps, session, conversationId))) throw new ChatError('not_found', 'No such conversation');
    const used = usedSession(deps, session);
    if (seat.session === session) seat.session = used;
    return used;
  };

  const does = async (
    conversationId: string,
    command: VisitorCommand,
    clientId: string | undefined,
    rate: RateName,
  ): Promise<Record<string, unknown>> => {
    const session = await mine(conversationId);
    const widget = await widgetNow();
    if (rate === 'message' && seat.isCounted) deps.spending.from(conversationId, seat.address);
    const admit = (): ChatError | undefined => limits.check(rate, session.visitorId);
    const actor = { session, widget, contact: seat.contact };
    const { result } = await visitorDoes(deps, actor, conversationId, command, { clientId, admit });
    return result;
  };

  /** The page that a message comes from: an app of one page moves on without opening a session anew. */
  const walkedTo = async (session: Session, page: Page): Promise<void> => {
    if (page.url === (seat.contact?.page ?? session.page)?.url) return;
    if (limits.check('action', `page ${session.visitorId}`) !== undefined) return;
    seat.session = { ...session, page };
    seat.contact = (await changeContact(deps, session, () => ({ page }))) ?? seat.contact;
  };

  /** Reads the view, then joins and answers in one step. */
  const enter = async (
    ask: Omit<ViewAsk, 'audience' | 'isAutopilot'>,
    widget: Widget,
    more: () => Promise<Omit<SessionView, keyof ReturnType<typeof present>>>,
  ): Promise<() => SessionView> => {
    const { conversationId } = ask;
    const watch = deps.hub.watch(conversationId);
    try {
      const [view, rest] = await Promise.all([
        readHistory(
          limits,
          readerNow(),
          () => readView(deps, { ...ask, audience: 'visitor', isAutopilot: widget.isAutopilot }),
          ({ facts }) => facts,
        ),
        more(),
      ]);
      return () => {
        watch.stop();
        const whole = extend(view, watch.facts);
        for (const room of socket.rooms)
          if (room.startsWith('conv_') && room !== conversationId) void socket.leave(room);
        // Whoever left while the view was read enters no room: nobody would ever take that socket out of it.
        if (socket.connected) void socket.join(conversationId);
        deps.hub.entered(socket, whole.state);
        return { ...present(whole, 'visitor', deps.hub.reply(conversationId)), ...rest };
      };
    } catch (error) {
      watch.stop();
      throw error;
    }
  };

  const sessionView = async (
    session: Session,
    widget: Widget,
    { since, isNew = false }: { since?: ViewAsk['since']; isNew?: boolean | undefined },
  ): Promise<() => SessionView> => {
    const ask = { conversationId: session.conversationId, isNew, ...(since === undefined ? {} : { since }) };
    return enter(ask, widget, async () => {
      const [shown, rows] = await Promise.all([
        publicWidgetOf(deps, widget),
        isNew ? [] : store.conversationsOf(session.orgId, session.contactId, 21),
      ]);
      const earlier = rows
        .filter((row) => row.conversationId !== session.conversationId)
        .slice(0, 20)
        .map(({ conversationId, lastAt, preview, status }) => ({
          conversationId,
          lastAt,
          // Notes and drafts are staff's.
          preview: preview === null || preview.who === 'note' || preview.who === 'draft' ? '' : preview.text,
          status,
        }));
      return {
        sessionToken: seat.sessionToken!,
        visitorToken: seat.visitorToken!,
        widget: shown,
        earlier,
      };
    });
  };

  const signedIdentity = async (
    session: Session,
    conversationId: string,
    token: string,
    clientId: string | undefined,
  ): Promise<{ sessionToken: string; visitorToken: string }> => {
    await mine(conversationId);
    const identity = await deps.identities.verify(token, await widgetNow());
    const { name, email } = identity;
    const fields = { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) };
    await does(conversationId, { type: 'visitor.identify', verified: true, ...fields }, clientId, 'action');
    // Last: once the old tokens are dead nothing may fail before the new ones are told.
    const opened = await identifyVerified(deps, session, identity, { channel: seat.channel });
    const { sessionToken, visitorToken } = opened;
    Object.assign(seat, { sessionToken, visitorToken, session: opened.session, contact: opened.contact });
    // Whoever came in by the old tokens hears no more. Other tabs of this visitor come back by the new ones, which the
    // ack has brought to their shared storage by then.
    const older = socket.nsp.in(sessionRoom(session.id)).except(socket.id);
    setTimeout(() => older.disconnectSockets(true), handoverMs).unref();
    return { sessionToken, visitorToken };
  };

  /** Resumes or begins the session that everything else needs. */
  const begin: Handlers<typeof visitorCommands>['session:open'] = async ({ clientId, page, conversationId, since }) => {
    const widget = await widgetNow();
    const admitNew = async (): Promise<ChatError | undefined> => {
      // Let in as somebody who comes back, and is not.
      const retryAfterMs = isBack() ? admission.work() : 0;
      if (retryAfterMs > 0) return tooMuch(retryAfterMs);
      return admitSession(limits, counted(), widget.id);
    };
    const opened = await openSession(
      deps,
      widget,
      { sessionToken: seat.sessionToken, visitorToken: seat.visitorToken },
      {
        clientId,
        page: page,
        channel: seat.channel,
        locale: seat.locale,
        userAgent: seat.userAgent,
        admitNew,
      },
    );
    seat.sessionToken = opened.sessionToken;
    seat.visitorToken = opened.visitorToken;
    seat.contact = opened.contact;
    seat.session =
      conversationId === undefined || conversationId === opened.session.conversationId
        ? opened.session
        : await moveSession(deps, opened.session, conversationId);
    if (socket.connected) void socket.join(sessionRoom(seat.session.id));
    // Nobody else knows of it yet, and nothing was written by what follows here.
    const isNew = opened.isNew && seat.session === opened.session && seat.identity === undefined;
    if (seat.identity !== undefined) {
      const token = seat.identity;
      seat.identity = undefined;
      await signedIdentity(seat.session, seat.session.conversationId, token, undefined);
    }
    return sessionView(seat.session, widget, { since, isNew });
  };

  const handlers: Handlers<typeof visitorCommands> = {
    'session:open': (input) => admission.open(isBack() ? 'back' : 'new', () => begin(input)),
    'message:send': async ({ conversationId, clientId, text, fileIds, context }) => {
      if (fileIds !== undefined && fileIds.length > 0) throw new ChatError('not_found', 'There is no such file');
      if (context?.page !== undefined) await walkedTo(await mine(conversationId), context.page);
      const id = clientId ?? newUuid();
      const command = { type: 'visitor.message', text, clientId: id } as const;
      return (await does(conversationId, command, id, 'message')) as {
        messageId: string;
        seq: number;
        createdAt: number;
      };
    },
    'facts:since': async ({ conversationId, since, sinceSeq }) => {
      await mine(conversationId);
      const widget = await widgetNow();
      const ask: ViewAsk = {
        conversationId,
        audience: 'visitor',
        isAutopilot: widget.isAutopilot,
        ...(since === undefined ? {} : { since }),
        ...(sinceSeq === undefined ? {} : { sinceSeq }),
      };
      const view = await readHistory(
        limits,
        readerNow(),
        () => readView(deps, ask),
        ({ facts }) => facts,
      );
      return () => present(view, 'visitor', deps.hub.reply(conversationId));
    },
    'facts:before': async ({ conversationId, seq, limit }) => {
      await mine(conversationId);
      const ask = { conversationId, seq, limit, audience: 'visitor' } as const;
      return readHistory(
        limits,
        readerNow(),
        () => readBefore(deps, ask),
        ({ facts }) => facts,
      );
    },
    'message:read': async ({ conversationId, seq }) => {
      const session = await mine(conversationId);
      const known = deps.committer.peek(conversationId)?.head.seq ?? 0;
      // Another node may have written what was read.
      const head = known >= seq ? known : ((await store.state(conversationId))?.state.head.seq ?? 0);
      const marks = await store.advanceRead(conversationId, 'visitor', Math.min(seq, head));
      const signal = { type: 'read.advanced', conversationId, who: 'visitor', seq: marks.visitor } as const;
      bus.publish({ kind: 'signal', orgId: session.orgId, to: 'both', signal });
      return {};
    },
    'typing:set': async ({ conversationId, isTyping, preview }) => {
      const session = await mine(conversationId);
      const widget = await widgetNow();
      const signal = {
        type: 'typing.changed',
        conversationId,
        who: 'visitor',
        isTyping,
        ...(preview !== undefined && widget.typingPreview ? { preview } : {}),
      } as const;
      bus.publish({ kind: 'signal', orgId: session.orgId, to: 'staff', signal });
      return {};
    },
    'reply:stop': async ({ conversationId, clientId }) =>
      (await does(conversationId, { type: 'visitor.stop' }, clientId, 'action')) as { seq: number },
    'handoff:request': async ({ conversationId, clientId, reason }) => {
      const command = { type: 'visitor.handoff', ...(reason === undefined ? {} : { reason }) } as const;
      return (await does(conversationId, command, clientId, 'action')) as { seq: number };
    },
    'lead:submit': async ({ conversationId, clientId, ...fields }) => {
      if (fields.email === undefined && fields.phone === undefined && fields.name === undefined) {
        throw new ChatError('invalid', 'Say at least one of name, email and phone', {
          details: [{ path: 'email', message: 'Required where there is no phone and no name' }],
        });
      }
      const command = { type: 'visitor.lead', ...withoutUndefined(fields) } as const;
      return (await does(conversationId, command, clientId, 'lead')) as { leadId: string };
    },
    'csat:submit': async ({ conversationId, clientId, rating, comment }) => {
      const command = { type: 'visitor.csat', rating, ...(comment === undefined ? {} : { comment }) } as const;
      return (await does(conversationId, command, clientId, 'action')) as { seq: number };
    },
    'behavior:track': async ({ events, metrics }) => {
      const session = sessionNow();
      const refusal = limits.check('track', session.visitorId);
      if (refusal !== undefined) throw refusal;
      const watching = { session, widget: await widgetNow(), contact: seat.contact };
      const { score, offered, contact } = await trackBehavior(deps, watching, { events, metrics }, { isWhole: true });
      seat.contact = contact;
      if (offered === undefined) return { engagementScore: score };
      const { messageId, content } = offered;
      return { engagementScore: score, proactive: { messageId, content } };
    },
    'visitor:identify': async (input) => {
      const session = sessionNow();
      const conversationId = input.conversationId ?? session.conversationId;
      const { token, name, email } = input;
      if (token !== undefined) return signedIdentity(session, conversationId, token, input.clientId);
      if (name === undefined && email === undefined) return {};
      // A signed identity is not overwritten by an unsigned one.
      if (seat.contact?.verified === true) return {};
      const fields = { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) };
      await does(conversationId, { type: 'visitor.identify', verified: false, ...fields }, input.clientId, 'action');
      // Before the first word no log says it: the contact keeps it until then.
      seat.contact = await changeContact(deps, session, ({ verified }) => (verified ? undefined : fields));
      return {};
    },
    'conversation:new': async ({ clientId, page }) => {
      const session = sessionNow();
      const widget = await widgetNow();
      if (clientId === undefined || session.newKey !== clientId) {
        const refusal = await admitConversation(limits, counted(), session.visitorId);
        if (refusal !== undefined) throw refusal;
        const { conversationId: left } = session;
        const moving = { ...session, left, ...(page === undefined ? {} : { page }), newKey: clientId ?? newUuid() };
        seat.session = await moveSession(deps, moving, null);
      }
      const next = sessionNow();
      // A repeat closes the old one too, in case the first try got no further than here.
      if (next.left !== undefined) {
        const state = deps.committer.peek(next.left) ?? (await store.state(next.left))?.state;
        const command = { type: 'visitor.leave', next: next.conversationId } as const;
        const actor = { session: next, widget, contact: seat.contact };
        if (state?.status === 'open') await visitorDoes(deps, actor, next.left, command, { clientId });
      }
      return sessionView(next, widget, {});
    },
  };

  const check = (name: keyof typeof visitorCommands): void => {
    const { limit } = visitorCommands[name];
    if (name === 'conversation:new') return;
    const rate: RateName = limit === 'typing' ? 'typing' : limit === 'session' ? 'session' : 'staff';
    // What appends is counted after its key was looked up, so that a repeat is never refused (R3).
    if (work.has(name)) return;
    const refusal = limits.check(rate, `${name} ${seat.session?.visitorId ?? socket.id}`);
    if (refusal !== undefined) throw refusal;
  };

  const admit = (name: string): WireError | undefined => {
    const isNewWork = newWork.has(name) && !(name === 'session:open' && isBack());
    const retryAfterMs = isNewWork ? admission.work() : 0;
    if (retryAfterMs === 0) return undefined;
    pauseReading(socket);
    return tooMuchToDo(retryAfterMs);
  };

  bindCommands(socket, visitorCommands, watched(handlers, admission), { ...deps, surface: 'widget' }, check, admit);
};

/** Those that wait for the store are watched: how long they take is how a store that is too slow shows first. */
const watched = (
  handlers: Handlers<typeof visitorCommands>,
  admission: SocketDeps['admission'],
): Handlers<typeof visitorCommands> =>
  Object.fromEntries(
    Object.entries<(input: never) => Promise<unknown>>(handlers).map(([name, handle]) => [
      name,
      work.has(name) ? async (input: never) => admission.during(() => handle(input)) : handle,
    ]),
  ) as unknown as Handlers<typeof visitorCommands>;

const withoutUndefined = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
