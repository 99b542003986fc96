// Who of the staff is there, who looks at which conversation and who types: of this node, forgotten with its sockets.
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

export class Presence {
  readonly #seats = new Map<string, Seat>();
  readonly #online = new Map<string, number>();
  readonly #viewers = new Map<string, Set<string>>();
  #events: PresenceEvents | null = null;

  /** The gateway listens; before that nobody can be present. */
  listen(events: PresenceEvents): void {
    this.#events = events;
  }

  isStaffOnline(orgId: string): boolean {
    return (this.#online.get(orgId) ?? 0) > 0;
  }

  /** A staff socket has come; `socketId` names it in every other call. */
  enter(socketId: string, member: { orgId: string; id: string; name: string }): void {
    const { orgId, id: memberId, name } = member;
    this.#seats.set(socketId, { orgId, memberId, name, isAway: false, viewing: new Set(), typing: new Set() });
    this.#count(orgId, 1);
  }

  leave(socketId: string): void {
    const seat = this.#seats.get(socketId);
    if (seat === undefined) return;
    for (const conversationId of seat.viewing) this.stopViewing(socketId, conversationId);
    this.#seats.delete(socketId);
    if (!seat.isAway) this.#count(seat.orgId, -1);
  }

  setAway(socketId: string, isAway: boolean): void {
    const seat = this.#seats.get(socketId);
    if (seat === undefined || seat.isAway === isAway) return;
    seat.isAway = isAway;
    this.#count(seat.orgId, isAway ? -1 : 1);
  }

  view(socketId: string, conversationId: string): void {
    const seat = this.#seats.get(socketId);
    if (seat === undefined) return;
    seat.viewing.add(conversationId);
    const sockets = this.#viewers.get(conversationId) ?? new Set();
    sockets.add(socketId);
    this.#viewers.set(conversationId, sockets);
    this.#tell(seat.orgId, conversationId);
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
    const agents = new Map<string, ViewingAgent>();
    for (const socketId of this.#viewers.get(conversationId) ?? []) {
      const seat = this.#seats.get(socketId);
      if (seat === undefined) continue;
      const isTyping = seat.typing.has(conversationId) || agents.get(seat.memberId)?.typing === true;
      agents.set(seat.memberId, { id: seat.memberId, name: seat.name, viewing: true, typing: isTyping });
    }
    return [...agents.values()];
  }

  #count(orgId: string, delta: 1 | -1): void {
    const before = this.#online.get(orgId) ?? 0;
    const after = before + delta;
    if (after === 0) this.#online.delete(orgId);
    else this.#online.set(orgId, after);
    if ((before === 0) !== (after === 0)) this.#events?.availability(orgId, after > 0);
  }

  #tell(orgId: string, conversationId: string): void {
    this.#events?.viewers(orgId, conversationId, this.viewers(conversationId));
  }
}
