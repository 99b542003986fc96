// Markdown that grows: reveals what arrives evenly, one step a frame, and never draws anything twice.
import { renderMarkdown } from '../../markdown.ts';
import type { MarkdownWriter } from '../../markdown.ts';

/** At most so many characters lag behind what arrived. */
const backlog = 120;

const isStill = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** A cut that leaves surrogate pairs whole. */
const wholeEnd = (text: string, end: number): number => {
  const unit = text.charCodeAt(end - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? end + 1 : end;
};

export interface StreamingText {
  /** `isDone`: nothing follows; the rest is drawn at once and the caret goes. */
  update(text: string, isDone: boolean): void;
  stop(): void;
}

/** Draws into `target`, which nobody else touches. */
export const streamInto = (target: HTMLElement): StreamingText => {
  let writer: MarkdownWriter | null = null;
  let written = '';
  let wanted = '';
  let isEnded = false;
  let frame = 0;
  let caret: Element | null = null;

  const begin = (): MarkdownWriter => {
    target.replaceChildren();
    written = '';
    isEnded = false;
    return (writer = renderMarkdown(target));
  };
  const placeCaret = (isOn: boolean): void => {
    let last: Element | null = null;
    if (isOn) {
      last = target;
      while (
        last.lastElementChild !== null &&
        /^(P|UL|OL|LI|BLOCKQUOTE|PRE|CODE)$/.test(last.lastElementChild.tagName)
      ) {
        last = last.lastElementChild;
      }
    }
    if (last === caret) return;
    caret?.classList.remove('caret');
    last?.classList.add('caret');
    caret = last;
  };
  const writeTo = (end: number): void => {
    (writer ?? begin()).write(wanted.slice(written.length, end));
    written = wanted.slice(0, end);
  };
  const step = (): void => {
    frame = 0;
    const rest = wanted.length - written.length;
    if (rest <= 0) return;
    const pace = Math.max(2, Math.ceil(rest / 6), rest - backlog);
    writeTo(wholeEnd(wanted, Math.min(wanted.length, written.length + pace)));
    placeCaret(true);
    if (written.length < wanted.length) frame = requestAnimationFrame(step);
  };

  return {
    update: (text, isDone) => {
      // Another attempt or an edit replaces what stood here: start over. A mere ending is never drawn anew.
      if (writer === null || isEnded ? text !== written : !text.startsWith(written)) begin();
      else if (isEnded) return;
      wanted = text;
      if (!isDone && !isStill()) {
        placeCaret(true);
        frame ||= requestAnimationFrame(step);
        return;
      }
      if (written.length < wanted.length) writeTo(wanted.length);
      placeCaret(!isDone);
      if (isDone) {
        writer?.end();
        isEnded = true;
      }
    },
    stop: () => cancelAnimationFrame(frame),
  };
};
