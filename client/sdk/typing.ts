// Who is typing: what others do, which expires by itself, and what we tell, which is throttled.
import type { Author } from '../../shared/facts.ts';
import type { SignalOf } from '../../shared/signals.ts';
import type { TypingState } from './api.ts';

type Timer = ReturnType<typeof setTimeout>;

export interface TypingTrack {
  get: () => TypingState;
  signal: (signal: SignalOf<'typing.changed'>) => void;
  /** They said it: nobody types what is there already. */
  said: (by: Author) => void;
  clear: () => void;
}

const expiresMs = 6000;
const nobody: TypingState = { agents: [], visitor: false };

export const createTypingTrack = (changed: () => void): TypingTrack => {
  let state = nobody;
  const timers = new Map<string, Timer>();

  const stop = (key: string): void => {
    clearTimeout(timers.get(key));
    timers.delete(key);
    const { agents } = state;
    state = key === '' ? { agents, visitor: false } : { ...state, agents: agents.filter((one) => one.agentId !== key) };
  };

  const start = (key: string): void => {
    clearTimeout(timers.get(key));
    timers.set(
      key,
      setTimeout(() => {
        stop(key);
        changed();
      }, expiresMs),
    );
  };

  return {
    get: () => state,
    signal: ({ who, isTyping, name, agentId, preview }) => {
      const key = who === 'visitor' ? '' : (agentId ?? name ?? 'agent');
      if (!isTyping) {
        stop(key);
      } else if (who === 'visitor') {
        start(key);
        state = { agents: state.agents, visitor: true, ...(preview === undefined ? {} : { preview }) };
      } else {
        start(key);
        const others = state.agents.filter((one) => one.agentId !== key);
        state = { ...state, agents: [...others, { agentId: key, name: name ?? '' }] };
      }
    },
    said: (by) => {
      if (by.kind === 'visitor') stop('');
      if (by.kind !== 'agent') return;
      for (const one of state.agents) {
        const isTheirs =
          by.agentId === undefined ? by.name === undefined || by.name === one.name : by.agentId === one.agentId;
        if (isTheirs) stop(one.agentId);
      }
    },
    clear: () => {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      state = nobody;
    },
  };
};

export interface TypingTeller {
  /** On every keystroke. */
  set: (isTyping: boolean, preview?: string) => void;
  stop: () => void;
}

/** Tells at most every `everyMs` (the last keystroke counts), and that it stopped 4 s after the last keystroke. */
export const createTypingTeller = (tell: (isTyping: boolean, preview?: string) => void): TypingTeller => {
  let told: { isTyping: boolean; preview: string | undefined; at: number } = {
    isTyping: false,
    preview: undefined,
    at: 0,
  };
  let idle: Timer | undefined;
  let trailing: Timer | undefined;

  const say = (isTyping: boolean, preview?: string): void => {
    clearTimeout(trailing);
    trailing = undefined;
    told = { isTyping, preview, at: Date.now() };
    tell(isTyping, preview);
  };

  const set = (isTyping: boolean, preview?: string): void => {
    clearTimeout(idle);
    if (!isTyping) {
      clearTimeout(trailing);
      trailing = undefined;
      if (told.isTyping) say(false);
      return;
    }
    idle = setTimeout(() => set(false), 4000);
    // Without a preview a repeat only keeps it from expiring at the other end.
    const everyMs = preview === undefined ? 3000 : 700;
    const wait = told.isTyping ? told.at + everyMs - Date.now() : 0;
    if (wait <= 0) {
      say(true, preview);
    } else if (preview !== undefined && preview !== told.preview) {
      clearTimeout(trailing);
      trailing = setTimeout(() => say(true, preview), wait);
    }
  };

  return {
    set,
    stop: () => {
      clearTimeout(idle);
      clearTimeout(trailing);
      told = { isTyping: false, preview: undefined, at: 0 };
    },
  };
};
