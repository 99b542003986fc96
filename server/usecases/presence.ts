// Who of the staff is there, who looks at which conversation and who types. Of this node by its sockets, forgotten with
// them; of the other nodes by what they say of themselves, forgotten with those.
import type { StaffSeat } from '../ports/bus.ts';
import type { ViewingAgent } from '../../shared/signals.ts';

interface Seat {
  orgId: string;
  memberId: string;
  name: string;
  isAway: boolean;
  viewing: Set<string>;
  typing: Set<string>;
}

export interface PresenceEvents {
  /** Somebody can answer now, or nobody can any more. */
  availability(orgId: string, isOnline: boolean): void;
  /** Who looks at this conversation, or types in it, has changed. */
  viewers(orgId: string, conversationId: string, agents: ViewingAgent[]): void;
}

/** What other nodes want to know; without any there is nobody to tell. */
export interface PresenceNews {
  /** Who is at this node has changed. */
  seats(): void;
  /** Who looks at a conversation here has changed; `isFirst`: nobody here did before, so the others should tell theirs. */
  viewers(orgId: string, conversationId: string, agents: ViewingAgent[], isFirst: boolean): void;
}

export class Presence {
  readonly #seats = new Map<string, Seat>();
  readonly #online = new Map<string, number>();
  readonly #viewers = new Map<string, Set<string>>();
  /** By node. */
  readonly #elsewhere = new Map<string, StaffSeat[]>();
  /** By conversation and node. */
  readonly #viewersElsewhere = new Map<string, { orgId: string; nodes: Map<string, ViewingAgent[]> }>();
  #events: PresenceEvents | null = null;
  #news: PresenceNews | null = null;

  /** The gateway listens; before that nobody can be present. */
  listen(events: PresenceEvents): void {
    this.#events = events;
  }

  /** Tells the other nodes. */
  announce(news: PresenceNews): void {
    this.#news = news;
  }

  isStaffOnline(orgId: string): boolean {
    return (this.#online.get(orgId) ?? 0) > 0 || this.#isElsewhere((seat) => seat.orgId === orgId && !seat.isAway);
  }

  /** Whether this member has a socket anywhere, away or not. */
  isConnected(orgId: string, memberId: string): boolean {
    for (const seat of this.#seats.values()) if (seat.memberId === memberId && seat.orgId === orgId) return true;
    return this.#isElsewhere((seat) => seat.memberId === memberId && seat.orgId === orgId);
  }

  /** A staff socket has come; `socketId` names it in every other call. */
  enter(socketId: string, member: { orgId: string; id: string; name: string }): void {
    const { orgId, id: memberId, name } = member;
    this.#seats.set(socketId, { orgId, memberId, name, isAway: false, viewing: new Set(), typing: new Set() });
    this.#count(orgId, 1);
    this.#news?.seats();
  }

  leave(socketId: string): void {
    const seat = this.#seats.get(socketId);
    if (seat === undefined) return;
    for (const conversationId of seat.viewing) this.stopViewing(socketId, conversationId);
    this.#seats.delete(socketId);
    if (!seat.isAway) this.#count(seat.orgId, -1);
    this.#news?.seats();
  }

  setAway(socketId: string, isAway: boolean): void {
    const seat = this.#seats.get(socketId);
    if (seat === undefined || seat.isAway === isAway) return;
    seat.isAway = isAway;
    this.#count(seat.orgId, isAway ? -1 : 1);
    this.#news?.seats();
  }

  view(socketId: string, conversationId: string): void {
    const seat = this.#seats.get(socketId);
    if (seat === undefined) return;
    seat.viewing.add(conversationId);
    const sockets = this.#viewers.get(conversationId) ?? new Set();
    const isFirst = sockets.size === 0;
    sockets.add(socketId);
    this.#viewers.set(conversationId, sockets);
    this.#tell(seat.orgId, conversationId, isFirst);
  }

  stopViewing(socketId: string, conversationId: string): void {
    const seat = this.#seats.get(socketId);
    if (seat === undefined || !seat.viewing.delete(conversationId)) return;
    seat.typing.delete(conversationId);
    const sockets = this.#viewers.get(conversationId);
    sockets?.delete(socketId);
    if (sockets?.size === 0) this.#viewers.delete(conversationId);
    this.#tell(seat.orgId, conversationId);
  }

  setTyping(socketId: string, conversationId: string, isTyping: boolean): void {
    const seat = this.#seats.get(socketId);
    if (seat === undefined || !seat.viewing.has(conversationId)) return;
    if (seat.typing.has(conversationId) === isTyping) return;
    if (isTyping) seat.typing.add(conversationId);
    else seat.typing.delete(conversationId);
    this.#tell(seat.orgId, conversationId);
  }

  /** The members who look at a conversation, each once however many tabs they have. */
  viewers(conversationId: string): ViewingAgent[] {
    const agents = new Map(this.#here(conversationId).map((agent) => [agent.id, agent]));
    for (const others of this.#viewersElsewhere.get(conversationId)?.nodes.values() ?? []) {
      for (const agent of others) {
        const typing = agent.typing || agents.get(agent.id)?.typing === true;
        agents.set(agent.id, { ...agent, typing });
      }
    }
    return [...agents.values()];
  }

  /** Who is at this node, each member once; away only where no tab of theirs is there. */
  seats(): StaffSeat[] {
    const seats = new Map<string, StaffSeat>();
    for (const { orgId, memberId, isAway } of this.#seats.values()) {
      const before = seats.get(`${orgId} ${memberId}`);
      if (before?.isAway !== false) seats.set(`${orgId} ${memberId}`, { orgId, memberId, isAway });
    }
    return [...seats.values()];
  }

  /** Another node says who is there. */
  hearSeats(node: string, seats: StaffSeat[]): void {
    const before = this.#elsewhere.get(node) ?? [];
    const concerned = new Set([...before, ...seats].map(({ orgId }) => orgId));
    if (concerned.size === 0) return;
    const were = [...concerned].map((orgId) => [orgId, this.isStaffOnline(orgId)] as const);
    if (seats.length === 0) this.#elsewhere.delete(node);
    else this.#elsewhere.set(node, seats);
    for (const [orgId, was] of were) {
      const is = this.isStaffOnline(orgId);
      if (is !== was) this.#events?.availability(orgId, is);
    }
  }

  /** Another node says who looks at a conversation; `asks`: it wants to know the same of this one. */
  hearViewers(said: {
    node: string;
    orgId: string;
    conversationId: string;
    agents: ViewingAgent[];
    asks: boolean;
  }): void {
    const { node, orgId, conversationId, agents, asks } = said;
    const known = this.#viewersElsewhere.get(conversationId) ?? { orgId, nodes: new Map<string, ViewingAgent[]>() };
    if (agents.length === 0) known.nodes.delete(node);
    else known.nodes.set(node, agents);
    if (known.nodes.size === 0) this.#viewersElsewhere.delete(conversationId);
    else this.#viewersElsewhere.set(conversationId, known);
    this.#events?.viewers(orgId, conversationId, this.viewers(conversationId));
    const here = this.#here(conversationId);
    if (asks && here.length > 0) this.#news?.viewers(orgId, conversationId, here, false);
  }

  /** This node may have missed what others told of who looks at what. */
  forgetElsewhere(): void {
    const nodes = new Set([...this.#viewersElsewhere.values()].flatMap(({ nodes: viewing }) => [...viewing.keys()]));
    for (const node of nodes) this.forgetViewersOf(node);
  }

  /** What one node told of who looks at what is no longer to be believed. */
  forgetViewersOf(node: string): void {
    for (const [conversationId, { orgId, nodes }] of this.#viewersElsewhere) {
      if (nodes.has(node)) this.hearViewers({ node, orgId, conversationId, agents: [], asks: false });
    }
  }

  /** Tells the others once more who looks at what here, and asks the same of them. */
  tellAgain(): void {
    for (const [conversationId, sockets] of this.#viewers) {
      const orgId = [...sockets].map((id) => this.#seats.get(id)?.orgId).find((id) => id !== undefined);
      if (orgId !== undefined) this.#news?.viewers(orgId, conversationId, this.#here(conversationId), true);
    }
  }

  /** Of all other nodes only these are left. */
  keepOnly(nodes: ReadonlySet<string>): void {
    for (const node of this.#elsewhere.keys()) if (!nodes.has(node)) this.hearSeats(node, []);
    for (const [conversationId, { orgId, nodes: viewing }] of this.#viewersElsewhere) {
      for (const node of viewing.keys()) {
        if (!nodes.has(node)) this.hearViewers({ node, orgId, conversationId, agents: [], asks: false });
      }
    }
  }

  /** What is known of viewers on other nodes: nobody here follows this conversation any more. */
  forgetViewers(conversationId: string): void {
    this.#viewersElsewhere.delete(conversationId);
  }

  #here(conversationId: string): ViewingAgent[] {
    const agents = new Map<string, ViewingAgent>();
    for (const socketId of this.#viewers.get(conversationId) ?? []) {
      const seat = this.#seats.get(socketId);
      if (seat === undefined) continue;
      const isTyping = seat.typing.has(conversationId) || agents.get(seat.memberId)?.typing === true;
      agents.set(seat.memberId, { id: seat.memberId, name: seat.name, viewing: true, typing: isTyping });
    }
    return [...agents.values()];
  }

  #isElsewhere(match: (seat: StaffSeat) => boolean): boolean {
    for (const seats of this.#elsewhere.values()) if (seats.some(match)) return true;
    return false;
  }

  #count(orgId: string, delta: 1 | -1): void {
    const was = this.isStaffOnline(orgId);
    const after = (this.#online.get(orgId) ?? 0) + delta;
    if (after === 0) this.#online.delete(orgId);
    else this.#online.set(orgId, after);
    const is = this.isStaffOnline(orgId);
    if (was !== is) this.#events?.availability(orgId, is);
  }

  #tell(orgId: string, conversationId: string, isFirst = false): void {
    this.#events?.viewers(orgId, conversationId, this.viewers(conversationId));
    this.#news?.viewers(orgId, conversationId, this.#here(conversationId), isFirst);
  }
}
