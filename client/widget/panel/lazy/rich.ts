// Markdown, and the voice for screen readers: what the first answer needs and the empty panel does not.
import { createAnnouncer } from '../announcer.ts';
import { streamMarkdown } from '../markdown.ts';
import type { PanelModel } from '../model.ts';
import { narrate } from '../narrator.ts';
import css from '../styles/markdown.css?inline';

/** Until the returned undo. */
export const enrich = (model: PanelModel, polite: HTMLElement, assertive: HTMLElement): (() => void) => {
  const announcer = createAnnouncer(polite, assertive);
  const stop = narrate(model, announcer);
  model.adopt(css);
  model.render.value = streamMarkdown;
  return () => {
    stop();
    announcer.dispose();
  };
};
