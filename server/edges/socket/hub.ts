// Between the bus and the sockets: projects facts, drops what is outdated, keeps the text of answers in flight.
import type { Namespace, Server, Socket } from 'socket.io';
import type { ConversationState } from '../../../shared/conversation.ts';
import type { Fact } from '../../../shared/facts.ts';
import type { Signal, SignalOf } from '../../../shared/signals.ts';
import type { LiveReply } from '../../../shared/view.ts';
import { namespaces } from '../../../shared/wire.ts';
import { forVisitor } from '../../domain/audience.ts';
import type { Delivery } from '../../ports/bus.ts';
import type { Ear, Listening } from '../../usecases/listening.ts';

interface Channel {
  /** The latest turn this edge has told of; a delta of an older one goes nowhere. */
  turn: number;
  reply: LiveReply | null;
  /** The latest claim this edge has told of, and the answer that has ended: late signals of either find nobody. */
  claim: { replyId: string; attempt: number } | null;
  ended: string | null;
  /** An owner on another node is being asked for the text so far. */
  isAsking: boolean;
  /** Whoever reads a view right now, or waits for an answer without a socket. */
  ears: Set<Ear>;
}

/** Sockets in this room get no deltas until they have drained; then a snapshot. */
export const slowRoom = 'slow';

export const orgRoom = (orgId: string): string => `org:${orgId}`;
export const widgetRoom = (widgetId: string): string => `widget:${widgetId}`;

const maxChannels = 50_000;

/** The number of events in Socket.IO's protocol. */
const event = 2;

/** What is used of Socket.IO beneath its public emit; `test/socket/wire-economy.test.ts` guards it. */
type Encoding = Record<'_encode', (packet: unknown, options: object) => unknown>;
interface Client {
  writeToEngine(packets: unknown, options: object): void;
}

/** An emit to one room of this node: encoded once, nothing for an empty room, and none of the sets of the general case. */
const tell = (namespace: Namespace, room: string, name: string, value: unknown, isDelta = false): void => {
  const { adapter, sockets } = namespace;
  const members = adapter.rooms.get(room);
  if (members === undefined) return;
  const options = { preEncoded: true, compress: false };
  const packet = { type: event, data: [name, value], nsp: namespace.name };
  const encoded = (adapter as unknown as Encoding)['_encode'](packet, options);
  const slow = isDelta ? adapter.rooms.get(slowRoom) : undefined;
  for (const id of members) {
    if (slow?.has(id) === true) continue;
    const socket = sockets.get(id);
    if (socket !== undefined) (socket.client as unknown as Client).writeToEngine(encoded, options);
  }
};

/** What an edge needs where conversations have readers on other nodes too. */
export interface SharedRooms {
  /** Hears of a conversation or an organisation from now on, until the returned function is called. */
  follow(id: string): () => void;
  /** A reader has the log up to `seq`. Resolves to what they must be given besides. */
  place(conversationId: string, seq: number): Promise<Fact[]>;
  /** What another node's answer has said so far. */
  ask(conversationId: string): Promise<LiveReply | undefined>;
}

export class Hub implements Listening {
  readonly #visitors: Namespace;
  readonly #staff: Namespace;
  readonly #channels = new Map<string, Channel>();
  readonly #shared: SharedRooms | undefined;

  constructor(io: Server, shared?: SharedRooms) {
    this.#visitors = io.of(namespaces.visitor);
    this.#staff = io.of(namespaces.staff);
    this.#shared = shared;
    if (shared === undefined) return;
    for (const { adapter } of [this.#visitors, this.#staff]) {
      const following = new Map<string, () => void>();
      adapter.on('create-room', (room: string) => {
        if (room.startsWith('conv_')) following.set(room, shared.follow(room));
        else if (room.startsWith('org:')) following.set(room, shared.follow(room.slice('org:'.length)));
      });
      adapter.on('delete-room', (room: string) => {
        following.get(room)?.();
        following.delete(room);
      });
    }
  }

  /** A socket has entered the room of a conversation with this state of it. In the same step in which it joined. */
  entered(socket: Socket, state: ConversationState): void {
    const { conversationId, head, control, reply } = state;
    const channel = this.#channel(conversationId);
    if (control.turn > channel.turn) channel.turn = control.turn;
    if (this.#shared === undefined) return;
    this.#shared.place(conversationId, head.seq).then(
      (facts) => {
        const isVisitor = socket.nsp === this.#visitors;
        for (const fact of facts) socket.emit('fact', isVisitor ? forVisitor(fact) : fact);
      },
      // The next fact shows the gap, and the client asks.
      () => undefined,
    );
    if (reply !== null && channel.reply === null && channel.ended !== reply.replyId)
      this.#catchUp(conversationId, channel);
  }

  /** Nobody here listens any more: what is remembered would grow old. */
  forget(conversationId: string): void {
    this.#channels.delete(conversationId);
  }

  /** What the bus brings: the check of the turn and the enqueueing are one synchronous step (promise R10). */
  receive(delivery: Delivery): void {
    switch (delivery.kind) {
      case 'facts':
        this.#facts(delivery.conversationId, delivery.facts);
        return;
      case 'signal':
        this.#signal(delivery.to, delivery.orgId, delivery.signal);
        return;
      case 'revoked':
      case 'touched':
      case 'viewers':
      case 'ask':
      case 'told':
      case 'seats':
      case 'stale':
      case 'leaving':
        return;
    }
  }

  /** The answer in flight, as far as this edge has it. */
  reply(conversationId: string): LiveReply | undefined {
    return this.#channels.get(conversationId)?.reply ?? undefined;
  }

  /** Collects what is published to a conversation until `stop`: nothing may fall between a view and its room (R6). */
  watch(conversationId: string): { facts: Fact[]; stop: () => void } {
    const facts: Fact[] = [];
    const stop = this.listen(conversationId, { facts: (published) => facts.push(...published) });
    return { facts, stop };
  }

  listen(conversationId: string, ear: Ear): () => void {
    const { ears } = this.#channel(conversationId);
    ears.add(ear);
    const unfollow = this.#shared?.follow(conversationId);
    return () => {
      ears.delete(ear);
      unfollow?.();
    };
  }

  #channel(conversationId: string): Channel {
    const found = this.#channels.get(conversationId);
    if (found !== undefined) return found;
    const channel: Channel = {
      turn: 0,
      reply: null,
      claim: null,
      ended: null,
      isAsking: false,
      ears: new Set(),
    };
    this.#channels.set(conversationId, channel);
    if (this.#channels.size > maxChannels) this.#evict();
    return channel;
  }

  /** Forgets the oldest channels that nobody needs: no answer in flight, no reader. */
  #evict(): void {
    let left = 1000;
    for (const [conversationId, { reply, ears }] of this.#channels) {
      if (left === 0) return;
      left -= 1;
      if (reply === null && ears.size === 0) this.#channels.delete(conversationId);
    }
  }

  #facts(conversationId: string, facts: readonly Fact[]): void {
    const channel = this.#channel(conversationId);
    for (const fact of facts) {
      this.#outdate(channel, fact);
      if (this.#visitors.adapter.rooms.has(conversationId)) {
        tell(this.#visitors, conversationId, 'fact', forVisitor(fact));
      }
      tell(this.#staff, conversationId, 'fact', fact);
    }
    for (const ear of channel.ears) ear.facts(facts);
  }

  #outdate(channel: Channel, fact: Fact): void {
    switch (fact.type) {
      case 'message.created':
        if (fact.author.kind === 'visitor') this.#raise(channel, channel.turn + 1);
        else if (fact.author.kind === 'ai') this.#end(channel, fact.messageId);
        return;
      case 'control.changed':
      case 'conversation.closed':
      case 'conversation.reopened':
        this.#raise(channel, fact.turn);
        return;
      case 'reply.claimed': {
        const { replyId, turn, attempt } = fact;
        this.#raise(channel, turn);
        channel.claim = { replyId, attempt };
        const { reply } = channel;
        // Between nodes an answer's first words may come before the fact that it was claimed by.
        if (reply !== null && (reply.replyId !== replyId || reply.attempt < attempt)) channel.reply = null;
        return;
      }
      case 'reply.failed':
        this.#end(channel, fact.replyId);
        return;
      case 'draft.created':
        this.#end(channel, fact.draftId);
        return;
      default:
        return;
    }
  }

  #raise(channel: Channel, turn: number): void {
    channel.turn = turn;
    if (channel.reply !== null && channel.reply.turn < turn) channel.reply = null;
  }

  #end(channel: Channel, replyId: string): void {
    channel.ended = replyId;
    if (channel.reply?.replyId === replyId) channel.reply = null;
  }

  #signal(to: 'visitor' | 'staff' | 'both', orgId: string, signal: Signal): void {
    switch (signal.type) {
      case 'reply.started':
      case 'reply.delta':
      case 'reply.reset':
      case 'reply.ended':
        if (this.#follow(signal)) this.#emit(to, signal, true);
        return;
      case 'inbox.changed':
        this.#staff.local.to(orgRoom(orgId)).emit('signal', signal);
        return;
      case 'typing.changed':
        this.#typing(signal);
        return;
      case 'read.advanced':
      case 'presence.changed':
      case 'proactive.offered':
        this.#emit(to, signal, false);
        return;
    }
  }

  /** Keeps the text so far for late joiners; false for what is outdated. */
  #follow(signal: Extract<Signal, { type: `reply.${string}` }>): boolean {
    const channel = this.#channel(signal.conversationId);
    const { reply } = channel;
    if (signal.type === 'reply.ended') {
      // Told though the turn has risen: most ends are told by the very fact that raises it.
      if (reply?.replyId === signal.replyId) channel.reply = null;
      return true;
    }
    if (signal.turn < channel.turn || signal.replyId === channel.ended) return false;
    const { claim } = channel;
    if (claim !== null && claim.replyId === signal.replyId && signal.attempt < claim.attempt) return false;
    switch (signal.type) {
      case 'reply.started': {
        const { replyId, turn, attempt, mode } = signal;
        channel.reply = { replyId, turn, attempt, mode, text: '' };
        return true;
      }
      case 'reply.reset':
        if (reply?.replyId !== signal.replyId || signal.attempt < reply.attempt) return false;
        channel.reply = { ...reply, attempt: signal.attempt, text: '' };
        return true;
      case 'reply.delta':
        if (reply?.replyId === signal.replyId && signal.attempt === reply.attempt) {
          if (signal.offset === reply.text.length) {
            reply.text += signal.text;
            return true;
          }
          if (signal.offset < reply.text.length) return false;
        }
        // Its beginning, or something in between, was lost on the way here.
        this.#catchUp(signal.conversationId, channel);
        return false;
    }
  }

  /** Asks the owner of an answer for its text so far and tells the room what it lacks. */
  #catchUp(conversationId: string, channel: Channel): void {
    if (this.#shared === undefined || channel.isAsking) return;
    channel.isAsking = true;
    const told = (live: LiveReply | undefined): void => {
      channel.isAsking = false;
      if (live === undefined || this.#channels.get(conversationId) !== channel) return;
      if (live.turn < channel.turn || live.replyId === channel.ended) return;
      const { replyId, turn, attempt, mode, text } = live;
      const { claim, reply } = channel;
      if (claim !== null && claim.replyId === replyId && attempt < claim.attempt) return;
      const to = mode === 'answer' ? 'both' : 'staff';
      const about = { conversationId, replyId, turn, attempt };
      const isSame = reply !== null && reply.replyId === replyId && reply.attempt === attempt;
      const from = isSame && text.startsWith(reply.text) ? reply.text.length : 0;
      channel.reply = { ...live };
      if (!isSame) this.#emit(to, { type: 'reply.started', ...about, mode }, true);
      if (from === 0) this.#emit(to, { type: 'reply.reset', ...about }, true);
      const missing = text.slice(from);
      if (missing !== '') this.#emit(to, { type: 'reply.delta', ...about, offset: from, text: missing }, true);
    };
    this.#shared.ask(conversationId).then(told, () => told(undefined));
  }

  #typing(signal: SignalOf<'typing.changed'>): void {
    this.#staff.local.to(signal.conversationId).emit('signal', signal);
    if (signal.who === 'visitor') return;
    const { agentId: _, ...shown } = signal;
    this.#visitors.local.to(signal.conversationId).emit('signal', shown);
  }

  #emit(to: 'visitor' | 'staff' | 'both', signal: Signal, isDelta: boolean): void {
    const { conversationId } = signal;
    for (const [namespace, isMeant] of [
      [this.#visitors, to !== 'staff'],
      [this.#staff, to !== 'visitor'],
    ] as const) {
      if (isMeant) tell(namespace, conversationId, 'signal', signal, isDelta);
    }
    if (to !== 'staff') for (const ear of this.#channels.get(conversationId)?.ears ?? []) ear.signal?.(signal);
  }
}
