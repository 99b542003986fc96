// Bans on sockets: no command of a banned visitor is done, and their connections end.
import type { Socket } from 'socket.io';
import type { visitorCommands } from '../../../shared/commands.ts';
import type { Log } from '../../ports/telemetry.ts';
import type { Bans } from '../../usecases/bans.ts';
import type { Handlers } from './bind.ts';
import type { VisitorSeat } from './visitor.ts';

export interface BanningDeps {
  bans: Bans;
  log: Log;
}

/** Whom a ban may concern at this seat. */
const whoIs = ({ session, from }: VisitorSeat): { contactId: string | undefined; address: string | undefined } => ({
  contactId: session?.contactId,
  address: from,
});

/** Asked before every command, and again once the socket has a session: who was banned meanwhile gets no view of it. */
export const refusingBanned = (
  handlers: Handlers<typeof visitorCommands>,
  socket: Socket,
  deps: BanningDeps,
): Handlers<typeof visitorCommands> =>
  Object.fromEntries(
    Object.entries<(input: never) => Promise<unknown>>(handlers).map(([name, handle]) => [
      name,
      async (input: never) => {
        const seat = socket.data as VisitorSeat;
        await deps.bans.admit(seat.orgId, whoIs(seat));
        const before = seat.session?.contactId;
        const answer = await handle(input);
        if (seat.session?.contactId !== before) await endIfBanned(socket, deps);
        return answer;
      },
    ]),
  ) as unknown as Handlers<typeof visitorCommands>;

const endIfBanned = async (socket: Socket, { bans }: BanningDeps): Promise<void> => {
  const seat = socket.data as VisitorSeat;
  if (await bans.isBanned(seat.orgId, whoIs(seat))) socket.disconnect(true);
};

/** Ends the connections of those who are banned by now, of one organisation or of all. */
export const endBanned = (sockets: Iterable<Socket>, deps: BanningDeps, orgId?: string): void => {
  for (const socket of sockets) {
    if (orgId !== undefined && (socket.data as VisitorSeat).orgId !== orgId) continue;
    endIfBanned(socket, deps).catch((error: unknown) =>
      deps.log.warn({ err: error }, 'connection not checked for a ban'),
    );
  }
};
