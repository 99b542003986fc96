// A small real Socket.IO server that speaks the socket contract over logs in memory, and can misbehave on demand.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import type { Socket } from 'socket.io';
import { matchesFilter, needsPerson } from '../../shared/inbox-filter.ts';
import type { InboxCounts, InboxFilter, InboxRow } from '../../shared/inbox.ts';
import { foldRow } from '../../shared/inbox.ts';
import type { Cursor } from '../../shared/conversation.ts';
import type { SessionView } from '../../shared/commands.ts';
import type { PublicWidget } from '../../shared/widget.ts';
import type { WireError } from '../../shared/errors.ts';
import type { Fact, FactBody } from '../../shared/facts.ts';
import { newId, newSecret } from '../../shared/ids.ts';
import type { Signal } from '../../shared/signals.ts';
import type { Ack } from '../../shared/wire.ts';
import { controlled, createWireLog, opened, said } from './wire-log.ts';
import type { WireLog } from './wire-log.ts';

export const widgetKey = 'wgt_test';

interface Asked {
  command: string;
  input: Record<string, unknown>;
}

/** What goes wrong next, by command: each fault is used up by one call. */
interface Faults {
  /** Does it, but the ack is lost. */
  dropAck: string[];
  /** Answers this instead of doing it. */
  refuse: { command: string; error: WireError }[];
  /** Does it, and the connection ends before the ack. */
  cut: string[];
  /** Holds back the ack until the promise resolves. */
  hold: { command: string; until: Promise<void> }[];
  /** Every handshake is refused so, by a packet. */
  handshake: WireError | null;
  /** Every upgrade is refused without a word, and `/w/…` says this status. */
  upgrade: { status: number; code: string; retryAfterMs?: number } | null;
  /** Live facts are not sent to rooms at all. */
  areFactsLost: boolean;
}

export interface WireServer {
  readonly url: string;
  readonly faults: Faults;
  /** Every command that arrived, in order. */
  readonly asked: Asked[];
  readonly logs: Map<string, WireLog>;
  /** Session tokens that are still good. */
  readonly sessions: Map<string, { conversationId: string; visitorToken: string }>;
  readonly handshakes: Record<string, unknown>[];
  log(conversationId: string): WireLog;
  commit(conversationId: string, ...bodies: FactBody[]): Fact[];
  signal(signal: Signal): void;
  /** The server ends every connection (`io server disconnect`). */
  kick(): void;
  /** Stops listening and ends every connection; `start` listens again on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const pageSize = 3;
const widgetView = { widgetKey, isAutopilot: true, typingPreview: true, availability: 'online' } as PublicWidget;

export const startWireServer = async (): Promise<WireServer> => {
  const logs = new Map<string, WireLog>();
  const rows = new Map<string, InboxRow>();
  /** Where a page of the inbox ended, by its cursor. */
  const marks = new Map<string, InboxRow>();
  const sessions: WireServer['sessions'] = new Map();
  const creations = new Map<string, string>();
  const asked: Asked[] = [];
  const handshakes: Record<string, unknown>[] = [];
  const faults: Faults = {
    dropAck: [],
    refuse: [],
    cut: [],
    hold: [],
    handshake: null,
    upgrade: null,
    areFactsLost: false,
  };
  let port = 0;
  let io: Server | undefined;

  const logOf = (conversationId: string): WireLog => {
    const log = logs.get(conversationId) ?? createWireLog(conversationId);
    logs.set(conversationId, log);
    return log;
  };

  const counts = (): InboxCounts => {
    const all = [...rows.values()];
    const count = (test: (row: InboxRow) => boolean): number => all.filter(test).length;
    return {
      needsPerson: count(needsPerson),
      ai: count((row) => matchesFilter(row, 'ai', '')),
      open: count((row) => row.status === 'open'),
      closed: count((row) => row.status === 'closed'),
      held: {},
    };
  };

  const signal = (given: Signal): void => {
    if (given.type.startsWith('reply.')) follow(logOf(given.conversationId), given);
    io?.of('/widget').to(given.conversationId).emit('signal', given);
    io?.of('/console').to(given.conversationId).emit('signal', given);
  };

  /** Keeps the text of the answer in flight, as an edge does for late joiners. */
  const follow = (log: WireLog, given: Signal): void => {
    if (given.type === 'reply.started') {
      const { replyId, turn, attempt, mode } = given;
      log.reply = { replyId, turn, attempt, mode, text: '' };
    } else if (given.type === 'reply.delta' && log.reply?.replyId === given.replyId) {
      log.reply = { ...log.reply, attempt: given.attempt, text: log.reply.text.slice(0, given.offset) + given.text };
    }
  };

  const commit = (conversationId: string, ...bodies: FactBody[]): Fact[] => {
    const log = logOf(conversationId);
    const all = log.facts.length === 0 ? [opened(), ...bodies] : bodies;
    const facts = log.append(...all);
    const row = foldRow(rows.get(conversationId), facts, log.state());
    rows.set(conversationId, row);
    if (!faults.areFactsLost) {
      for (const fact of facts) {
        io?.of('/widget').to(conversationId).emit('fact', log.visible(fact, 'visitor'));
        io?.of('/console').to(conversationId).emit('fact', fact);
      }
    }
    io?.of('/console').to('inbox').emit('signal', { type: 'inbox.changed', conversationId, row, counts: counts() });
    return facts;
  };

  const appended = (
    input: Record<string, unknown>,
    audience: 'visitor' | 'staff',
    command: string,
    name: string,
  ): Ack<unknown> => {
    const { conversationId, clientId } = input as { conversationId: string; clientId: string };
    const log = logs.get(conversationId);
    if (log === undefined) return { ok: false, error: { code: 'not_found', message: 'No such conversation' } };
    const key = `${audience} ${clientId}`;
    const body = JSON.stringify({ command, ...input });
    const before = log.results.get(key);
    if (before !== undefined) {
      return before.body === body
        ? { ok: true, data: before.result }
        : { ok: false, error: { code: 'conflict', message: 'The same key with another body' } };
    }
    const { turn } = log.state().control;
    const { text = '' } = input as { text?: string };
    const bodies = ((): FactBody[] => {
      switch (command) {
        case 'message:send':
          return [said(audience === 'visitor' ? 'visitor' : 'agent', text, { clientId })];
        case 'note:add':
          return [{ type: 'note.created', noteId: newId('note'), author: { kind: 'agent' }, text }];
        case 'conversation:take':
          return [controlled(turn + 1, name)];
        default:
          return [controlled(turn + 1, null, { reason: 'handoff', waiting: 'handoff' })];
      }
    })();
    const facts = commit(conversationId, ...bodies);
    const last = facts.at(-1)!;
    const messageId = last.type === 'message.created' ? last.messageId : undefined;
    const result = {
      seq: last.seq,
      createdAt: last.at,
      ...(messageId === undefined ? {} : { messageId }),
      leadId: 'lead_1',
    };
    log.results.set(key, { body, result });
    return { ok: true, data: result };
  };

  const issue = (conversationId: string, visitorToken: string, since?: Cursor): SessionView => {
    const sessionToken = newSecret('sess');
    sessions.set(sessionToken, { conversationId, visitorToken });
    const earlier = [...logs.keys()]
      .filter((id) => id !== conversationId)
      .map((id) => ({ conversationId: id, lastAt: 0, preview: '', status: 'closed' as const }));
    return {
      ...logOf(conversationId).view('visitor', since),
      sessionToken,
      visitorToken,
      isSigned: false,
      widget: widgetView,
      earlier,
    };
  };

  const join = async (socket: Socket, conversationId: string): Promise<void> => {
    for (const room of socket.rooms) if (room.startsWith('conv_')) await socket.leave(room);
    await socket.join(conversationId);
  };

  const visit = async (socket: Socket, command: string, input: Record<string, unknown>): Promise<Ack<unknown>> => {
    const { conversationId, since, clientId } = input as { conversationId?: string; since?: Cursor; clientId?: string };
    const auth = socket.handshake.auth as { sessionToken?: string; visitorToken?: string };
    const known = sessions.get((socket.data.sessionToken as string | undefined) ?? auth.sessionToken ?? '');
    const visitorToken =
      known?.visitorToken ?? auth.visitorToken ?? (socket.data.visitorToken as string | undefined) ?? newSecret('vis');
    socket.data.visitorToken = visitorToken;
    switch (command) {
      case 'session:open': {
        const made = creations.get(clientId ?? '');
        const id = conversationId ?? known?.conversationId ?? made ?? newId('conv');
        if (clientId !== undefined) creations.set(clientId, id);
        const isMine = known !== undefined && logs.has(id);
        if (conversationId !== undefined && !isMine)
          return { ok: false, error: { code: 'not_found', message: 'None' } };
        const view = issue(id, visitorToken, since);
        socket.data.sessionToken = view.sessionToken;
        await join(socket, id);
        return { ok: true, data: view };
      }
      case 'conversation:new': {
        const made = creations.get(clientId ?? '');
        const id = made ?? newId('conv');
        creations.set(clientId ?? id, id);
        const old = [...socket.rooms].find((room) => room.startsWith('conv_') && room !== id);
        const view = issue(id, visitorToken);
        if (made === undefined && old !== undefined && logOf(old).facts.length > 0) {
          commit(old, {
            type: 'conversation.closed',
            turn: logOf(old).state().control.turn + 1,
            next: id,
            by: { kind: 'visitor' },
          });
        }
        socket.data.sessionToken = view.sessionToken;
        await join(socket, id);
        return { ok: true, data: view };
      }
      default:
        return read(command, input, 'visitor') ?? appended(input, 'visitor', command, '');
    }
  };

  /** What both namespaces answer without committing. */
  const read = (
    command: string,
    input: Record<string, unknown>,
    audience: 'visitor' | 'staff',
  ): Ack<unknown> | undefined => {
    const { conversationId, since, seq, limit } = input as {
      conversationId: string;
      since?: Cursor;
      seq: number;
      limit: number;
    };
    switch (command) {
      case 'facts:since':
        return { ok: true, data: logOf(conversationId).view(audience, since) };
      case 'facts:before':
        return { ok: true, data: logOf(conversationId).before(audience, seq, limit) };
      case 'message:read':
        logOf(conversationId).reads[audience] = seq;
        signal({ type: 'read.advanced', conversationId, who: audience, seq });
        return { ok: true, data: {} };
      case 'typing:set':
      case 'presence:set':
        return { ok: true, data: {} };
      default:
        return undefined;
    }
  };

  const attend = async (socket: Socket, command: string, input: Record<string, unknown>): Promise<Ack<unknown>> => {
    const { conversationId, since, filter, label, cursor } = input as {
      conversationId: string;
      since?: Cursor;
      filter: InboxFilter;
      label?: string;
      cursor?: string;
    };
    switch (command) {
      case 'inbox:open': {
        await socket.join('inbox');
        const compare = (a: InboxRow, b: InboxRow): number =>
          (filter === 'needs-person' ? a.waitingSince! - b.waitingSince! : b.lastAt - a.lastAt) ||
          (a.conversationId < b.conversationId ? -1 : 1);
        const mark = marks.get(cursor ?? '');
        const rest = [...rows.values()]
          .filter(
            (row) => matchesFilter(row, filter, 'mem_anna') && (label === undefined || row.labels.includes(label)),
          )
          .filter((row) => mark === undefined || (row !== mark && compare(mark, row) < 0))
          .sort(compare);
        const page = rest.slice(0, pageSize);
        const last = page.at(-1);
        const next = rest.length > page.length && last !== undefined ? `${filter} ${last.conversationId}` : null;
        if (next !== null && last !== undefined) marks.set(next, last);
        return { ok: true, data: structuredClone({ conversations: page, cursor: next, counts: counts() }) };
      }
      case 'conversation:open':
        if (!logs.has(conversationId)) return { ok: false, error: { code: 'not_found', message: 'None' } };
        await socket.join(conversationId);
        return { ok: true, data: logOf(conversationId).view('staff', since) };
      case 'conversation:leave':
        await socket.leave(conversationId);
        return { ok: true, data: {} };
      default:
        return read(command, input, 'staff') ?? appended(input, 'staff', command, 'anna');
    }
  };

  const use = <T>(list: T[], test: (one: T) => boolean): T | undefined => {
    const index = list.findIndex(test);
    return index < 0 ? undefined : list.splice(index, 1)[0];
  };

  const serve = (socket: Socket, handle: typeof visit): void => {
    socket.onAny((command: string, input: Record<string, unknown>, ack: (answer: unknown) => void) => {
      asked.push({ command, input });
      const refused = use(faults.refuse, (one) => one.command === command);
      if (refused !== undefined) {
        ack({ ok: false, error: refused.error });
        return;
      }
      void handle(socket, command, input).then(async (answer) => {
        await use(faults.hold, (one) => one.command === command)?.until;
        if (use(faults.dropAck, (one) => one === command) !== undefined) return;
        if (use(faults.cut, (one) => one === command) !== undefined) socket.conn.close();
        else ack(answer);
      });
    });
  };

  const refusal = (error: WireError): Error => Object.assign(new Error(error.message), { data: error });

  const start = async (): Promise<void> => {
    const http = createServer((request, response) => {
      const { upgrade } = faults;
      response.writeHead(upgrade?.status ?? 200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(
          upgrade === null ? widgetView : { error: { ...upgrade, status: undefined, message: request.url } },
        ),
      );
    });
    io = new Server(http, { allowRequest: (_request, allow) => allow(null, faults.upgrade === null) });
    io.of('/widget').use((socket, next) => {
      const { auth } = socket.handshake;
      handshakes.push(auth);
      if (faults.handshake !== null) next(refusal(faults.handshake));
      else if (socket.handshake.query['widgetKey'] !== widgetKey)
        next(refusal({ code: 'not_found', message: 'No such widget' }));
      else if (auth['sessionToken'] !== undefined && !sessions.has(auth['sessionToken'] as string)) {
        next(refusal({ code: 'unauthenticated', message: 'No such session' }));
      } else next();
    });
    io.of('/console').use((socket, next) => {
      handshakes.push(socket.handshake.auth);
      if (socket.handshake.auth['token'] === 'con_good' && faults.handshake === null) next();
      else next(refusal(faults.handshake ?? { code: 'unauthenticated', message: 'Sign in' }));
    });
    io.of('/widget').on('connection', (socket) => serve(socket, visit));
    io.of('/console').on('connection', (socket) => serve(socket, attend));
    await new Promise<void>((resolve) => {
      http.listen(port, '127.0.0.1', resolve);
    });
    port = (http.address() as AddressInfo).port;
  };

  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    faults,
    asked,
    logs,
    sessions,
    handshakes,
    log: logOf,
    commit,
    signal,
    kick: () => {
      io?.of('/widget').disconnectSockets();
      io?.of('/console').disconnectSockets();
    },
    stop: async () => {
      await io?.close();
      io = undefined;
    },
    start,
  };
};
