// What an answer says out loud: text comes in as the model writes, goes out in coalesced deltas, and can be held.
import { safeEnd } from '../domain/reply.ts';

export interface UtteranceDeps {
  /** `offset` in UTF-16 units. */
  publish(offset: number, text: string): void;
  /** Keeps the text published so far beside the log. */
  checkpoint(text: string): Promise<void>;
  /** For how many ms deltas are gathered right now. */
  windowMs(): number;
  monotonic(): number;
  /** Whether anything may be said right now; where not, it waits for the next window. */
  maySpeak(): boolean;
}

const checkpointEvery = { ms: 500, characters: 1024 } as const;

export class Utterance {
  readonly #deps: UtteranceDeps;
  #text = '';
  #published = 0;
  #isHeld = false;
  /** Another node decides about it until then, on this node's monotonic clock. */
  #heldUntil = 0;
  #isOver = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #checkpointAt = 0;
  #checkpointed = 0;

  constructor(deps: UtteranceDeps) {
    this.#deps = deps;
  }

  /** All that was written, published or not. */
  get text(): string {
    return this.#text;
  }

  /** What readers have been sent, to the character. */
  get said(): string {
    return this.#text.slice(0, this.#published);
  }

  /** The first text goes at once; then what comes within a window goes together. */
  write(text: string): void {
    this.#text += text;
    if (this.#published === 0) this.#flush();
    else this.#wait();
  }

  /** Nothing more goes out until `resume`: somebody decides whether this answer is cut here. */
  hold(): void {
    this.#isHeld = true;
  }

  /** As `hold`, for another node: it may be gone before it says how it ended, so this ends by itself. */
  holdFor(ms: number): void {
    this.#heldUntil = this.#deps.monotonic() + ms;
  }

  resume(): void {
    this.#isHeld = false;
    if (this.#published < this.#text.length) this.#wait();
  }

  /** The rest at once: the answer is complete. Where it may not speak, the commit says it. */
  finish(): void {
    this.#stopTimer();
    if (this.#maySpeak()) this.#publish(this.#text.length);
  }

  /** Silence, for good. */
  end(): void {
    this.#isOver = true;
    this.#stopTimer();
  }

  async checkpoint(): Promise<void> {
    if (this.#published === this.#checkpointed) return;
    this.#checkpointAt = this.#deps.monotonic();
    this.#checkpointed = this.#published;
    await this.#deps.checkpoint(this.said);
  }

  #maySpeak(): boolean {
    return this.#deps.maySpeak() && (this.#heldUntil === 0 || this.#deps.monotonic() >= this.#heldUntil);
  }

  #wait(): void {
    if (this.#isHeld || this.#isOver || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#flush();
    }, this.#deps.windowMs());
  }

  #flush(): void {
    if (!this.#maySpeak()) {
      this.#wait();
      return;
    }
    const isFirst = this.#published === 0;
    this.#publish(safeEnd(this.#text));
    // A window begins with the first delta too, or a slow model would get one packet per token.
    if (isFirst) this.#wait();
    const isDue =
      this.#deps.monotonic() - this.#checkpointAt >= checkpointEvery.ms ||
      this.#published - this.#checkpointed >= checkpointEvery.characters;
    if (isDue) void this.checkpoint();
  }

  #publish(end: number): void {
    if (this.#isHeld || this.#isOver || end <= this.#published) return;
    const offset = this.#published;
    this.#published = end;
    this.#deps.publish(offset, this.#text.slice(offset, end));
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
