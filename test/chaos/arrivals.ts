// Who comes while everybody comes, and who was there before and writes on.
import { newUuid } from '../../shared/ids.ts';
import { openVisitor } from '../bench/load/target.ts';
import type { Target, Visitor } from '../bench/load/target.ts';
import { pause, within } from './stage.ts';

export interface Arrivals {
  refused: number;
  silent: string[];
  timeouts: number;
}

/** Comes again when told to, as a client does, until it is in. */
export const arrive = async (target: Target, seen: Arrivals, isOver: () => boolean): Promise<Visitor | undefined> => {
  for (let tries = 0; !isOver(); tries += 1) {
    try {
      return await within(20_000, 'a session', openVisitor(target));
    } catch (error) {
      const said = String(error);
      const told = /"retryAfterMs":(\d+)/.exec(said)?.[1];
      if (told !== undefined) seen.refused += 1;
      else if (said.includes('not within')) seen.timeouts += 1;
      else seen.silent.push(said.slice(0, 200));
      await pause(Number(told ?? 500) + Math.random() * Math.min(8000, 500 * 2 ** tries));
    }
  }
  return undefined;
};

/** Writes every second and tells how long each ack took; a refusal is repeated when told. */
export const residents = (visitors: readonly Visitor[]) => {
  const times: number[] = [];
  let refused = 0;
  const run = { isOver: false };
  const live = async ({ client, conversationId }: Visitor): Promise<void> => {
    while (!run.isOver) {
      await pause(500 + 1000 * Math.random());
      const input = { conversationId, clientId: newUuid(), text: 'Still here' };
      const began = performance.now();
      for (let isIn = false; !isIn;) {
        isIn = await within(15_000, 'an ack', client.ask('message:send', input)).then(
          () => true,
          async (error: unknown) => {
            refused += 1;
            await pause(Number(/"retryAfterMs":(\d+)/.exec(String(error))?.[1] ?? 500));
            return performance.now() - began > 30_000;
          },
        );
      }
      times.push(performance.now() - began);
    }
  };
  const done = Promise.all(visitors.map(live));
  return {
    take: () => ({ times: times.splice(0), refused }),
    stop: async () => {
      run.isOver = true;
      await done;
    },
  };
};
