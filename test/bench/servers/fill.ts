// Fills a store with conversations such as a busy site has: decided and folded by the product, only without sockets.
import { initialState } from '../../../shared/conversation.ts';
import type { ConversationState } from '../../../shared/conversation.ts';
import { newHexId, newId } from '../../../shared/ids.ts';
import { decide } from '../../../server/domain/conversation.ts';
import type { AgentActor, Command } from '../../../server/domain/conversation.ts';
import { isRefusal } from '../../../server/domain/decision.ts';
import type { Entry, Store } from '../../../server/ports/store.ts';

const batch = 500;

/** Words as common as their place in the list is early, like those of a language. */
const words = Array.from({ length: 4000 }, (_, i) => `${'kreladomisutovaneparigo'.slice(i % 17, (i % 17) + 4)}${i}`);

/** A small generator of its own, so that both sizes hold the same kind of text. */
const random = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
};

/** A word that about one text in `every` holds. */
export const rareWord = (i: number): string => words[1000 + (i % 3000)]!;
export const commonWord = (i: number): string => words[i % 40]!;

const sentence = (next: () => number, length: number): string =>
  Array.from({ length }, () => words[Math.floor(words.length * next() ** 3)]!).join(' ');

const entriesOf = (
  place: { orgId: string; widgetId: string; assistantId: string; agent: AgentActor },
  n: number,
): Entry[] => {
  const { orgId, widgetId, assistantId, agent } = place;
  const next = random(n);
  const conversationId = newId('conv');
  const began = Date.now() - 30 * 86_400_000 + n * 20;
  const entries: Entry[] = [];
  let state: ConversationState = initialState(conversationId, true);
  const does = (command: Command, at: number): void => {
    const commitId = newHexId();
    const decision = decide(state, command, {
      at,
      commitId,
      newId,
      node: 'node_bench',
      said: null,
      opening: {
        widgetId,
        assistantId,
        contactId: newId('con'),
        isAutopilot: true,
        channel: 'widget',
        visitor: { name: `Visitor ${words[n % words.length]!}`, email: `v${n}@example.com`, verified: false },
      },
      assistantName: 'Robin',
      isStaffOnline: true,
      draft: null,
    });
    if (isRefusal(decision)) throw new Error(decision.message);
    const first = decision.facts[0];
    if (first === undefined) return;
    const commit = {
      id: commitId,
      orgId,
      conversationId,
      first: first.seq,
      key: `b:${commitId}`,
      hash: '',
      at,
      facts: decision.facts,
      result: decision.result,
    };
    state = decision.state;
    entries.push({ commit, state });
  };
  does({ type: 'visitor.message', text: sentence(next, 8), clientId: commitIdOf(n) }, began);
  const { reply } = state;
  if (reply !== null) {
    const claim = { replyId: reply.replyId, turn: reply.turn, attempt: reply.attempt };
    does({ type: 'reply.complete', claim, text: sentence(next, 30), sources: [], actions: [] }, began + 2000);
  }
  const fate = next();
  if (fate < 0.1) does({ type: 'visitor.handoff' }, began + 3000);
  else if (fate < 0.15) does({ type: 'agent.take', by: agent }, began + 3000);
  else if (fate < 0.5) does({ type: 'agent.close', by: agent }, began + 3000);
  if (next() < 0.1) does({ type: 'agent.label', by: agent, labels: [`label ${n % 12}`] }, began + 4000);
  return entries;
};

const commitIdOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Writes conversations number `from` to `to` (excluded); resolves when they are found by search too. */
export const fillStore = async (store: Store, { from, to }: { from: number; to: number }): Promise<string[]> => {
  const member = await store.documents.members.find('email:owner@organisation.example');
  if (member === undefined) throw new Error('no seeded owner');
  const [widget] = await store.documents.widgets.list(member.orgId);
  if (widget === undefined) throw new Error('no seeded widget');
  const agent: AgentActor = { agentId: member.id, name: member.name, mayOverrule: true };
  const place = { orgId: member.orgId, widgetId: widget.id, assistantId: widget.assistantId, agent };
  const ids: string[] = [];
  for (let n = from; n < to; n += batch) {
    const entries: Entry[] = [];
    for (let i = n; i < Math.min(to, n + batch); i += 1) {
      const made = entriesOf(place, i);
      ids.push(made[0]!.commit.conversationId);
      entries.push(...made);
    }
    await store.append(entries);
  }
  return ids;
};
