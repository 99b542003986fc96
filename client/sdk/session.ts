// A visitor's credentials across reloads and tabs: read at every handshake, because another tab may have rotated them.
import type { WireError } from '../../shared/errors.ts';
import { PROTOCOL_VERSION } from '../../shared/wire.ts';
import type { VisitorAuth } from '../../shared/wire.ts';
import type { KeyValueStorage, VisitorClientOptions } from './api.ts';

export interface Session {
  auth: () => VisitorAuth;
  /** Keeps what an ack brought, if it brought any. */
  keep: (tokens: { sessionToken?: string | undefined; visitorToken?: string | undefined }) => void;
  /** The identity was accepted; it is short-lived, so it is not shown again. */
  accepted: () => void;
  /**
   * The server knows these credentials no longer: lets go of one at a time, the identity first, the session before the
   * visitor. False where none is left: then the refusal is final.
   */
  forgive: (error: WireError) => boolean;
  forget: () => void;
}

export const createSession = (storage: KeyValueStorage, options: VisitorClientOptions): Session => {
  const sessionKey = `tiller:${options.widgetKey}:session`;
  const visitorKey = `tiller:${options.widgetKey}:visitor`;
  let identity = options.identity;

  return {
    auth: () => {
      const sessionToken = storage.getItem(sessionKey);
      const visitorToken = storage.getItem(visitorKey);
      return {
        v: PROTOCOL_VERSION,
        ...(sessionToken === null ? {} : { sessionToken }),
        ...(visitorToken === null ? {} : { visitorToken }),
        ...(identity === undefined ? {} : { identity }),
        ...(options.channel === undefined ? {} : { channel: options.channel }),
      };
    },
    keep: ({ sessionToken, visitorToken }) => {
      if (sessionToken !== undefined) storage.setItem(sessionKey, sessionToken);
      if (visitorToken !== undefined) storage.setItem(visitorKey, visitorToken);
    },
    accepted: () => {
      identity = undefined;
    },
    forgive: (error) => {
      if (error.code !== 'unauthenticated') return false;
      const hadSession = storage.getItem(sessionKey) !== null;
      const hadVisitor = storage.getItem(visitorKey) !== null;
      if (identity !== undefined) identity = undefined;
      else if (hadSession) storage.removeItem(sessionKey);
      else if (hadVisitor) storage.removeItem(visitorKey);
      else return false;
      return true;
    },
    forget: () => {
      identity = undefined;
      storage.removeItem(sessionKey);
      storage.removeItem(visitorKey);
    },
  };
};
