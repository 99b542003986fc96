// Every dialect that is served. A fifth one is a folder and a line here.
import type { Caller, Dialect } from './dialect.ts';

export const dialects: readonly Dialect<Caller>[] = [];
