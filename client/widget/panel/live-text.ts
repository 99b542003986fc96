// The text of one message on the screen: grows while it streams, settles when the final text is known, never remounts.
import { isHidden, make } from '../../page.ts';
import { renderMarkdown } from '../../markdown.ts';
import type { MarkdownWriter } from '../../markdown.ts';
import { nextReveal } from './reveal.ts';

/**
 * `live`: more may come. `done`: this is the final text, what is missing is still revealed evenly. `still`: show it
 * as it is, at once (history, an answer that was cut).
 */
export type Phase = 'live' | 'done' | 'still';

export class LiveText {
  readonly #root: HTMLElement;
  readonly #caret: HTMLElement;
  readonly #onSettled: () => void;
  #stream: MarkdownWriter;
  #target = '';
  #shown = '';
  #phase: Phase = 'still';
  #isEnded = false;
  #frame = 0;
  #lastFrame = 0;

  /** `onSettled` is called once all of a final text is visible. */
  constructor(root: HTMLElement, onSettled: () => void) {
    this.#root = root;
    this.#onSettled = onSettled;
    this.#caret = make('span', 'caret');
    this.#caret.setAttribute('aria-hidden', 'true');
    this.#stream = renderMarkdown(root);
  }

  /** What is there at the first call is shown at once: who comes late does not watch old words appear. */
  update(text: string, phase: Phase): void {
    const isFirst = this.#shown === '' && !this.#isEnded;
    const isOther = !text.startsWith(this.#shown) || (this.#isEnded && text !== this.#shown);
    const seen = this.#shown.length;
    this.#target = text;
    this.#phase = phase;
    if (isOther) {
      this.#restart();
      this.#show(Math.min(seen, text.length));
    }
    // Nobody watches a hidden page, and it gets no frames.
    if (isFirst || phase === 'still' || isHidden() || prefersStill()) this.#show(text.length);
    this.#settle();
    this.#schedule();
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #restart(): void {
    this.#root.replaceChildren();
    this.#stream = renderMarkdown(this.#root);
    this.#shown = '';
    this.#isEnded = false;
  }

  #show(length: number): void {
    if (length <= this.#shown.length) return;
    this.#caret.remove();
    this.#stream.write(this.#target.slice(this.#shown.length, length));
    this.#shown = this.#target.slice(0, length);
  }

  #settle(): void {
    const isAll = this.#shown.length === this.#target.length;
    if (this.#phase === 'live' || !isAll) {
      if (this.#shown !== '') this.#stream.tip().append(this.#caret);
      return;
    }
    this.#caret.remove();
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#stream.end();
    this.#onSettled();
  }

  #schedule(): void {
    if (this.#frame !== 0 || this.#shown.length === this.#target.length) return;
    this.#lastFrame = performance.now();
    const draw = (now: number): void => {
      this.#frame = 0;
      this.#show(nextReveal(this.#target, this.#shown.length, Math.max(1, now - this.#lastFrame)));
      this.#lastFrame = now;
      this.#settle();
      if (this.#shown.length < this.#target.length) this.#frame = requestAnimationFrame(draw);
    };
    this.#frame = requestAnimationFrame(draw);
  }
}

const prefersStill = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;
