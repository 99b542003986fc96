// Live rows for the inbox: read again after a change, at most so often, and only while somebody looks.
import type { Server } from 'socket.io';
import { namespaces } from '../../../shared/wire.ts';
import type { Delivery } from '../../ports/bus.ts';
import type { Store } from '../../ports/store.ts';
import type { Log } from '../../ports/telemetry.ts';
import { orgRoom } from './hub.ts';

/** Changes of one tenth of a second go together. */
const windowMs = 100;
/** A row that lags behind its log (several nodes) is read again so often at most. */
const maxTries = 10;
const maxTold = 20_000;

interface Due {
  /** The head that the row must have reached; 0 where any row will do. */
  seq: number;
  tries: number;
}

export interface InboxFeedDeps {
  store: Store;
  log: Log;
  io: Server;
}

export class InboxFeed {
  readonly #deps: InboxFeedDeps;
  readonly #due = new Map<string, Map<string, Due>>();
  /** How far each conversation's row was told here, so that the same change told twice is read once. */
  readonly #told = new Map<string, number>();

  constructor(deps: InboxFeedDeps) {
    this.#deps = deps;
  }

  receive(delivery: Delivery): void {
    if (delivery.kind === 'facts') {
      this.#reach(delivery.orgId, delivery.conversationId, delivery.facts.at(-1)?.seq ?? 0);
    } else if (delivery.kind === 'touched') {
      for (const { conversationId, seq } of delivery.heads) this.#reach(delivery.orgId, conversationId, seq);
    }
  }

  /** This conversation's row has changed without a fact. */
  touch(orgId: string, conversationId: string): void {
    if (this.#isWatched(orgId)) this.#mark(orgId, conversationId, { seq: 0, tries: 0 });
  }

  #isWatched(orgId: string): boolean {
    const watching = this.#deps.io.of(namespaces.staff).adapter.rooms.get(orgRoom(orgId));
    return watching !== undefined && watching.size > 0;
  }

  #reach(orgId: string, conversationId: string, seq: number): void {
    if (!this.#isWatched(orgId) || seq <= (this.#told.get(conversationId) ?? 0)) return;
    this.#told.delete(conversationId);
    this.#told.set(conversationId, seq);
    if (this.#told.size > maxTold) this.#told.delete(this.#told.keys().next().value!);
    this.#mark(orgId, conversationId, { seq, tries: 0 });
  }

  #mark(orgId: string, conversationId: string, due: Due): void {
    const waiting = this.#due.get(orgId);
    const before = waiting?.get(conversationId);
    const wanted = before === undefined || before.seq < due.seq ? due : before;
    if (waiting !== undefined) {
      waiting.set(conversationId, wanted);
      return;
    }
    this.#due.set(orgId, new Map([[conversationId, wanted]]));
    const timer = setTimeout(() => void this.#tell(orgId), windowMs);
    timer.unref();
  }

  async #tell(orgId: string): Promise<void> {
    const { store, io, log } = this.#deps;
    const due = [...(this.#due.get(orgId) ?? [])];
    this.#due.delete(orgId);
    const ids = due.map(([id]) => id);
    try {
      const [rows, marks, counts] = await Promise.all([
        Promise.all(ids.map((id) => store.row(orgId, id))),
        store.reads(ids),
        store.counts(orgId),
      ]);
      for (const [i, [conversationId, { seq, tries }]] of due.entries()) {
        const row = rows[i];
        if ((row?.head.seq ?? 0) < seq && tries < maxTries) {
          this.#mark(orgId, conversationId, { seq, tries: tries + 1 });
          continue;
        }
        if (row === undefined) continue;
        io.of(namespaces.staff)
          .local.to(orgRoom(orgId))
          .emit('signal', {
            type: 'inbox.changed',
            conversationId,
            row: { ...row, staffRead: marks[i]?.staff ?? 0 },
            counts,
          });
      }
    } catch (error) {
      log.warn({ err: error, orgId }, 'inbox rows not told');
    }
  }
}
