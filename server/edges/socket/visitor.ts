// The `/widget` namespace: what a visitor's socket may do.
import type { Socket } from 'socket.io';
import { visitorCommands } from '../../../shared/commands.ts';
import type { CommandOutput, CommandSpec, SessionView } from '../../../shared/commands.ts';
import { ChatError, isRetryable, toWireError } from '../../../shared/errors.ts';
import type { WireError } from '../../../shared/errors.ts';
import type { Page } from '../../../shared/facts.ts';
import type { InboxRow } from '../../../shared/inbox.ts';
import { signedFieldsOf } from '../../../shared/identity.ts';
import type { Signable } from '../../../shared/identity.ts';
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
import { openSigned, signIn, signOut, verifiedIdentity } from '../../usecases/visitor-identity.ts';
import type { SignInInput } from '../../usecases/visitor-identity.ts';
import { isStillOpen, moveSession, openSession, owns, presentedBy, usedSession } from '../../usecases/visitors.ts';
import type { OpenSession } from '../../usecases/visitors.ts';
import { refusingBanned } from './banned.ts';
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
  /** The whole address, for bans. */
  from: string | undefined;
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

/** Commands that are counted by one of these limits. */
const namesBy = (...limits: CommandSpec['limit'][]): Set<string> =>
  new Set(
    Object.entries<CommandSpec>(visitorCommands).flatMap(([name, { limit }]) => (limits.includes(limit) ? [name] : [])),
  );

/** Commands that may be told to come again later. To stop an answer or to sign out ends work, and is never refused. */
const newWork = namesBy('message', 'action', 'lead', 'session');
newWork.delete('reply:stop');
newWork.delete('visitor:logout');

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
      const [shown, isOpen, rows] = await Promise.all([
        publicWidgetOf(deps, widget),
        // Asked now that this connection can be found by the session: what ended it before missed the connection.
        isNew || isStillOpen(deps, session, seat.sessionToken ?? ''),
        isNew ? [] : store.conversationsOf(session.orgId, session.contactId, 50),
      ]);
      if (!isOpen) {
        leaveSession();
        throw new ChatError('unavailable', 'This session has just ended', { retryAfterMs: 100 });
      }
      const isShown = ({ conversationId, widgetId, channel }: InboxRow): boolean =>
        conversationId !== session.conversationId && widgetId === widget.id && channel === session.channel;
      const earlier = rows
        .filter(isShown)
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
        isSigned: session.subject !== undefined,
        widget: shown,
        earlier,
      };
    });
  };

  const openInput = (): Omit<SignInInput, 'clientId' | 'page'> => ({
    asker: `${seat.address} ${seat.userAgent ?? ''}`,
    channel: seat.channel,
    locale: seat.locale,
    userAgent: seat.userAgent,
    address: seat.from,
    admitContact: (contactId) => deps.bans.admit(seat.orgId, { contactId }),
    endOthers: (sessionId) => socket.nsp.in(sessionRoom(sessionId)).except(socket.id).disconnectSockets(true),
  });

  /** Nothing of whoever was here reaches this connection from here on, whatever else is still to be ended. */
  const leaveSession = (): void => {
    Object.assign(seat, { session: undefined, contact: undefined, sessionToken: undefined, visitorToken: undefined });
    for (const room of socket.rooms) if (/^(conv_|session:)/.test(room)) void socket.leave(room);
  };

  /** From now on this connection is in that session alone; what it was in before is left in the same step. */
  const enterSession = ({ session, contact, sessionToken, visitorToken }: OpenSession): void => {
    Object.assign(seat, { session, contact, sessionToken, visitorToken });
    for (const room of socket.rooms) {
      const isOther = room.startsWith('conv_') ? room !== session.conversationId : room.startsWith('session:');
      if (isOther && room !== sessionRoom(session.id)) void socket.leave(room);
    }
    if (socket.connected) void socket.join(sessionRoom(session.id));
  };

  const identify = async (token: string): Promise<CommandOutput<typeof visitorCommands, 'visitor:identify'>> => {
    const before = sessionNow();
    const widget = await widgetNow();
    const identity = await verifiedIdentity(deps, widget, token);
    const tokens = { sessionToken: seat.sessionToken, visitorToken: seat.visitorToken };
    const presented = await presentedBy(deps, widget, tokens, seat.channel);
    // The session of this connection has ended meanwhile, in another tab or on another node.
    if (presented.session?.id !== before.id) throw new ChatError('unauthenticated', 'This session has ended');
    enterSession(await signIn(deps, widget, presented, tokens, identity, openInput()));
    const { sessionToken, visitorToken, session } = seat;
    return { sessionToken, visitorToken, conversationId: session?.conversationId };
  };

  /** The identity of the handshake is used once: a refused one must not stand in the way of going on without. */
  const openWith = async (widget: Widget, input: SignInInput): Promise<OpenSession> => {
    const tokens = { sessionToken: seat.sessionToken, visitorToken: seat.visitorToken };
    const token = seat.identity;
    if (token === undefined) return openSession(deps, widget, tokens, input);
    seat.identity = undefined;
    try {
      return await openSigned(deps, widget, tokens, await verifiedIdentity(deps, widget, token), input);
    } catch (error) {
      // Refused for now, or nobody knows: the repeat brings it again.
      if (isRetryable(toWireError(error).code)) seat.identity = token;
      throw error;
    }
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
    const opened = await openWith(widget, { ...openInput(), clientId, page, admitNew });
    // First of all, so that a refusal of the conversation that was asked for loses no session.
    enterSession(opened);
    const { session } = opened;
    // What a person began nowhere but in a tab, before they signed in, is not asked for: they are where they last were.
    const isUnbegun = async (id: string): Promise<boolean> =>
      session.subject !== undefined && (await store.state(id)) === undefined;
    const isHere =
      conversationId === undefined || conversationId === session.conversationId || (await isUnbegun(conversationId));
    if (!isHere) enterSession({ ...opened, session: await moveSession(deps, opened.session, conversationId) });
    // Nobody else knows of it yet, and nothing was written by what follows here.
    return sessionView(sessionNow(), widget, { since, isNew: isHere && opened.isNew === true });
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
      if (token !== undefined) return identify(token);
      if (name === undefined && email === undefined) return {};
      const fields = { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) };
      await does(conversationId, { type: 'visitor.identify', verified: false, ...fields }, input.clientId, 'action');
      // Before the first word no log says it: the contact keeps it until then.
      seat.contact = await changeContact(deps, session, (contact) => unsigned(contact, fields));
      return {};
    },
    'visitor:logout': async () => {
      const session = sessionNow();
      leaveSession();
      await signOut(deps, session, openInput().endOthers);
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

  const guarded = refusingBanned(handlers, socket, deps);
  bindCommands(socket, visitorCommands, watched(guarded, admission), { ...deps, surface: 'widget' }, check, admit);
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

/** What the owner signed is not overwritten by what anybody typed. */
const unsigned = (contact: Contact, fields: Partial<Signable>): Partial<Contact> => {
  const signed: readonly string[] = signedFieldsOf(contact);
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !signed.includes(name)));
};

const withoutUndefined = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
