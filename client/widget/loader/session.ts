// What an earlier visit left in this browser. Only ever read here, so that a page without a chat stores nothing.

/** The SDK keeps everything of a widget under keys that hold the widget's. */
const entriesOf = (widgetKey: string): [string, string][] => {
  // A browser that forbids storage throws on the mere property.
  try {
    return Object.entries(localStorage).filter(([key]) => key.includes(widgetKey));
  } catch {
    return [];
  }
};

/** The session's token, if the visitor has chatted here before. */
export const storedSession = (widgetKey: string): string | null =>
  /sess_[\w-]{16,}/.exec(entriesOf(widgetKey).join(' '))?.[0] ?? null;

/** Forgets the visitor, here and on the server: a logout before the panel was ever loaded. */
export const forgetSession = (origin: string, widgetKey: string): void => {
  const session = storedSession(widgetKey);
  const entries = entriesOf(widgetKey);
  for (const [key] of entries) localStorage.removeItem(key);
  if (entries[0]) {
    // Other tabs hear of it (`logoutKey` of the SDK), and nothing stays behind.
    const told = `tiller:${widgetKey}:logout`;
    localStorage.setItem(told, `* ${Date.now()}`);
    localStorage.removeItem(told);
  }
  if (session)
    fetch(`${origin}/api/widget/logout`, {
      method: 'POST',
      // The page may be on its way to another one.
      keepalive: true,
      headers: { 'Content-Type': 'application/json', 'X-API-Key': widgetKey },
      body: JSON.stringify({ session_id: session }),
    }).catch(() => undefined);
};
