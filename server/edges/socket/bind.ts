// A command table meets its handlers: parsing, acks and errors in one place, so that no handler can throw across the wire.
import type { Socket } from 'socket.io';
import type { z } from 'zod';
import type { CommandSpec } from '../../../shared/commands.ts';
import { UnknownCriticalFact } from '../../../shared/conversation.ts';
import { ChatError, toWireError } from '../../../shared/errors.ts';
import type { Problem, WireError } from '../../../shared/errors.ts';
import type { Log, Metrics } from '../../ports/telemetry.ts';
import { refuseStrange } from '../http/json-body.ts';

type Table = Record<string, CommandSpec>;

/**
 * One handler per command: the parsed input in, the ack's data out. A handler may give a function instead: it is called
 * in the very step that enqueues the ack, so that joining a room and answering with its view cannot be torn apart (R6).
 */
export type Handlers<T extends Table> = {
  [K in keyof T]: (
    input: z.output<T[K]['input']>,
  ) => Promise<z.input<T[K]['output']> | (() => z.input<T[K]['output']>)>;
};

export interface BindDeps {
  log: Log;
  metrics: Metrics;
  surface: 'widget' | 'console';
}

/** A key that the caller made up is told back only where it is short and plain: errors echo nothing. */
const told = (part: PropertyKey): string => (/^\w{1,40}$/.test(String(part)) ? String(part) : '?');

const problemsOf = (error: z.ZodError): Problem[] =>
  error.issues.slice(0, 20).map(({ path, message }) => ({ path: path.map(told).join('.'), message }));

const tooNew = (): ChatError => new ChatError('unavailable', 'A newer server has written here; ask that one');

/** The input of a command, or ChatError `invalid` that names every problem by its path and echoes nothing. */
export const parseInput = <S extends z.ZodType>(schema: S, input: unknown): z.output<S> => {
  const parsed = schema.safeParse(input ?? {});
  if (parsed.success) {
    refuseStrange(input, 1);
    return parsed.data;
  }
  const tooLong = parsed.error.issues.some((issue) => issue.code === 'too_big' && issue.origin === 'string');
  throw new ChatError(tooLong ? 'too_large' : 'invalid', tooLong ? 'Too long' : 'The input is not valid', {
    details: problemsOf(parsed.error),
  });
};

/**
 * Binds a table to one socket. `check` is asked before every command (rates of what does not append, revocation) and
 * throws to refuse. `admit` is asked before anything else is done: a node that has too much to do must refuse for next to nothing.
 * Unknown events and missing acks harm nobody.
 */
export const bindCommands = <T extends Table>(
  socket: Socket,
  table: T,
  handlers: Handlers<T>,
  deps: BindDeps,
  check: (name: keyof T & string) => void,
  admit: (name: string) => WireError | undefined = () => undefined,
): void => {
  const answer = async (name: string, input: unknown): Promise<unknown> => {
    const spec = Object.hasOwn(table, name) ? table[name] : undefined;
    if (spec === undefined) throw new ChatError('invalid', 'There is no such command');
    const parsed = parseInput(spec.input, input);
    check(name);
    return handlers[name]!(parsed as never);
  };
  socket.onAny((name: string, ...args: unknown[]) => {
    const last = args.at(-1);
    const ack = typeof last === 'function' ? (last as (answer: unknown) => void) : undefined;
    const refused = admit(name);
    if (refused !== undefined) {
      deps.metrics.refused(deps.surface, refused.code);
      ack?.({ ok: false, error: refused });
      return;
    }
    const input = ack === undefined || args.length > 1 ? args[0] : undefined;
    answer(name, input)
      .then((data) => {
        const given: unknown = typeof data === 'function' ? data() : data;
        ack?.({ ok: true, data: given });
      })
      .catch((error: unknown) => {
        const wire = toWireError(error instanceof UnknownCriticalFact ? tooNew() : error);
        deps.metrics.refused(deps.surface, wire.code);
        if (wire.code === 'internal') deps.log.error({ err: error, command: name }, 'command failed');
        ack?.({ ok: false, error: wire });
      });
  });
};
