// Where the list stands: it follows the end, keeps the beginning of a long answer in sight, and never pulls a reader away.

/** Closer to the end than this counts as being there, px. */
const NEAR = 32;
/** An answer's first line stops this far below the header, px. */
const HEADROOM = 16;

interface Callbacks {
  /** The end is out of sight, or in sight again. */
  onAway: (isAway: boolean) => void;
  /** Near the first row: more may be loaded. */
  onTop: () => void;
}

export class ListScroll {
  readonly #list: HTMLElement;
  readonly #rows: HTMLElement;
  readonly #callbacks: Callbacks;
  readonly #observer: ResizeObserver;
  #isFollowing = true;
  /** The answer whose beginning must stay in sight. */
  #anchor: HTMLElement | null = null;
  /** The answer whose reader went to its end all the same. */
  #released: Element | null = null;
  #mine = -1;
  #top = 0;
  #height = 0;
  #firstKey: string | undefined;

  constructor(list: HTMLElement, rows: HTMLElement, callbacks: Callbacks) {
    this.#list = list;
    this.#rows = rows;
    this.#callbacks = callbacks;
    this.#observer = new ResizeObserver(() => this.#follow());
    this.#observer.observe(rows);
    this.#observer.observe(list);
    list.addEventListener('scroll', this.#onScroll, { passive: true });
  }

  /** To the newest message, and following from now on: after the visitor's own message, or on demand. */
  toEnd(isSmooth = false): void {
    this.#release();
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (isSmooth && !isStill) this.#list.scrollTo({ top: this.#list.scrollHeight, behavior: 'smooth' });
    else this.#follow();
  }

  /** Call after every drawing: rows put before the first one must not move what is being read. */
  keep(firstKey: string | undefined): void {
    const grown = this.#list.scrollHeight - this.#height;
    const isPrepended = this.#firstKey !== undefined && firstKey !== this.#firstKey && !this.#isFollowing;
    if (isPrepended && grown > 0) this.#set(this.#top + grown);
    this.#firstKey = firstKey;
    this.#height = this.#list.scrollHeight;
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#list.removeEventListener('scroll', this.#onScroll);
  }

  readonly #onScroll = (): void => {
    const { scrollTop } = this.#list;
    const isMine = Math.abs(scrollTop - this.#mine) <= 1;
    const isUp = scrollTop < this.#top - 1;
    const distance = this.#distance();
    if (!isMine) {
      // Shorter content moves the position too, but leaves it at the end.
      if (isUp && distance > 1) this.#isFollowing = false;
      else if (distance <= NEAR) {
        this.#release();
      }
    }
    this.#top = scrollTop;
    this.#callbacks.onAway(distance > NEAR);
    if (scrollTop < 80 && isUp && !isMine) this.#callbacks.onTop();
  };

  #live(): HTMLElement | null {
    return this.#rows.querySelector('[data-live]');
  }

  #release(): void {
    this.#isFollowing = true;
    this.#anchor = null;
    this.#released = this.#live();
  }

  #distance(): number {
    return this.#list.scrollHeight - this.#list.clientHeight - this.#list.scrollTop;
  }

  #follow(): void {
    const live = this.#live();
    if (live !== null && live !== this.#released) this.#anchor = live;
    if (this.#isFollowing && this.#list.clientHeight > 0) {
      const end = this.#list.scrollHeight - this.#list.clientHeight;
      const limit = this.#anchor?.isConnected === true ? this.#anchor.offsetTop - HEADROOM : end;
      const to = Math.min(end, Math.max(limit, 0));
      if (to > this.#list.scrollTop) this.#set(to);
    }
    this.#height = this.#list.scrollHeight;
    this.#callbacks.onAway(this.#list.clientHeight > 0 && this.#distance() > NEAR);
  }

  #set(top: number): void {
    this.#list.scrollTop = top;
    this.#mine = this.#list.scrollTop;
    this.#top = this.#mine;
  }
}
