// Visitors who have opened the panel and say nothing.
import { inParallel, openVisitor } from './target.ts';
import type { Target, Visitor } from './target.ts';

const idle: Visitor[] = [];

export const connectIdle = async ({ target, count }: { target: Target; count: number }): Promise<void> => {
  idle.push(...(await inParallel(count, 20, () => openVisitor(target))));
};
