// Hex colours: what two of the contracts take, and what a colour that was written otherwise reads as for them.
import { z } from 'zod';
import { flatten, readPaint } from '../../../../shared/theme-color.ts';

// Both cases spelled out: the generated documentation knows no flags.
const pattern = /^#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$/;

const error = 'Must be a hex colour such as #6366f1';

/** `#rgb` or `#rrggbb`, either with opacity; its case is kept. */
export const hexColor = z.string().max(9, { error, abort: true }).regex(pattern, { error });

/** The colour as hex digits, as it was written where it was; undefined for what is no colour. */
export const hexOf = (written: string): string | undefined => {
  if (pattern.test(written)) return written;
  const paint = readPaint(written);
  return paint === undefined ? undefined : flatten(paint, '#ffffff');
};
