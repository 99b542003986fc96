// Colour arithmetic that themes are made with: reading what an owner wrote, and moving a colour until it can be read.
// Every colour in and out is a `#rrggbb` string, and every ratio is taken between those, so that rounding cannot undo it.
import { clampChroma, converter, formatHex, parse, wcagContrast, wcagLuminance } from 'culori';
import type { Color } from 'culori';

export type Hex = string;
/** OKLCH: `l` 0–1, `c` from 0, `h` in degrees. */
export interface Tone {
  l: number;
  c: number;
  h: number;
}
/** A colour as an owner wrote it, its opacity kept apart until the colour beneath is known. */
export interface Paint {
  hex: Hex;
  alpha: number;
}
/** A background, and the least contrast that whatever lies on it must have. */
export interface Ground {
  on: Hex;
  ratio: number;
}

const BLACK = '#000000';
const WHITE = '#ffffff';
/** Where black and white are about equally readable (relative luminance); above it a background counts as light. */
const MIDDLE = 0.18;
const TEXT_STEP = 0.02;
const FILL_STEP = 0.005;
/** More than this (OKLCH L) and a fill would no longer look like the brand. */
const FILL_STEPS = 21;

/** No colour that a screen can show has more (OKLCH C). */
const WIDEST_CHROMA = 0.5;

const toOklch = converter('oklch');
const toRgb = converter('rgb');

/** Contrast by WCAG 2, 1–21. */
export const contrast = (a: Hex, b: Hex): number => wcagContrast(a, b);
export const isLight = (hex: Hex): boolean => wcagLuminance(hex) > MIDDLE;

/** The nearest colour of that lightness and hue that a screen can show. */
export const hexOf = ({ l, c, h }: Tone): Hex =>
  formatHex(clampChroma({ mode: 'oklch', l: Math.min(1, Math.max(0, l)), c: Math.max(0, c), h }, 'oklch'));

export const toneOf = (hex: Hex): Tone => {
  const { l, c, h } = toOklch(hex) ?? { l: 0, c: 0, h: 0 };
  // A grey has no hue, and rounding leaves it a trace of chroma in a random one.
  return c < 0.002 ? { l, c: 0, h: 0 } : { l, c, h: h ?? 0 };
};

const parseColor = (written: string): Color | undefined => {
  try {
    return parse(written.trim());
  } catch {
    // The parser throws on `/1e` and its like.
    return undefined;
  }
};

/** Reads any CSS colour; undefined where it is none. Never throws. */
export const readPaint = (written: string): Paint | undefined => {
  const color = parseColor(written);
  if (color === undefined) return undefined;
  const rgb = toRgb(color);
  const { l, c, h = 0 } = toOklch(color);
  const alpha = color.alpha ?? 1;
  // Fitting an infinite chroma into the gamut never ends, so `oklch(.5 1e400 0)` must not get that far.
  if (![rgb.r, rgb.g, rgb.b, l, c, h, alpha].every(Number.isFinite)) return undefined;
  const isShown = [rgb.r, rgb.g, rgb.b].every((value) => value >= 0 && value <= 1);
  const hex = isShown ? formatHex(rgb) : hexOf({ l, c: Math.min(c, WIDEST_CHROMA), h });
  return { hex, alpha: Math.min(1, Math.max(0, alpha)) };
};

/** `top` over `beneath`, as a browser blends it. */
export const flatten = ({ hex: top, alpha }: Paint, beneath: Hex): Hex => {
  if (alpha === 1) return top;
  const channel = (hex: Hex, at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  const blended = [1, 3, 5].map((at) => Math.round(channel(top, at) * alpha + channel(beneath, at) * (1 - alpha)));
  return `#${blended.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
};

const isReadable = (hex: Hex, grounds: readonly Ground[]): boolean =>
  grounds.every(({ on, ratio }) => contrast(hex, on) >= ratio);

/** Black or white, whichever is readable; always at least 4.5:1. */
export const extremeOn = (background: Hex): Hex => (isLight(background) ? BLACK : WHITE);

/**
 * The colour itself where it is readable on every ground; else darker or lighter, away from the first ground, in small
 * steps of OKLCH L until it is; black or white where no step does it.
 */
export const readable = (hex: Hex, ...grounds: readonly [Ground, ...Ground[]]): Hex => {
  if (isReadable(hex, grounds)) return hex;
  const step = isLight(grounds[0].on) ? -TEXT_STEP : TEXT_STEP;
  const { l, c, h } = toneOf(hex);
  for (let moved = l + step; moved > 0 && moved < 1; moved += step) {
    const candidate = hexOf({ l: moved, c, h });
    if (isReadable(candidate, grounds)) return candidate;
  }
  return extremeOn(grounds[0].on);
};

/**
 * A fill and the text on it: white where it reads, also where darkening the fill a little makes it read (the brand stays
 * recognisable, and white on colour is what people expect); else black.
 */
export const fillWithText = (brand: Hex): { fill: Hex; text: Hex } => {
  const ratio = contrast(WHITE, brand);
  if (ratio >= 4.5) return { fill: brand, text: WHITE };
  if (ratio >= 3) {
    const { l, c, h } = toneOf(brand);
    for (let step = 1; step <= FILL_STEPS; step++) {
      const fill = hexOf({ l: l - step * FILL_STEP, c, h });
      if (contrast(WHITE, fill) >= 4.5) return { fill, text: WHITE };
    }
  }
  return { fill: brand, text: BLACK };
};

/** Less than this and a hover would not be noticed. */
const NOTICEABLE = 1.06;

/** The first of `shifts` of L that differs visibly and leaves `text` readable; the colour itself where none does. */
export const shifted = (background: Hex, shifts: readonly number[], text: Hex): Hex => {
  const { l, c, h } = toneOf(background);
  for (const shift of shifts) {
    if (l + shift < 0 || l + shift > 1) continue;
    const candidate = hexOf({ l: l + shift, c, h });
    if (contrast(text, candidate) >= 4.5 && contrast(background, candidate) >= NOTICEABLE) return candidate;
  }
  return background;
};
