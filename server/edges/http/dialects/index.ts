// Every dialect that is served. A fifth one is a folder and a line here.
import type { Dialect } from './dialect.ts';
import { functions } from './functions/index.ts';
import { webchats } from './webchats/index.ts';
import { v1 } from './v1/index.ts';
import { widgetApi } from './widget-api/index.ts';

export const dialects: readonly Dialect[] = [functions, v1, webchats, widgetApi];
