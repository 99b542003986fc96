// What a conversation needs and an empty panel does not: messages, markdown, and the voice for screen readers.
import { createAnnouncer } from '../announcer.ts';
import type { PanelModel } from '../model.ts';
import { narrate } from '../narrator.ts';
import markdown from '../styles/markdown.css?inline';
import message from '../styles/message.css?inline';

export { Message } from '../components/message.tsx';
export { TypingDots } from '../components/typing-dots.tsx';

/** Styles and the voice, until the returned undo. */
export const equip = (model: PanelModel, polite: HTMLElement, assertive: HTMLElement): (() => void) => {
  const announcer = createAnnouncer(polite, assertive);
  const stop = narrate(model, announcer);
  model.adopt(message + markdown);
  return () => {
    stop();
    announcer.dispose();
  };
};
