// Asking over one socket: always an answer, and never a packet that would end the connection.
import type { Socket } from 'socket.io-client';
import type { WireError } from '../../shared/errors.ts';
import type { Ack } from '../../shared/wire.ts';
import type { Connection, Observable } from './api.ts';

/** Asks over the wire; never rejects. `unavailable` means that the outcome is unknown. */
export type Ask = (command: string, input: unknown, timeoutMs?: number) => Promise<Ack<unknown>>;

export const unavailable = (message: string): { ok: false; error: WireError } => ({
  ok: false,
  error: { code: 'unavailable', message },
});

/** A packet above the server's limit (64 KiB) would end the connection, again after every reconnect. */
const maxBytes = 60_000;

const isAck = (given: unknown): given is Ack<unknown> =>
  typeof given === 'object' && given !== null && typeof (given as { ok?: unknown }).ok === 'boolean';

export const isTooLarge = (input: unknown): boolean => {
  const text = JSON.stringify(input);
  return text.length * 3 > maxBytes && new TextEncoder().encode(text).length > maxBytes;
};

/** `missed` is called where no ack came in time, or the connection ended first. */
export const askOn = (
  socket: Socket,
  command: string,
  input: unknown,
  timeoutMs: number,
  missed: () => void,
): Promise<Ack<unknown>> =>
  new Promise((resolve) => {
    socket.timeout(timeoutMs).emit(command, input, (error: Error | null, ack: unknown) => {
      if (error === null) {
        resolve(isAck(ack) ? ack : unavailable('The answer was not understood'));
      } else {
        resolve(unavailable('No answer'));
        missed();
      }
    });
  });

/** What a refused handshake says; null where the transport failed without a word. */
export const refusalOf = (error: Error): WireError | null => {
  const { data } = error as Error & { data?: Partial<WireError> };
  if (typeof data !== 'object' || data === null || typeof data.code !== 'string') return null;
  return { message: error.message, ...data, code: data.code };
};

/** False where it does not come online in time, or is not meant to. */
export const whenOnline = (connection: Observable<Connection>, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const finish = (isThere: boolean): void => {
      clearTimeout(deadline);
      unsubscribe();
      resolve(isThere);
    };
    const deadline = setTimeout(() => finish(false), timeoutMs);
    const unsubscribe = connection.subscribe(({ status }) => {
      if (status === 'online') finish(true);
      else if (status === 'idle' || status === 'refused') finish(false);
    });
  });
