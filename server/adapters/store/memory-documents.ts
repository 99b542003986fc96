// Documents in memory, kept as JSON: a caller's object is never the stored one.
import { ChatError } from '../../../shared/errors.ts';
import { createTurns } from '../../../shared/turns.ts';
import { groups, kinds, lookups } from '../../ports/documents.ts';
import type { Collections, DocumentOf, Kind } from '../../ports/documents.ts';
import type { Collection } from '../../ports/store.ts';
import type { DocumentStore } from './sqlite-documents.ts';
import type { Write } from './write-batch.ts';

interface Held {
  orgId: string;
  id: string;
  group: string;
  expiresAt: number | undefined;
  lookups: string[];
  body: string;
}

const keyOf = (orgId: string, id: string): string => `${orgId} ${id}`;

export const createMemoryDocuments = (assertOpen: () => void): DocumentStore => {
  const purges: ((now: number) => number)[] = [];
  const writers = new Map<Kind, { check(write: Write): void; write(write: Write): void }>();

  const collection = <K extends Kind>(kind: K): Collection<DocumentOf<K>> => {
    const documents = new Map<string, Held>();
    const byLookup = new Map<string, Held>();
    const turns = createTurns();
    const parse = (held: Held | undefined): DocumentOf<K> | undefined =>
      held && (JSON.parse(held.body) as DocumentOf<K>);
    const remove = (orgId: string, id: string): boolean => {
      const held = documents.get(keyOf(orgId, id));
      if (held === undefined) return false;
      documents.delete(keyOf(orgId, id));
      for (const lookup of held.lookups) byLookup.delete(lookup);
      return true;
    };
    /** @throws ChatError `conflict` where one belongs to another document */
    const lookupsOf = (document: DocumentOf<K>): string[] => {
      const wanted = [...new Set(lookups[kind](document))];
      const before = documents.get(keyOf(document.orgId, document.id));
      if (wanted.some((lookup) => ![undefined, before].includes(byLookup.get(lookup)))) {
        throw new ChatError('conflict', 'Another one has this key or address already');
      }
      return wanted;
    };
    const put = (document: DocumentOf<K>): void => {
      assertOpen();
      const { orgId, id, expiresAt } = document as DocumentOf<K> & { expiresAt?: number };
      const wanted = lookupsOf(document);
      remove(orgId, id);
      const held: Held = {
        orgId,
        id,
        group: groups[kind](document),
        expiresAt,
        lookups: wanted,
        body: JSON.stringify(document),
      };
      documents.set(keyOf(orgId, id), held);
      for (const lookup of wanted) byLookup.set(lookup, held);
    };
    writers.set(kind, {
      check: ({ document }) => {
        if (document !== undefined) lookupsOf(document as DocumentOf<K>);
      },
      write: ({ orgId, id, document }) => {
        if (document === undefined) remove(orgId, id);
        else put(document as DocumentOf<K>);
      },
    });
    purges.push((now) => {
      const expired = [...documents.values()].filter(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now);
      for (const { orgId, id } of expired) remove(orgId, id);
      return expired.length;
    });

    return {
      get: async (orgId, id) => parse(documents.get(keyOf(orgId, id))),
      find: async (lookup) => parse(byLookup.get(lookup)),
      list: async (orgId, { group, limit = Number.POSITIVE_INFINITY, after, reverse = false } = {}) => {
        const sign = reverse ? -1 : 1;
        const order = (a: string, b: string): number => (a === b ? 0 : a < b ? -sign : sign);
        return [...documents.values()]
          .filter((held) => held.orgId === orgId && (group === undefined || held.group === group))
          .filter((held) => after === undefined || order(held.id, after) > 0)
          .sort((a, b) => order(a.id, b.id))
          .slice(0, limit)
          .map((held) => parse(held)!);
      },
      put: async (document) => put(document),
      update: async (orgId, id, change) =>
        turns(keyOf(orgId, id), async () => {
          for (;;) {
            const before = documents.get(keyOf(orgId, id));
            const changed = await change(parse(before));
            if (changed === undefined) return parse(before);
            if (documents.get(keyOf(orgId, id)) !== before) continue;
            put(changed);
            return changed;
          }
        }),
      delete: async (orgId, id) => {
        assertOpen();
        return remove(orgId, id);
      },
    };
  };

  return {
    collections: Object.fromEntries(kinds.map((kind) => [kind, collection(kind)])) as unknown as Collections,
    writeAll: async (writes) => {
      assertOpen();
      for (const write of writes) writers.get(write.kind)!.check(write);
      for (const write of writes) writers.get(write.kind)!.write(write);
    },
    purge: async (now) => purges.reduce((purged, purge) => purged + purge(now), 0),
  };
};
