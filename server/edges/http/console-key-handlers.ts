// What the console's routes for keys, the organisation and a widget's public keys do.
import type { ConsoleHandlers } from './console-handlers.ts';

export const keyHandlers = {} satisfies Partial<ConsoleHandlers>;
