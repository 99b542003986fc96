// A line to a real server, on which single calls can be held up.
import type { Server } from '../../server/adapters/store/mongo-server.ts';

/** A server whose calls go through `each` first, by their number. */
export const through = (server: Server, each: (n: number) => Promise<void>): Server => {
  let count = 0;
  const slow = new Set(['insertOne', 'replaceOne', 'updateOne', 'deleteOne', 'findOne']);
  return {
    ...server,
    collection: (name, options) =>
      new Proxy(server.collection(name, options), {
        get: (target, property) => {
          const value: unknown = Reflect.get(target, property, target);
          if (typeof value !== 'function') return value;
          const call = value.bind(target) as (...args: unknown[]) => unknown;
          if (!slow.has(String(property))) return call;
          return async (...args: unknown[]) => {
            await each((count += 1));
            return call(...args);
          };
        },
      }) as never,
  };
};
