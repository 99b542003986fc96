// The global function of the page: calls made before the loader ran wait in its `q` and are replayed in order.

export type Call = [method: string, ...args: unknown[]];
export interface Api {
  (...call: Call): unknown;
  /** What the snippet's stub gathered. */
  q?: Iterable<unknown>[];
  isTiller?: true;
}

/**
 * Puts the real function in the place of the stub and replays what waited.
 * @returns false where a loader already answers to this name (the script was included twice)
 */
export const installApi = (
  scope: Record<string, unknown>,
  name: string,
  methods: readonly string[],
  handle: (method: string, args: unknown[]) => unknown,
): boolean => {
  const before = scope[name];
  // An element or a frame of the page may have the name: only a function is a stub, or a loader that came first.
  const { isTiller, q } = typeof before === 'function' ? (before as unknown as Partial<Api>) : {};
  if (isTiller) return false;
  const waiting = Array.isArray(q) ? [...q] : [];
  const api = ((method: string, ...args: unknown[]) => handle(method, args)) as unknown as Api;
  api.isTiller = true;
  for (const method of methods)
    (api as unknown as Record<string, unknown>)[method] = (...args: unknown[]) => handle(method, args);
  scope[name] = api;
  for (const entry of waiting) {
    // One bad call of the page must not swallow those behind it.
    try {
      const [method, ...args] = entry;
      handle(method as string, args);
    } catch (error) {
      console.error(error);
    }
  }
  return true;
};
