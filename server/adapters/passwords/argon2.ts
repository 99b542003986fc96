// argon2id on the thread pool, with the parameters that OWASP names (19 MiB, 2 passes, 1 lane).
import { hash, verify } from '@node-rs/argon2';
import type { Passwords } from '../../ports/passwords.ts';

const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const createPasswords = (): Passwords => {
  // An unknown account must take as long to refuse as a known one.
  let decoy: Promise<string> | undefined;
  return {
    hash: (password) => hash(password, cost),
    async verify(known, password) {
      decoy ??= hash('no account has this', cost);
      try {
        const isRight = await verify(known ?? (await decoy), password);
        return isRight && known !== undefined;
      } catch {
        return false;
      }
    },
  };
};
