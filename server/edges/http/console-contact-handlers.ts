// What the console's routes for pipelines, contacts, leads and pictures do.
import type { ConsoleHandlers } from './console-handlers.ts';

export const contactHandlers = {} satisfies Partial<ConsoleHandlers>;
