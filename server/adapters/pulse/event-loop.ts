// Node's own watch on its event loop: it counts in native code, and nothing of ours runs for it.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Pulse } from '../../ports/pulse.ts';

/** Looks so often, ms: fine enough for what is judged in hundreds, and twenty wake-ups a second cost nothing. */
const resolutionMs = 50;

export const watchEventLoop = (): Pulse & { close(): void } => {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  return {
    lateMs: () => {
      // Nothing was counted yet, or one turn has lasted since the last look.
      const longest = delays.count === 0 ? 0 : delays.max / 1e6;
      delays.reset();
      return Math.max(0, longest - resolutionMs);
    },
    close: () => void delays.disable(),
  };
};
