// Numbered pages of a list, for the contracts that count pages. Lists are in the order of their making: pages stay put.
import { z } from 'zod';

export const pageNumber = z.coerce.number().int().min(1).max(100_000).default(1);
export const pageSize = z.coerce.number().int().min(1).max(100).default(20);

export interface Page<T> {
  items: T[];
  total: number;
}

/** First made first. Ids alone know the order to the second. */
export const inOrder = <T extends { createdAt: number; id: string }>(all: readonly T[]): T[] =>
  all.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));

/** One page; empty beyond the last one. */
export const pageOf = <T>(all: readonly T[], page: number, size: number): Page<T> => ({
  items: all.slice((page - 1) * size, page * size),
  total: all.length,
});
