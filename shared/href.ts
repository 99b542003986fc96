// Which addresses out of messages a browser may follow. Texts come from models and visitors: nothing else is believed.

const allowed = new Set(['http:', 'https:', 'mailto:', 'tel:']);

/** The address in its normal form, or null where a browser must not follow it (scripts, data, relative paths). */
export const safeHref = (value: string): string | null => {
  try {
    const url = new URL(value.trim());
    return allowed.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
};

/** As `safeHref`, and also an address relative to `base`, the page that the widget is on. */
export const pageHref = (value: string, base: string): string | null => {
  try {
    return safeHref(new URL(value, base).href);
  } catch {
    return null;
  }
};
