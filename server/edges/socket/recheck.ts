// Several nodes: a revocation that was lost on its way here is found out by looking again at what every connection came in by.
import type { Namespace, Socket } from 'socket.io';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import type { Log } from '../../ports/telemetry.ts';
import { hashOf } from '../../usecases/secret.ts';
import type { StaffSeat } from './staff.ts';
import type { VisitorSeat } from './visitor.ts';

const everyMs = 15_000;
/** So many documents are read at once: looking must not be felt by anybody. */
const atOnce = 50;

export interface RecheckDeps {
  store: Store;
  clock: Clock;
  log: Log;
  /** How often deliveries may have been lost so far; null: they always may. */
  gaps(): number | null;
}

/** Of every group one question; those whose answer is no are disconnected. */
const ask = async (
  sockets: Iterable<Socket>,
  keyOf: (socket: Socket) => string | undefined,
  mayStay: (socket: Socket) => Promise<boolean>,
): Promise<void> => {
  const groups = new Map<string, Socket[]>();
  for (const socket of sockets) {
    const key = keyOf(socket);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), socket]);
  }
  const all = [...groups.values()];
  for (let i = 0; i < all.length; i += atOnce) {
    await Promise.all(
      all.slice(i, i + atOnce).map(async (group) => {
        if (!(await mayStay(group[0]!))) for (const socket of group) socket.disconnect(true);
      }),
    );
  }
};

/** Looks every 15 s: at widgets and members always, at visitors' sessions after a time in which something may have been lost. */
export const recheck = (visitors: Namespace, staff: Namespace, deps: RecheckDeps): (() => void) => {
  const { credentials, members, widgets, sessions } = deps.store.documents;
  let gapsBefore = deps.gaps();
  let isLooking = false;

  const look = async (): Promise<void> => {
    await ask(
      staff.sockets.values(),
      (socket) => (socket.data as StaffSeat).credentialId,
      async (socket) => {
        const { member, credentialId } = socket.data as StaffSeat;
        const [credential, now] = await Promise.all([
          credentials.get(member.orgId, credentialId),
          members.get(member.orgId, member.id),
        ]);
        const isOver = (credential?.expiresAt ?? Number.POSITIVE_INFINITY) <= deps.clock.now();
        // With another role the seat would keep the rights of the older one.
        return credential !== undefined && !isOver && now?.isDisabled === false && now.role === member.role;
      },
    );
    await ask(
      visitors.sockets.values(),
      (socket) => (socket.data as VisitorSeat).widgetId,
      async (socket) => {
        const { orgId, widgetId } = socket.data as VisitorSeat;
        return (await widgets.get(orgId, widgetId))?.isEnabled === true;
      },
    );
    const gaps = deps.gaps();
    if (gaps !== null && gaps === gapsBefore) return;
    await ask(
      visitors.sockets.values(),
      (socket) => (socket.data as VisitorSeat).session?.id,
      async (socket) => {
        const { orgId, session, sessionToken } = socket.data as VisitorSeat;
        if (session === undefined || sessionToken === undefined) return true;
        const now = await sessions.get(orgId, session.id);
        return now !== undefined && now.hash === hashOf(sessionToken);
      },
    );
    gapsBefore = gaps;
  };

  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    look()
      .catch((error: unknown) => deps.log.warn({ err: error }, 'connections not checked again'))
      .finally(() => {
        isLooking = false;
      });
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
};
