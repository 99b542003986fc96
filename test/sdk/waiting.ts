// Tests wait on what happens, not on time.
import type { Observable } from '../../client/sdk/api.ts';

const patienceMs = 8000;

/** Resolves with the first value that passes, the present one included. @throws after 8 s, with the last value seen */
export const until = <T, U extends T>(
  source: Observable<T>,
  test: ((value: T) => value is U) | ((value: T) => boolean),
): Promise<U> =>
  new Promise((resolve, reject) => {
    const error = new Error('never happened');
    const check = (value: T): void => {
      if (!test(value)) return;
      clearTimeout(timer);
      undo();
      resolve(value as U);
    };
    const undo = source.subscribe(check);
    const timer = setTimeout(() => {
      undo();
      error.message = `never happened; last seen: ${JSON.stringify(source.get(), null, 1).slice(0, 3000)}`;
      reject(error);
    }, patienceMs);
    check(source.get());
  });

/** Looks again in every turn of the event loop: for what has no event of its own (a server's record). @throws after 8 s */
export const eventually = async (test: () => boolean): Promise<void> => {
  const error = new Error(`never happened: ${test.toString()}`);
  const deadline = Date.now() + patienceMs;
  while (!test()) {
    if (Date.now() > deadline) throw error;
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
};

export const online = (client: { connection: Observable<{ status: string }> }): Promise<unknown> =>
  until(client.connection, ({ status }) => status === 'online');
