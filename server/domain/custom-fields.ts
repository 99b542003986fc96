// Fields that a site's own form adds to a lead or contact: merged, and never more than a record may hold.
import { limits } from '../../shared/text.ts';

export type CustomFields = Record<string, string>;

/**
 * The fields after more were said: known names get their new values, new names are added until there are 20, and whatever is
 * beyond is left out. So the first 20 names stay, and what they say can always be corrected.
 */
export const mergedFields = (known: CustomFields | undefined, said: CustomFields | undefined): CustomFields => {
  const merged = new Map(Object.entries(known ?? {}).slice(0, limits.customFields));
  for (const [name, value] of Object.entries(said ?? {})) {
    if (merged.has(name) || merged.size < limits.customFields) merged.set(name, value);
  }
  return Object.fromEntries(merged);
};
