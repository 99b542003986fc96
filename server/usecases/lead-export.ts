// All leads as a CSV file, written page by page: an export of any size takes little memory and holds nobody up.
import { createTurns } from '../../shared/turns.ts';
import { csvOf } from '../domain/csv.ts';
import { FrequentNames } from '../domain/frequent-names.ts';
import type { Clock } from '../ports/clock.ts';
import type { Lead } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import { isListed } from './leads.ts';
import { nextTurnOfLoop } from './stall.ts';

interface ExportDeps {
  store: Store;
  clock: Clock;
}

export interface LeadExport {
  filename: string;
  /** The file, piece by piece. Rejects where the store does not answer. */
  parts: AsyncIterable<string>;
}

/** Columns of custom fields, and leads, that one file holds at most. Beyond them the file says so. */
export const exportLimits = { columns: 1000, leads: 100_000 } as const;

/** Leads that are read at a time, and those of them that are written at a time: each takes some 10 ms with the largest fields. */
const pageSize = 100;
const sliceSize = 25;
/** Names that are counted to find those of the columns. */
const namesCounted = 10_000;

const fixed = ['lead', 'captured', 'changed', 'name', 'email', 'phone', 'company', 'score', 'contact', 'conversation'];
const leftOutHeader = 'custom fields left out';
const lastRow = `Only the latest ${exportLimits.leads} leads are in this file`;

/** However many exports run on a node, one page of one of them is worked on at a time. */
const inTurn = createTurns();

const stampOf = (ms: number): string => new Date(ms).toISOString();

/** All leads from `from` on, latest first, page by page; others get their turn after each page. */
async function* pagesOf(store: Store, orgId: string, from: string | undefined): AsyncGenerator<Lead[]> {
  let after: string | undefined;
  for (let left: number = exportLimits.leads; left > 0; left -= pageSize) {
    const options = { reverse: true, limit: pageSize, ...(after === undefined ? {} : { after }) };
    const page = await inTurn('export', async () => {
      await nextTurnOfLoop();
      return store.documents.leads.list(orgId, options);
    });
    // What came after the columns were chosen is for the next export.
    yield from === undefined ? page : page.filter(({ id }) => id <= from);
    if (page.length < pageSize) return;
    after = page.at(-1)?.id;
  }
}

interface Columns {
  names: string[];
  /** Some leads have fields that are in no column. */
  isCut: boolean;
  /** The latest lead that was looked at; undefined where there is none. */
  latest: string | undefined;
  /** There are more leads than the file holds. */
  isLong: boolean;
}

const columnsOf = async (store: Store, orgId: string): Promise<Columns> => {
  const counted = new FrequentNames(namesCounted);
  let latest: string | undefined;
  let leads = 0;
  let last = '';
  for await (const page of pagesOf(store, orgId, undefined)) {
    latest ??= page[0]?.id;
    leads += page.length;
    last = page.at(-1)?.id ?? last;
    for (const { customFields = {} } of page.filter(isListed)) {
      for (const name of Object.keys(customFields)) counted.add(name);
    }
  }
  const isFull = leads >= exportLimits.leads;
  const more = isFull ? await store.documents.leads.list(orgId, { reverse: true, limit: 1, after: last }) : [];
  return { ...counted.top(exportLimits.columns), latest, isLong: more.length > 0 };
};

const rowOf = (lead: Lead, places: ReadonlyMap<string, number>, isCut: boolean): (string | number)[] => {
  const custom = Array.from<string>({ length: places.size }).fill('');
  let leftOut = 0;
  for (const [name, value] of Object.entries(lead.customFields ?? {})) {
    const place = places.get(name);
    if (place === undefined) leftOut += 1;
    else custom[place] = value;
  }
  return [
    lead.id,
    stampOf(lead.createdAt),
    stampOf(lead.updatedAt),
    lead.name ?? '',
    lead.email ?? '',
    lead.phone ?? '',
    lead.company ?? '',
    lead.score,
    lead.contactId,
    lead.conversationId,
    ...custom,
    ...(isCut ? [leftOut] : []),
  ];
};

async function* partsOf(
  store: Store,
  orgId: string,
  { names, isCut, latest, isLong }: Columns,
): AsyncGenerator<string> {
  const places = new Map(names.map((name, place) => [name, place]));
  yield csvOf([[...fixed, ...names, ...(isCut ? [leftOutHeader] : [])]]);
  if (latest === undefined) return;
  for await (const all of pagesOf(store, orgId, latest)) {
    const page = all.filter(isListed);
    for (let at = 0; at < page.length; at += sliceSize) {
      await nextTurnOfLoop();
      yield csvOf(page.slice(at, at + sliceSize).map((lead) => rowOf(lead, places, isCut)));
    }
  }
  if (isLong) yield csvOf([[lastRow]]);
}

/**
 * All leads, latest first, with a column for every custom field: for the 1,000 that most leads have where there are more, and
 * then a last column tells how many of a lead's fields are in none. Reads all leads twice, first for the columns.
 * @throws ChatError `unavailable` before anything is written
 */
export const exportLeads = async ({ store, clock }: ExportDeps, orgId: string): Promise<LeadExport> => {
  const columns = await columnsOf(store, orgId);
  const filename = `leads-${stampOf(clock.now()).slice(0, 10)}.csv`;
  return { filename, parts: partsOf(store, orgId, columns) };
};
