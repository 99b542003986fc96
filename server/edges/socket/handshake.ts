// What a handshake carries, whose page it comes from, and how it is refused.
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'socket.io';
import { z } from 'zod';
import { ChatError, errorStatus, toWireError } from '../../../shared/errors.ts';
import type { WireError } from '../../../shared/errors.ts';
import { PROTOCOL_VERSION } from '../../../shared/wire.ts';
import type { Hosts } from '../http/hosts.ts';

const token = z.string().max(200).optional().catch(undefined);
export const visitorAuth = z.object({
  v: z.number().int(),
  visitorToken: token,
  sessionToken: token,
  // What cannot be one is refused as one, with a reason: dropped in silence it would make a stranger of a customer.
  identity: z.string().max(4096).optional().catch('unusable'),
  channel: z.literal('test').optional().catch(undefined),
});
export const staffAuth = z.object({ v: z.number().int(), token });

/** The error that a refused handshake carries: `err.data` is the wire form. */
export const refusal = (error: unknown): Error => {
  const wire = toWireError(error);
  return Object.assign(new Error(wire.message), { data: wire });
};

export const versioned = <T extends { v: number }>(schema: z.ZodType<T>, auth: unknown): T => {
  const parsed = schema.safeParse(auth);
  if (!parsed.success) throw new ChatError('invalid', 'The handshake is not valid: auth.v is missing');
  if (parsed.data.v > PROTOCOL_VERSION + 100 || parsed.data.v < 1) {
    throw new ChatError('invalid', `This server speaks protocol version ${PROTOCOL_VERSION}`);
  }
  return parsed.data;
};

/** Our own origin: that of the page which asks, where it is one of ours, else the installation's. */
export const ownOriginOf = (request: IncomingMessage, hosts: Hosts, baseUrl: string): string => {
  const { origin } = request.headers;
  return origin !== undefined && hosts.isOwnOrigin(request, origin) ? origin : new URL(baseUrl).origin;
};

/** Answers a refused upgrade with the status of its code; engine.io itself would say 400 whatever the reason. */
export const turnAway = ({ socket }: IncomingMessage, error: WireError): void => {
  const status = errorStatus[error.code];
  const body = JSON.stringify({ error });
  const retry = error.retryAfterMs === undefined ? '' : `\r\nRetry-After: ${Math.ceil(error.retryAfterMs / 1000)}`;
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close${retry}\r\nContent-Type: application/json`;
  socket.on('error', () => undefined);
  socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
};

export const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

/** The request of the handshake, which is let go once a namespace was entered: one connection, one namespace. */
export const requestOf = (socket: Socket): IncomingMessage => {
  const request = socket.request as IncomingMessage | null;
  if (request === null) throw new ChatError('invalid', 'One connection enters one namespace');
  return request;
};
