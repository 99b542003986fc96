// Free-form JSON: kept as it came, as far as JSON itself can keep it.
import { z } from 'zod';
import { isStorable } from '../../../../../shared/text.ts';

/** Depth and prototype keys were judged when the body was read; here it is what no store could give back. */
const isKeepable = (value: unknown): boolean => {
  switch (typeof value) {
    case 'string':
      return isStorable(value);
    case 'number':
      return Number.isFinite(value);
    case 'object':
      if (value === null) return true;
      if (Array.isArray(value)) return value.every(isKeepable);
      return Object.entries(value).every(([key, inner]) => isStorable(key) && isKeepable(inner));
    default:
      return true;
  }
};

const error = 'Contains NUL, a lone surrogate or a number out of range';

export const freeObject = z.record(z.string(), z.unknown()).refine(isKeepable, { error });
export const freeList = (max: number) => z.array(z.unknown()).max(max).refine(isKeepable, { error });
