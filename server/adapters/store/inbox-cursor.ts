// The opaque cursor of inbox pages: the sort key of the last row given.
import { ChatError } from '../../../shared/errors.ts';

/** `at` is what the list sorts by, ms; `tie` tells rows of the same millisecond apart. */
export interface InboxCursor {
  at: number;
  tie: string;
}

export const writeCursor = ({ at, tie }: InboxCursor): string =>
  Buffer.from(`${at.toString(36)}.${tie}`).toString('base64url');

/** @throws ChatError `invalid` for what no page has given */
export const readCursor = (cursor: string): InboxCursor => {
  const [at, ...rest] = Buffer.from(cursor, 'base64url').toString().split('.');
  const value = Number.parseInt(at ?? '', 36);
  const tie = rest.join('.');
  if (!Number.isSafeInteger(value) || tie === '') throw new ChatError('invalid', 'The cursor is not one of this list');
  return { at: value, tie };
};
