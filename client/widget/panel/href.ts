// Which addresses a visitor's browser may follow.

const allowed = new Set(['http:', 'https:', 'mailto:', 'tel:']);

/** The address in its normal form, or null where a visitor's browser must not follow it (scripts, data, relative paths). */
export const safeHref = (value: string): string | null => {
  try {
    const url = new URL(value.trim());
    return allowed.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
};
