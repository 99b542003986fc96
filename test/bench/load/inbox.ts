// An agent at work in the inbox: opens it, pages through it, opens conversations, searches.
import { WireClient } from '../wire-client.ts';
import { commonWord, rareWord } from '../servers/fill.ts';
import { percentile } from '../statistics.ts';
import type { Target } from './target.ts';

export type InboxVerb = 'inbox' | 'page' | 'conversation' | 'search';
export type InboxRun = Record<InboxVerb, { p50: number; p99: number; count: number }>;

interface Page {
  conversations: { conversationId: string }[];
  cursor: string | null;
}

let agent: WireClient | undefined;
let target: Target;
let ids: string[] = [];
const filters = ['open', 'needs-person', 'ai', 'mine', 'closed'] as const;

export const openInbox = async (input: { target: Target; ids: string[] }): Promise<void> => {
  ({ target, ids } = input);
  agent = await WireClient.open({ url: target.url, namespace: '/console', auth: { v: 1, token: target.token } });
};

const timed = async <T>(into: number[], work: () => Promise<T>): Promise<T> => {
  const began = performance.now();
  const result = await work();
  into.push(performance.now() - began);
  return result;
};

const search = async (words: string): Promise<void> => {
  const response = await fetch(`${target.url}/api/console/search?q=${encodeURIComponent(words)}`, {
    headers: { Authorization: `Bearer ${target.token}` },
  });
  if (!response.ok) throw new Error(`search: ${response.status}`);
  await response.json();
};

export const runInbox = async ({ times: count }: { times: number }): Promise<InboxRun> => {
  const took: Record<InboxVerb, number[]> = { inbox: [], page: [], conversation: [], search: [] };
  const client = agent!;
  for (let i = 0; i < count; i += 1) {
    const filter = filters[i % filters.length]!;
    let page = await timed(took.inbox, () => client.ask<Page>('inbox:open', { filter }));
    for (let depth = 0; depth < 3 && page.cursor !== null; depth += 1) {
      const { cursor } = page;
      page = await timed(took.page, () => client.ask<Page>('inbox:open', { filter, cursor }));
    }
    const conversationId = ids[Math.floor(Math.random() * ids.length)]!;
    await timed(took.conversation, () => client.ask('conversation:open', { conversationId }));
    await client.ask('conversation:leave', { conversationId });
    await timed(took.search, () => search(rareWord(i)));
    await timed(took.search, () => search(commonWord(i)));
    await timed(took.search, () => search(`${commonWord(i)} ${rareWord(i * 7)}`));
  }
  const summary = Object.entries(took).map(([verb, values]) => [
    verb,
    { p50: percentile(values, 0.5), p99: percentile(values, 0.99), count: values.length },
  ]);
  return Object.fromEntries(summary) as InboxRun;
};
