// A connection that was told to come again later is not read from for a moment: whoever heeds that says nothing meanwhile
// anyway, and whoever does not is held back by TCP instead of costing a read and a write for each refusal.
import type { Socket } from 'socket.io';

/** No longer than any `retryAfterMs` of an admission, and far below the time that a ping may take, ms. */
const pauseMs = 1000;

/** What is used of `ws` beneath the connection. */
interface Reader {
  pause(): void;
  resume(): void;
  readonly isPaused: boolean;
}

/** Does not read from this connection for a second. What has arrived already is still handled. */
export const pauseReading = (socket: Socket): void => {
  const reader = (socket.conn.transport as unknown as { socket?: Reader }).socket;
  if (reader === undefined || reader.isPaused) return;
  reader.pause();
  setTimeout(() => reader.resume(), pauseMs).unref();
};
