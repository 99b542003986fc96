// A visitor's credentials: what a browser keeps for anonymous visitors, and what a page alone holds of a person who is signed in.
import type { WireError } from '../../shared/errors.ts';
import { PROTOCOL_VERSION } from '../../shared/wire.ts';
import type { VisitorAuth } from '../../shared/wire.ts';
import type { KeyValueStorage, VisitorClientOptions } from './api.ts';
import { scopeOfToken } from './scope.ts';

/** What an ack brings of credentials. */
export interface Credentials {
  sessionToken?: string | undefined;
  visitorToken?: string | undefined;
}

export interface Session {
  auth: () => VisitorAuth;
  /** What the present person's storage keys begin with; `''` for an anonymous visitor. */
  scope: () => string;
  /** The scope that the view of the last handshake belongs to. */
  scopeOf: (isSigned: boolean) => string;
  /** From now on credentials are those of this scope. */
  enter: (scope: string) => void;
  /** Keeps what an ack brought, if it brought any, where the present scope keeps it. */
  keep: (credentials: Credentials) => void;
  /** The token of the present session. */
  sessionToken: () => string | null;
  /** The identity token that waits to be accepted. */
  showing: () => string | undefined;
  /** Shows an identity token at the next handshake. */
  present: (token: string) => void;
  /** The identity was accepted; it is short-lived, so it is not shown again. */
  accepted: () => void;
  /**
   * The server knows these credentials no longer: lets go of one at a time, the identity first, the session before the
   * visitor. Undefined where none is left: then the refusal is final.
   */
  dropRefused: (error: WireError) => 'identity' | 'session' | 'visitor' | undefined;
  /** Nothing is known any more of who was here. */
  forget: () => void;
}

/**
 * An anonymous visitor's tokens are in the storage: read at every handshake, because another tab may have rotated them. Of a person
 * who is signed in the storage keeps nothing that opens anything: the session's token lives as long as the page, and the
 * visitor's token is good for nothing without an identity token of the same person.
 */
export const createSession = (storage: KeyValueStorage, base: string, options: VisitorClientOptions): Session => {
  let identity = options.identity;
  let scope = '';
  let signedSession: string | null = null;

  const keyOf = (name: 'session' | 'visitor', of = scope): string => `${base}${of}${name}`;
  const read = (name: 'session' | 'visitor', of?: string): string | null => storage.getItem(keyOf(name, of));
  const sessionToken = (): string | null => (scope === '' ? read('session') : signedSession);

  return {
    auth: () => {
      const session = sessionToken();
      const visitor = read('visitor') ?? (identity === undefined ? null : read('visitor', scopeOfToken(identity)));
      return {
        v: PROTOCOL_VERSION,
        ...(session === null ? {} : { sessionToken: session }),
        ...(visitor === null ? {} : { visitorToken: visitor }),
        ...(identity === undefined ? {} : { identity }),
        ...(options.channel === undefined ? {} : { channel: options.channel }),
      };
    },
    scope: () => scope,
    scopeOf: (isSigned) => (!isSigned ? '' : identity === undefined ? scope : scopeOfToken(identity)),
    enter: (next) => {
      // What was anonymous is the person's now, and the old tokens are dead.
      if (scope === '') for (const name of ['session', 'visitor'] as const) storage.removeItem(keyOf(name));
      scope = next;
      signedSession = null;
    },
    keep: (credentials) => {
      const { sessionToken: session, visitorToken: visitor } = credentials;
      if (session !== undefined && scope === '') storage.setItem(keyOf('session'), session);
      else if (session !== undefined) signedSession = session;
      if (visitor !== undefined) storage.setItem(keyOf('visitor'), visitor);
    },
    sessionToken,
    showing: () => identity,
    present: (token) => {
      identity = token;
    },
    accepted: () => {
      identity = undefined;
    },
    dropRefused: (error) => {
      if (error.code !== 'unauthenticated') return undefined;
      if (identity !== undefined) {
        identity = undefined;
        return 'identity';
      }
      if (sessionToken() !== null) {
        storage.removeItem(keyOf('session'));
        signedSession = null;
        return 'session';
      }
      if (read('visitor') === null) return undefined;
      storage.removeItem(keyOf('visitor'));
      return 'visitor';
    },
    forget: () => {
      identity = undefined;
      signedSession = null;
      for (const name of ['session', 'visitor'] as const) {
        storage.removeItem(keyOf(name));
        storage.removeItem(keyOf(name, ''));
      }
      scope = '';
    },
  };
};
