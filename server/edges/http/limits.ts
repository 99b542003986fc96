// How often a caller may try. What somebody could get round by going to another node is counted over all nodes where there are
// several; a node that cannot ask the others counts for itself.
import type { Request } from 'express';
import { ChatError } from '../../../shared/errors.ts';
import type { Config } from '../../config.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SharedCounter } from '../../ports/counter.ts';
import { perSite, siteOf } from '../../usecases/limits.ts';
import { hashOf } from '../../usecases/secret.ts';
import { countedAddress } from './address.ts';
import { Windows } from './windows.ts';
import type { WindowRate } from './windows.ts';

const minute = 60_000;

const rates = {
  /** Wrong passwords for one account from one address: nobody can use up the tries of somebody elsewhere. */
  login: { count: 5, perMs: 15 * minute },
  /** From one address for any account: more, because an office shares an address. */
  loginFrom: { count: 25, perMs: 15 * minute },
  /** For one account from all addresses together: against guessing from many of them. */
  loginAnywhere: { count: 30, perMs: 30 * minute },
  /** Wrong current passwords of a signed-in member. */
  ownPassword: { count: 5, perMs: 15 * minute },
  /** Reading and using one-time links, from one address: a team that begins together opens many. */
  linkFrom: { count: 60, perMs: 15 * minute },
  /** Using one link: its holder may mistype, and must not try out who has an account. */
  linkUse: { count: 5, perMs: 15 * minute },
  /** Public views of widgets: a page view costs one. */
  publicView: { count: 600, perMs: minute },
} as const satisfies Record<string, WindowRate>;

type Name = keyof typeof rates;

/** To be called where a try was right: failures before it are forgotten. */
export type Right = () => Promise<void>;

export interface HttpLimits {
  /**
   * Counts a try at an account before the password is looked at. `isKnown` is asked only where the account is being guessed at
   * from many addresses: whether this caller has lately been let in, so that the owner is not held up with the others.
   * @throws ChatError `rate_limited`
   */
  login(request: Request, account: string, isKnown: () => Promise<boolean>): Promise<Right>;
  /** A signed-in member gives the current password. Failed sign-ins do not count here, nor do these there. @throws ChatError `rate_limited` */
  ownPassword(memberId: string): Promise<Right>;
  /** Looking at a one-time link. @throws ChatError `rate_limited` */
  readLink(request: Request): Promise<void>;
  /** Using a one-time link. @throws ChatError `rate_limited` */
  useLink(request: Request, token: string): Promise<void>;
  /** @throws ChatError `rate_limited` */
  publicView(request: Request): Promise<void>;
}

const nothing = async (): Promise<void> => {};
const none: HttpLimits = {
  login: async () => nothing,
  ownPassword: async () => nothing,
  readLink: nothing,
  useLink: nothing,
  publicView: nothing,
};

/** `counter`: counts over all nodes, where there are several. */
export const createLimits = (
  config: Pick<Config, 'limits' | 'publicUrl'>,
  clock: Clock,
  counter?: SharedCounter,
): HttpLimits => {
  if (config.limits === 'off') return none;
  const windowsOf = (times: number): Record<Name, Windows> =>
    Object.fromEntries(
      Object.entries(rates).map(([name, { count: most, perMs }]) => [
        name,
        new Windows({ count: most * times, perMs }, () => clock.monotonic()),
      ]),
    ) as Record<Name, Windows>;
  const windows = windowsOf(1);
  /** Of a whole IPv6 /48, which has 65,536 networks to come from. */
  const sites = windowsOf(perSite);

  /** 0, or the ms to wait. */
  const take = async (name: Name, key: string): Promise<number> =>
    (await counter?.take(name, rates[name], key)) ?? windows[name].take(key);

  const count = async (name: Name, key: string): Promise<void> => {
    refuseAfter(await take(name, key), tooOften);
  };

  const forget = async (name: Name, key: string): Promise<void> => {
    await counter?.forget(name, key);
    windows[name].forget(key);
  };

  const giveBack = async (name: Name, key: string): Promise<void> => {
    await counter?.giveBack(name, key);
    windows[name].giveBack(key);
  };

  /** Counts an address, and the site around it on this node. */
  const countFrom = async (name: Name, address: string): Promise<void> => {
    const site = siteOf(address);
    if (site !== undefined) refuseAfter(sites[name].take(site), tooOften);
    await count(name, address);
  };

  const countAddress = async (name: Name, request: Request): Promise<void> => {
    const address = countedAddress(request, config);
    if (address !== undefined) await countFrom(name, address);
  };

  return {
    async login(request, account, isKnown) {
      const name = account.toLowerCase();
      const address = countedAddress(request, config);
      const here = `${name} ${address ?? 'local'}`;
      if (address !== undefined) await countFrom('loginFrom', address);
      await count('login', here);
      if (address !== undefined) {
        const waitMs = await take('loginAnywhere', name);
        if (waitMs > 0 && !(await isKnown())) refuseAfter(waitMs, tooOften);
      }
      return async () => {
        await forget('login', here);
        if (address === undefined) return;
        await giveBack('loginFrom', address);
        await giveBack('loginAnywhere', name);
      };
    },
    async ownPassword(memberId) {
      await count('ownPassword', memberId);
      return () => forget('ownPassword', memberId);
    },
    readLink: (request) => countAddress('linkFrom', request),
    async useLink(request, token) {
      await countAddress('linkFrom', request);
      // Never the secret itself: it would lie in Redis.
      await count('linkUse', hashOf(token));
    },
    async publicView(request) {
      const address = countedAddress(request, config);
      // On this node alone: every page view costs one, and going to another node gains little.
      if (address === undefined) return;
      const site = siteOf(address);
      const waitMs = windows.publicView.take(address) || (site === undefined ? 0 : sites.publicView.take(site));
      refuseAfter(waitMs, 'Too many requests: try again later');
    },
  };
};

const tooOften = 'Too many attempts: try again later';

const refuseAfter = (retryAfterMs: number, message: string): void => {
  if (retryAfterMs > 0) throw new ChatError('rate_limited', message, { retryAfterMs });
};
