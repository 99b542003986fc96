// Between the bus and the sockets: projects facts, drops what is outdated, keeps the text of answers in flight.
import type { Namespace, Server } from 'socket.io';
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

export class Hub implements Listening {
  readonly #visitors: Namespace;
  readonly #staff: Namespace;
  readonly #channels = new Map<string, Channel>();

  constructor(io: Server) {
    this.#visitors = io.of(namespaces.visitor);
    this.#staff = io.of(namespaces.staff);
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
    return () => void ears.delete(ear);
  }

  #channel(conversationId: string): Channel {
    const found = this.#channels.get(conversationId);
    if (found !== undefined) return found;
    const channel: Channel = { turn: 0, reply: null, ears: new Set() };
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
        if (fact.author.kind === 'visitor') {
          channel.turn += 1;
          channel.reply = null;
        } else if (channel.reply?.replyId === fact.messageId) channel.reply = null;
        return;
      case 'control.changed':
      case 'conversation.closed':
      case 'conversation.reopened':
        channel.turn = fact.turn;
        channel.reply = null;
        return;
      case 'reply.claimed':
        channel.turn = fact.turn;
        channel.reply = null;
        return;
      case 'reply.failed':
      case 'draft.created':
        channel.reply = null;
        return;
      default:
        return;
    }
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
    if (signal.turn < channel.turn) return false;
    switch (signal.type) {
      case 'reply.started': {
        const { replyId, turn, attempt, mode } = signal;
        channel.turn = turn;
        channel.reply = { replyId, turn, attempt, mode, text: '' };
        return true;
      }
      case 'reply.reset':
        if (reply?.replyId !== signal.replyId || signal.attempt < reply.attempt) return false;
        channel.reply = { ...reply, attempt: signal.attempt, text: '' };
        return true;
      case 'reply.delta':
        if (reply?.replyId !== signal.replyId || signal.attempt !== reply.attempt) return false;
        if (signal.offset !== reply.text.length) return false;
        reply.text += signal.text;
        return true;
    }
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
