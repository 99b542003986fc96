// Questions and answers between the benchmark and its processes, over Node's own channel.

export interface Question {
  id: number;
  name: string;
  input: unknown;
}

export type Reply = { id: number } & ({ value: unknown } | { error: string });

/** What a process reports of itself. */
export interface Usage {
  /** User and system time of the whole process, all threads, in µs since it started. */
  cpuUs: number;
  rssBytes: number;
  heapBytes: number;
  /** Heap, buffers and other memory that V8 knows of. */
  heldBytes: number;
}

export const usageNow = (): Usage => {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { cpuUs: user + system, rssBytes: rss, heapBytes: heapUsed, heldBytes: heapUsed + external };
};

/** Collects garbage until nothing more comes free; needs `--expose-gc`. */
export const settleMemory = async (): Promise<Usage> => {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error('start this process with --expose-gc');
  for (let i = 0; i < 6; i += 1) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return usageNow();
};

type Handler = (input: never) => unknown;

/** Answers the parent's questions by name; ends with the parent. */
export const serveParent = (handlers: Record<string, Handler>): void => {
  const all: Record<string, Handler> = { usage: usageNow, settle: settleMemory, ...handlers };
  const answer = async ({ id, name, input }: Question): Promise<Reply> => {
    try {
      const handler = all[name];
      if (handler === undefined) throw new Error(`no such question: ${name}`);
      return { id, value: await handler(input as never) };
    } catch (error) {
      return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on('message', (question: Question) => {
    void answer(question).then((reply) => process.send?.(reply));
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ id: 0, value: 'ready' });
};
