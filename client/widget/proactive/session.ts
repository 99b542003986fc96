// The session that a first word of the widget needs: in memory until the visitor takes part, then where the panel finds it.

import { whereabouts } from '../../page.ts';

/** The keys of the SDK's session (`client/sdk/session.ts`). */
const keysOf = (widgetKey: string) => ({
  session: `tiller:${widgetKey}:session`,
  visitor: `tiller:${widgetKey}:visitor`,
});

const read = (key: string): string | null => {
  // A browser that forbids storage throws on the mere property.
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};

interface Tokens {
  session: string | null;
  visitor: string | null;
}

export interface OfferAction {
  label: string;
  action: 'message' | 'link' | 'handoff' | 'dismiss';
  url?: string;
}

/** The public contract over fetch; every failure is undefined, because nobody asked for any of this. */
export const openSession = (origin: string, widgetKey: string) => {
  const keys = keysOf(widgetKey);
  /** What this page was given and nobody has stored. */
  let held: Tokens = { session: null, visitor: null };

  const post = async (
    route: string,
    body: object,
  ): Promise<{ status: number; body: Record<string, unknown> } | undefined> => {
    try {
      const response = await fetch(`${origin}/api/widget/${route}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-API-Key': widgetKey },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: await response.json() };
    } catch {
      return undefined;
    }
  };
  const stored = (): string | null => read(keys.session);
  const begin = async (): Promise<string | null> => {
    const visitor = held.visitor ?? read(keys.visitor);
    const answer = await post('session', { page: whereabouts(), ...(visitor === null ? {} : { visitor_id: visitor }) });
    if (answer?.status !== 200) return null;
    held = { session: String(answer.body['session_id']), visitor: String(answer.body['visitor_id']) };
    return held.session;
  };

  return {
    /** Whether the visitor took part here before. */
    isKnown: (): boolean => read(keys.visitor) !== null,
    hasSession: (): boolean => stored() !== null,
    /** Asks in this visitor's session, beginning one where there is none. */
    async ask(route: string, body: object): Promise<Record<string, unknown> | undefined> {
      // What was begun here comes first: it was, because what is stored has ended.
      const session = held.session ?? stored() ?? (await begin());
      if (session === null) return undefined;
      let answer = await post(route, { ...body, session_id: session });
      if (answer?.status === 404) {
        // It has ended meanwhile.
        const fresh = await begin();
        if (fresh === null) return undefined;
        answer = await post(route, { ...body, session_id: fresh });
      }
      return answer?.status === 200 ? answer.body : undefined;
    },
    /** The visitor takes part: the panel goes on with this session. */
    keep(): void {
      if (held.session === null || held.visitor === null) return;
      try {
        localStorage.setItem(keys.session, held.session);
        localStorage.setItem(keys.visitor, held.visitor);
      } catch {
        // Then the panel begins its own.
      }
      held = { session: null, visitor: null };
    },
  };
};
