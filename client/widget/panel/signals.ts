// Values that tell who read them when they change: the little of a signals library that the panel uses, at a fifth of the size.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

export interface ReadonlySignal<T> {
  /** The value; whoever reads it inside `computed`, `effect` or a `tracked` component depends on it. */
  readonly value: T;
  /** The value, without depending on it. */
  peek(): T;
}
export interface Signal<T> extends ReadonlySignal<T> {
  value: T;
}

interface Source {
  version: number;
  readers: Set<Reader>;
  /** Brings a computed value up to date. */
  refresh?: () => void;
}
interface Reader {
  /** What was read, and in which version. */
  sources: Map<Source, number>;
  notify(): void;
}
interface Job extends Reader {
  run(): void;
}

let reading: Reader | null = null;
let depth = 0;
let isFlushing = false;
const pending = new Set<Job>();

const link = (source: Source): void => {
  if (reading === null) return;
  source.readers.add(reading);
  reading.sources.set(source, source.version);
};

const unlink = (reader: Reader): void => {
  for (const source of reader.sources.keys()) source.readers.delete(reader);
  reader.sources.clear();
};

const track = <T>(reader: Reader, work: () => T): T => {
  unlink(reader);
  const before = reading;
  reading = reader;
  try {
    return work();
  } finally {
    reading = before;
  }
};

/** Whether anything that was read has another value now; a computed one that came to the same value has not. */
const isOutdated = (reader: Reader): boolean => {
  for (const [source, seen] of reader.sources) {
    source.refresh?.();
    if (source.version !== seen) return true;
  }
  return false;
};

const flush = (): void => {
  if (depth > 0 || isFlushing) return;
  isFlushing = true;
  try {
    for (const job of pending) {
      // Added again by what it or a later one changes, it comes once more at the end.
      pending.delete(job);
      if (isOutdated(job)) job.run();
    }
  } finally {
    isFlushing = false;
  }
};

/** Changes made inside are told of once, at the end. */
export const batch = (work: () => void): void => {
  depth += 1;
  try {
    work();
  } finally {
    depth -= 1;
    flush();
  }
};

export const signal = <T>(first: T): Signal<T> => {
  let held = first;
  const source: Source = { version: 0, readers: new Set() };
  return {
    peek: () => held,
    get value() {
      link(source);
      return held;
    },
    set value(next) {
      if (Object.is(held, next)) return;
      held = next;
      source.version += 1;
      for (const reader of source.readers) reader.notify();
      flush();
    },
  };
};

/** Worked out when it is read, and again only after something it read has changed. */
export const computed = <T>(work: () => T): ReadonlySignal<T> => {
  let held: T;
  let isStale = true;
  const node: Source & Reader = {
    version: 0,
    readers: new Set(),
    sources: new Map(),
    notify() {
      if (isStale) return;
      isStale = true;
      for (const reader of node.readers) reader.notify();
    },
    refresh() {
      if (!isStale) return;
      if (node.version > 0 && !isOutdated(node)) {
        isStale = false;
        return;
      }
      const next = track(node, work);
      isStale = false;
      if (node.version > 0 && Object.is(held, next)) return;
      held = next;
      node.version += 1;
    },
  };
  return {
    peek() {
      node.refresh?.();
      return held;
    },
    get value() {
      node.refresh?.();
      link(node);
      return held;
    },
  };
};

/** Runs now and after every change of what it read; what it returned is called before. The result ends it. */
export const effect = (work: () => unknown): (() => void) => {
  let undo: unknown;
  const end = (): void => {
    if (typeof undo === 'function') undo();
    undo = undefined;
  };
  const job: Job = {
    sources: new Map(),
    notify: () => void pending.add(job),
    run() {
      end();
      undo = track(job, work);
    },
  };
  job.run();
  return () => {
    unlink(job);
    pending.delete(job);
    end();
  };
};

/** A component that is drawn again when a signal that it read has changed. */
export const tracked =
  <P extends object, R extends ComponentChildren>(draw: (props: P) => R): ((props: P) => R) =>
  (props) => {
    const [, redraw] = useState(0);
    const job = useRef<Job>(null);
    job.current ??= {
      sources: new Map(),
      notify: () => void pending.add(job.current!),
      run: () => redraw((count) => count + 1),
    };
    useEffect(
      () => () => {
        pending.delete(job.current!);
        unlink(job.current!);
      },
      [],
    );
    return track(job.current, () => draw(props));
  };

export const useSignalEffect = (work: () => unknown): void => useEffect(() => effect(work), []);
