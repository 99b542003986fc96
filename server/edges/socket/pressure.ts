// Readers that stall. `bufferedAmount` does not see what waits in engine.io, so both are counted.
import type { Namespace, Socket } from 'socket.io';
import { namespaces } from '../../../shared/wire.ts';
import type { Metrics } from '../../ports/telemetry.ts';
import type { Hub } from './hub.ts';
import { slowRoom } from './hub.ts';

const sweepMs = 250;
/** Above this, deltas stop and a snapshot follows later. */
const slowBytes = 64 * 1024;
/** Above this, or after so long without draining, the connection is cut; the client resumes by its cursor. */
const cutBytes = 1024 * 1024;
const cutMs = 5000;

interface Engine {
  writeBuffer: { data?: unknown }[];
  transport: { socket?: { bufferedAmount?: number } };
}

const waiting = (socket: Socket): number => {
  const engine = socket.conn as unknown as Engine;
  if (engine.writeBuffer.length === 0) return 0;
  let bytes = engine.transport.socket?.bufferedAmount ?? 0;
  for (const { data } of engine.writeBuffer) bytes += typeof data === 'string' ? data.length : 0;
  return Math.max(1, bytes);
};

interface Stalled {
  since: number;
  isSlow: boolean;
}

/** Looks at every connection four times a second; a drained one is given the answers in flight whole. Returns the undo. */
export const watchPressure = (spaces: readonly Namespace[], hub: Hub, metrics: Metrics): (() => void) => {
  const stalled = new Map<Socket, Stalled>();

  const release = (socket: Socket): void => {
    stalled.delete(socket);
    if (!socket.rooms.has(slowRoom)) return;
    void socket.leave(slowRoom);
    for (const conversationId of socket.rooms) {
      const reply = hub.reply(conversationId);
      if (reply === undefined || (reply.mode === 'draft' && socket.nsp.name === namespaces.visitor)) continue;
      const { replyId, turn, attempt, mode, text } = reply;
      const about = { conversationId, replyId, turn, attempt };
      socket.emit('signal', { type: 'reply.started', ...about, mode });
      socket.emit('signal', { type: 'reply.reset', ...about });
      if (text !== '') socket.emit('signal', { type: 'reply.delta', ...about, offset: 0, text });
    }
  };

  const look = (socket: Socket, now: number): void => {
    const bytes = waiting(socket);
    if (bytes === 0) {
      if (stalled.has(socket)) release(socket);
      return;
    }
    const state = stalled.get(socket) ?? { since: now, isSlow: false };
    stalled.set(socket, state);
    if (bytes > cutBytes || (bytes > slowBytes && now - state.since > cutMs)) {
      stalled.delete(socket);
      metrics.stalled();
      // Not `disconnect(true)`: that waits for the very buffer that does not drain.
      (socket.conn.transport as unknown as { socket?: { terminate?: () => void } }).socket?.terminate?.();
      return;
    }
    if (bytes > slowBytes && !state.isSlow) {
      state.isSlow = true;
      void socket.join(slowRoom);
    }
  };

  const timer = setInterval(() => {
    const now = performance.now();
    for (const space of spaces) for (const socket of space.sockets.values()) look(socket, now);
    for (const socket of stalled.keys()) if (!socket.connected) stalled.delete(socket);
  }, sweepMs);
  timer.unref();
  return () => clearInterval(timer);
};
