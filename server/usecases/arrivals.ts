// Whether an address may make one more thing that is kept before anybody has said a word. The same over sockets and REST.
import type { ChatError } from '../../shared/errors.ts';
import type { Limits } from './limits.ts';

/** `address` as limits count it; undefined where it is not counted. The refusal, or undefined where a session may be opened. */
export const admitSession = async (
  limits: Limits,
  address: string | undefined,
  widgetId: string,
): Promise<ChatError | undefined> => {
  if (address === undefined) return undefined;
  return (
    (await limits.checkSharedFrom('newSession', address, { at: widgetId })) ??
    (await limits.checkSharedFrom('newSessions', address))
  );
};

/** As `admitSession`, for one more conversation in a session that is open. */
export const admitConversation = async (
  limits: Limits,
  address: string | undefined,
  visitorId: string,
): Promise<ChatError | undefined> =>
  limits.check('session', `conversation:new ${visitorId}`) ??
  (address === undefined ? undefined : await limits.checkSharedFrom('newConversation', address));
