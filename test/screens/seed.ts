// An inbox as it looks after a busy day: many conversations in every state, written through the store.
import { evolve, initialState } from '../../shared/conversation.ts';
import type { Fact, FactBody } from '../../shared/facts.ts';
import { newHexId, newId } from '../../shared/ids.ts';
import type { Entry, Store } from '../../server/ports/store.ts';

const minute = 60_000;
const names = [
  'Ida Holm',
  'Tomasz Lis',
  'Priya Nair',
  'Jo',
  'María José Fernández de la Vega',
  'Henrik Ødegård',
  'ليلى حداد',
  '王小明',
];
const questions = [
  'Can we bring our dog on the evening trip?',
  'Hi, I booked two tandems for Saturday and would like to change one of them into two singles if that is possible',
  'Is there parking near the quay?',
  'My voucher code does not work',
  'هل يمكن للأطفال الانضمام إلى الرحلة؟',
  'Wie tief ist der Fluss?',
];
const answers = [
  'Dogs are welcome in tandem kayaks, as long as they wear a **buoyancy aid**. We lend one for free.',
  'Parking is free behind the boathouse, with room for about 40 cars.',
];
const labels = [['booking'], ['group', 'vip'], ['refund'], [], []] as const;

export interface Seeding {
  store: Store;
  orgId: string;
  widgetId: string;
  assistantId: string;
  /** Who holds what a person holds. */
  member: { id: string; name: string };
}

const conversation = (
  index: number,
  { orgId, widgetId, assistantId, member }: Seeding,
): { entry: Entry; contactId: string; name: string | undefined } => {
  const conversationId = newId('conv');
  const contactId = newId('con');
  const began = Date.now() - index * 7 * minute - 4 * minute;
  const name = index % 3 === 0 ? undefined : names[index % names.length];
  const author = {
    ai: { kind: 'ai' as const, name: 'Selwick Kayaks' },
    agent: { kind: 'agent' as const, name: member.name, agentId: member.id },
  };
  const message = (by: { kind: 'visitor' | 'ai' | 'agent' }, text: string): FactBody => ({
    type: 'message.created',
    messageId: newId('msg'),
    author: by,
    text,
    status: 'complete',
  });
  const control = (more: { agentId?: string; agentName?: string; waiting?: 'handoff' }): FactBody => ({
    type: 'control.changed',
    isAutopilot: more.agentId === undefined,
    agentId: more.agentId ?? null,
    agentName: more.agentName ?? null,
    waiting: more.waiting ?? null,
    reason: more.waiting ?? 'taken',
    turn: 2,
  });
  const bodies: FactBody[] = [
    {
      type: 'conversation.opened',
      widgetId,
      assistantId,
      contactId,
      isAutopilot: true,
      channel: 'widget',
      page: { url: 'https://selwick.example/boats', title: 'Boats and prices' },
    },
    message({ kind: 'visitor' }, questions[index % questions.length]!),
  ];
  if (name !== undefined) bodies.push({ type: 'visitor.identified', name, verified: false });
  if (index % 9 !== 1) bodies.push(message(author.ai, answers[index % answers.length]!));
  if (index % 9 === 1) bodies.push(control({ waiting: 'handoff' }));
  if (index % 9 === 4)
    bodies.push(
      control({ agentId: member.id, agentName: member.name }),
      message(author.agent, 'Of course, I have changed it for you.'),
    );
  const some = labels[index % labels.length]!;
  if (some.length > 0) bodies.push({ type: 'label.changed', labels: [...some], by: member });
  if (index % 5 === 3) bodies.push({ type: 'conversation.closed', turn: 3, by: { kind: 'agent', name: member.name } });
  let state = initialState(conversationId, true);
  const facts = bodies.map((body, at): Fact => ({
    conversationId,
    seq: at + 1,
    id: newHexId(),
    at: began + at * 9000,
    ...body,
  }));
  for (const fact of facts) state = evolve(state, fact);
  const commit = {
    id: newHexId(),
    orgId,
    conversationId,
    first: 1,
    key: `seed:${newHexId()}`,
    hash: 'seed',
    at: began,
    facts,
    result: null,
  };
  return { entry: { commit, state }, contactId, name };
};

/** Appends `count` conversations, the latest a few minutes old. */
export const seedInbox = async (count: number, seeding: Seeding): Promise<void> => {
  const made = Array.from({ length: count }, (_, index) => conversation(index, seeding));
  for (const { contactId, name, entry } of made) {
    await seeding.store.documents.contacts.put({
      id: contactId,
      orgId: seeding.orgId,
      widgetId: seeding.widgetId,
      createdAt: entry.commit.at,
      ...(name === undefined ? {} : { name }),
      verified: false,
      lastSeenAt: entry.commit.at,
      visits: 1,
    });
  }
  await seeding.store.append(made.map(({ entry }) => entry));
};
