// argon2id on the thread pool, with the parameters that OWASP names (19 MiB, 2 passes, 1 lane).
import { hash, verify } from '@node-rs/argon2';
import { ChatError } from '../../../shared/errors.ts';
import type { Passwords } from '../../ports/passwords.ts';

const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The pool has four threads, and files are read on them too: passwords take half. */
const atOnce = 2;
/** With some 50 ms for each, the last of these waits about two seconds. */
const waitingAtMost = 64;

/** Lets so many work at once and so many wait. Whoever comes then is told to come again. */
const createGate = (): (<T>(work: () => Promise<T>) => Promise<T>) => {
  let working = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (working >= atOnce) {
      if (waiting.length >= waitingAtMost) {
        throw new ChatError('unavailable', 'Too many people sign in right now', { retryAfterMs: 2000 });
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      working += 1;
    }
    try {
      return await work();
    } finally {
      // The place goes on to whoever waits longest.
      const next = waiting.shift();
      if (next === undefined) working -= 1;
      else next();
    }
  };
};

export const createPasswords = (): Passwords => {
  const inTurn = createGate();
  // An unknown account must take as long to refuse as a known one.
  let decoy: Promise<string> | undefined;
  return {
    hash: (password) => inTurn(() => hash(password, cost)),
    verify: (known, password) =>
      inTurn(async () => {
        decoy ??= hash('no account has this', cost);
        try {
          const isRight = await verify(known ?? (await decoy), password);
          return isRight && known !== undefined;
        } catch {
          return false;
        }
      }),
  };
};
