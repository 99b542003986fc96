// What an earlier visit left in this browser. Only ever read here, so that a page without a chat stores nothing.

const keysOf = (widgetKey: string): string[] => {
  // A browser that forbids storage throws on the mere property.
  try {
    return Object.keys(localStorage).filter((key) => key.includes(widgetKey));
  } catch {
    return [];
  }
};

/** The session token that the SDK keeps for this widget, if the visitor has chatted here before. */
export const storedSession = (widgetKey: string): string | null => {
  for (const key of keysOf(widgetKey)) {
    const token = /sess_[\w-]{16,}/.exec(localStorage.getItem(key) ?? '');
    if (token) return token[0];
  }
  return null;
};

/** Forgets the visitor of this widget: a logout before the panel was ever loaded. */
export const forgetSession = (widgetKey: string): void => {
  for (const key of keysOf(widgetKey)) localStorage.removeItem(key);
};
