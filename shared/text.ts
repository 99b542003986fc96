// Text as it may be stored: bounded by length first, then free of what breaks stores and screens.
import { z } from 'zod';

/** NUL breaks C strings in stores; a lone surrogate is not UTF-8. All other text is stored verbatim. */
export const isStorable = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

/** A text of at most `max` UTF-16 units, refused where it cannot be stored faithfully. */
export const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => isStorable(value), { error: 'Contains NUL or a lone surrogate' });

/** As `text`, and something other than white space must be in it; told as a pattern, so that the documents say it too. */
export const filledText = (max: number) => text(max).regex(/\S/, 'Must not be empty');

/** The first `max` units of a text on one line, never ending in half a surrogate pair. */
export const clip = (value: string, max: number): string => {
  const line = value.replace(/\s+/g, ' ').trim();
  if (line.length <= max) return line;
  const end = /[\uD800-\uDBFF]/.test(line[max - 2] ?? '') ? max - 2 : max - 1;
  return `${line.slice(0, end)}…`;
};

/** Limits of `SECURITY.md`, in characters unless said otherwise. */
export const limits = {
  message: 4000,
  note: 4000,
  name: 100,
  email: 254,
  phone: 32,
  company: 100,
  url: 2048,
  title: 300,
  customFields: 20,
  customFieldName: 60,
  customField: 500,
  label: 40,
  labels: 20,
  typingPreview: 1000,
  article: 200_000,
  description: 2000,
  stages: 30,
  triggers: 10,
} as const;
