// The socket protocol in one page: handshakes, acks and the two events, typed from the tables. Types only, but for constants.
import type { CommandInput, CommandOutput, staffCommands, visitorCommands } from './commands.ts';
import type { WireError } from './errors.ts';
import type { VisibleFact } from './facts.ts';
import type { Signal } from './signals.ts';

/** Rises when an older client could no longer be served. */
export const PROTOCOL_VERSION = 1;

export const namespaces = { visitor: '/widget', staff: '/console' } as const;

export type Ack<T> = { ok: true; data: T } | { ok: false; error: WireError };

/** `auth` of the `/widget` handshake; the public key travels in `query.widgetKey`, so that the upgrade itself can be refused. */
export interface VisitorAuth {
  v: number;
  visitorToken?: string;
  sessionToken?: string;
  /** A JWT signed by the site's owner. */
  identity?: string;
  /** Marks conversations that settings start to try an assistant. */
  channel?: 'test';
}

/** `auth` of the `/console` handshake; without a token the console's session cookie is used. */
export interface StaffAuth {
  v: number;
  token?: string;
}

/** A colon asks: commands of a client, each with an ack. */
type Asks<T extends typeof visitorCommands | typeof staffCommands> = {
  [K in keyof T & string]: (input: CommandInput<T, K>, ack: (answer: Ack<CommandOutput<T, K>>) => void) => void;
};
export type VisitorAsks = Asks<typeof visitorCommands>;
export type StaffAsks = Asks<typeof staffCommands>;

/** A dot tells: the only two events of the server. */
export interface Tells {
  fact: (fact: VisibleFact) => void;
  signal: (signal: Signal) => void;
}
