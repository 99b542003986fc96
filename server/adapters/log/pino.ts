// Log lines as JSON on stderr, so that stdout stays what the start prints. Secrets are cut out by name and by look.
import { pino, stdSerializers } from 'pino';
import type { DestinationStream } from 'pino';
import type { Log } from '../../ports/telemetry.ts';
import { withoutRepeats } from './repeats.ts';

const secretNames = [
  'authorization',
  'cookie',
  'api_key',
  'apiKey',
  'password',
  'token',
  'secret',
  'sessionToken',
  'visitorToken',
  'session_id',
  'visitor_id',
];
const removed = '[removed]';

/** Our own secrets by their prefixes, `api_key=` in an address, and what follows `Bearer`. */
const secretLook =
  /\b(?:(?:sess|vis|pat|con|link|cookie)_|in-)[\w-]{20,}|\b(?:api_key|token)=[^&\s"]+|\bBearer\s+[^\s"]+|\bsk-[\w-]{16,}/gi;

const clean = (text: string): string => text.replace(secretLook, removed);

const cleaned = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  const { type, message, stack, code } = stdSerializers.err(error) as unknown as Record<string, unknown>;
  return {
    type,
    message: clean(String(message)),
    stack: clean(String(stack)),
    ...(code === undefined ? {} : { code }),
  };
};

/** @param destination where lines go; stderr, written at once, unless a test looks */
export const createLog = (
  level: 'silent' | 'error' | 'warn' | 'info' | 'debug',
  destination: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Log => {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: cleaned, error: cleaned, cause: cleaned },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: removed },
      hooks: {
        streamWrite: clean,
      },
    },
    destination,
  );
  return withoutRepeats({
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  });
};
