// What somebody has typed and not sent: one entry per conversation and kind, kept over reloads until it was sent.
import { stored } from '../prefs.ts';

export type ComposerMode = 'reply' | 'note';

const keyOf = (conversationId: string, mode: ComposerMode): string => `tiller.console.text.${mode}.${conversationId}`;

// A browser that forbids storage still keeps the text while the page lives.
const kept = new Map<string, string>();

export const textOf = (conversationId: string, mode: ComposerMode): string => {
  const key = keyOf(conversationId, mode);
  return kept.get(key) ?? stored.get(key) ?? '';
};

export const keepText = (conversationId: string, mode: ComposerMode, text: string): void => {
  const key = keyOf(conversationId, mode);
  kept.set(key, text);
  stored.set(key, text === '' ? null : text);
};
