// How fast received text becomes visible: evenly, frame by frame, never far behind what is known.

/** At most so many characters (UTF-16 units) are known and not yet shown. */
export const MAX_BACKLOG = 120;
/** What is held back is shown within about this time, ms. */
const DRAIN_MS = 280;

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/**
 * How much of `text` to show in the next frame.
 * @param shown characters shown so far
 * @param elapsed ms since the frame before
 * @returns a length between `shown` and `text.length`, never inside a surrogate pair
 */
export const nextReveal = (text: string, shown: number, elapsed: number): number => {
  const backlog = text.length - shown;
  if (backlog <= 0) return text.length;
  const step = Math.max(1, Math.ceil((backlog * elapsed) / DRAIN_MS));
  let next = Math.max(shown + step, text.length - MAX_BACKLOG);
  if (next < text.length && isLowSurrogate(text.charCodeAt(next))) next += 1;
  return Math.min(next, text.length);
};
