// A node that ends lets the requests end which it is answering: a proxy would tell their callers 502.
import type { Server, ServerResponse } from 'node:http';

export interface RequestsInFlight {
  /** From here on each answer is the last on its connection: a proxy keeps connections for requests that would be cut. */
  keepNoConnections(): void;
  /** Refuses new connections, closes those that wait, and resolves when what is being answered is, at the latest after `ms`. */
  end(ms: number): Promise<void>;
}

export const watchRequests = (server: Server): RequestsInFlight => {
  const open = new Set<ServerResponse>();
  let isLast = false;
  server.prependListener('request', (_request, response: ServerResponse) => {
    if (isLast) response.shouldKeepAlive = false;
    open.add(response);
    response.once('close', () => open.delete(response));
  });
  const keepNoConnections = (): void => {
    isLast = true;
    for (const response of open) response.shouldKeepAlive = false;
  };
  return {
    keepNoConnections,
    async end(ms) {
      keepNoConnections();
      server.close();
      const closed = [...open].map((response) => new Promise<void>((resolve) => response.once('close', resolve)));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
      await Promise.race([Promise.all(closed), late]);
      clearTimeout(timer);
    },
  };
};
