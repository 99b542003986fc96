// Live rows for the inbox: read again after a change, at most so often, and only while somebody looks.
import type { Server } from 'socket.io';
import { namespaces } from '../../../shared/wire.ts';
import type { Bus, Delivery } from '../../ports/bus.ts';
import type { Store } from '../../ports/store.ts';
import type { Log } from '../../ports/telemetry.ts';
import { orgRoom } from './hub.ts';

/** Changes of one tenth of a second go together. */
const windowMs = 100;

export class InboxFeed {
  readonly #deps: { store: Store; bus: Bus; log: Log; io: Server };
  readonly #due = new Map<string, Set<string>>();

  constructor(deps: { store: Store; bus: Bus; log: Log; io: Server }) {
    this.#deps = deps;
  }

  receive(delivery: Delivery): void {
    if (delivery.kind === 'facts') this.touch(delivery.orgId, delivery.conversationId);
  }

  /** This conversation's row has changed. */
  touch(orgId: string, conversationId: string): void {
    const watching = this.#deps.io.of(namespaces.staff).adapter.rooms.get(orgRoom(orgId));
    if (watching === undefined || watching.size === 0) return;
    const due = this.#due.get(orgId);
    if (due !== undefined) {
      due.add(conversationId);
      return;
    }
    this.#due.set(orgId, new Set([conversationId]));
    const timer = setTimeout(() => void this.#tell(orgId), windowMs);
    timer.unref();
  }

  async #tell(orgId: string): Promise<void> {
    const { store, bus, log } = this.#deps;
    const ids = [...(this.#due.get(orgId) ?? [])];
    this.#due.delete(orgId);
    try {
      const [rows, marks, counts] = await Promise.all([
        Promise.all(ids.map((id) => store.row(orgId, id))),
        store.reads(ids),
        store.counts(orgId),
      ]);
      for (const [i, row] of rows.entries()) {
        if (row === undefined) continue;
        const signal = {
          type: 'inbox.changed',
          conversationId: row.conversationId,
          row: { ...row, staffRead: marks[i]?.staff ?? 0 },
          counts,
        } as const;
        bus.publish({ kind: 'signal', orgId, to: 'staff', signal });
      }
    } catch (error) {
      log.warn({ err: error, orgId }, 'inbox rows not told');
    }
  }
}
