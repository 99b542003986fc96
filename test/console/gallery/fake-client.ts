// A live client without a server: the stories of the gallery, played through the interface of the real one.
import type { Fact } from '../../../shared/facts.ts';
import { matchesFilter, needsPerson } from '../../../shared/inbox-filter.ts';
import { foldRow } from '../../../shared/inbox.ts';
import type { InboxCounts, InboxRow } from '../../../shared/inbox.ts';
import type { Signal } from '../../../shared/signals.ts';
import type { Connection, ConversationSnapshot, InboxSnapshot, StaffClient } from '../../../client/sdk/api.ts';
import { emitter, value } from '../../../client/sdk/observable.ts';
import type { Value } from '../../../client/sdk/observable.ts';
import type { Story } from './story.ts';
import { me, theo } from './story.ts';
import { longAnswer, stories } from './stories.ts';

const pageSize = 50;

const countsOf = (rows: readonly InboxRow[]): InboxCounts => {
  const held: Record<string, number> = {};
  for (const { status, control } of rows) {
    if (status === 'open' && control.agentId !== null) held[control.agentId] = (held[control.agentId] ?? 0) + 1;
  }
  return {
    needsPerson: rows.filter(needsPerson).length,
    ai: rows.filter((row) => matchesFilter(row, 'ai', me.id)).length,
    open: rows.filter((row) => row.status === 'open').length,
    closed: rows.filter((row) => matchesFilter(row, 'closed', me.id)).length,
    held,
  };
};

/** What a test may do from outside, as `window.gallery`. */
export interface GalleryControls {
  /** The visitor writes: the row becomes the latest. */
  visitorWrites(conversationId: string, text: string): void;
  arrive(): string;
  setConnection(connection: Connection): void;
  /** Feeds the live answer so many characters; finishes it where the text ends. */
  stream(characters: number): void;
}

export const createFakeClient = (now: number, count: number): { client: StaffClient; controls: GalleryControls } => {
  const all = new Map<string, Story>(stories(now, count).map((story) => [story.id, story]));
  const connection = value<Connection>({ status: 'idle' });
  const facts = emitter<[Fact, 'live' | 'loaded']>();
  const signals = emitter<[Signal]>();
  const opened = new Map<string, Value<ConversationSnapshot>>();
  const folded = new Map<string, InboxRow>();
  const rowOf = (story: Story): InboxRow => {
    const row = foldRow(folded.get(story.id), story.facts.slice(folded.get(story.id)?.head.seq ?? 0), story.state);
    folded.set(story.id, row);
    return row;
  };
  let live = longAnswer.slice(0, 120);
  const inbox = value<InboxSnapshot>({
    filter: 'open',
    rows: [],
    counts: { needsPerson: 0, ai: 0, open: 0, closed: 0, held: {} },
    hasMore: false,
    isLoading: false,
  });
  let shown = 0;

  const showInbox = (isLoading: boolean): void => {
    const rows = [...all.values()].map(rowOf);
    const { filter } = inbox.get();
    const matching = rows.filter((row) => matchesFilter(row, filter, me.id));
    matching.sort((a, b) =>
      filter === 'needs-person' ? (a.waitingSince ?? 0) - (b.waitingSince ?? 0) : b.lastAt - a.lastAt,
    );
    const counts = countsOf(rows);
    inbox.set({ ...inbox.get(), rows: matching.slice(0, shown), counts, hasMore: matching.length > shown, isLoading });
  };

  const snapshotOf = (story: Story, first: number): ConversationSnapshot => ({
    conversationId: story.id,
    isLoaded: true,
    state: story.state,
    facts: story.facts.slice(first),
    hasEarlier: first > 0,
    isLoadingEarlier: false,
    reply: story.state.reply === null ? null : { ...story.state.reply, text: live, startedAt: story.facts.at(-1)!.at },
    reads: { visitor: Math.max(0, story.facts.length - 2), staff: story.facts.length },
    typing:
      story.id === 'conv_mine'
        ? {
            agents: [{ agentId: theo.id, name: theo.name }],
            visitor: true,
            preview: 'He is a terrier, so maybe a life vest for',
          }
        : { agents: [], visitor: false },
    viewers: story.id === 'conv_mine' ? [{ ...theo, viewing: true, typing: true }] : [],
    outbox: [],
  });

  const refresh = (story: Story): void => {
    const snapshot = opened.get(story.id);
    if (snapshot !== undefined) snapshot.set(snapshotOf(story, snapshot.get().facts[0]!.seq - 1));
    showInbox(false);
    signals.emit({ type: 'inbox.changed', conversationId: story.id, row: rowOf(story), counts: inbox.get().counts });
  };

  const find = (id: string): Story => all.get(id) ?? [...all.values()][0]!;

  const perform = (command: string, input: Record<string, unknown>): void => {
    const story = find(String(input['conversationId']));
    const cut = (): void => {
      const { reply } = story.state;
      if (reply?.mode === 'answer') story.ai(live, { messageId: reply.replyId, status: 'interrupted', cut: 'taken' });
    };
    const draft = story.facts.findLast((fact) => fact.type === 'draft.created');
    switch (command) {
      case 'conversation:take':
        cut();
        story.takenBy();
        break;
      case 'conversation:release':
        story.control({
          reason: 'released',
          isAutopilot: input['to'] === 'autopilot',
          agentId: null,
          agentName: null,
          by: me,
        });
        break;
      case 'reply:stop':
        cut();
        story.control({ reason: 'stopped', by: me });
        break;
      case 'autopilot:set':
        story.control({
          reason: 'autopilot',
          isAutopilot: input['isAutopilot'] === true,
          agentId: null,
          agentName: null,
          by: me,
        });
        break;
      case 'draft:approve':
        story.says({ kind: 'ai', name: 'Robin', reviewedBy: me.name }, draft?.text ?? '');
        story.add({ type: 'draft.approved', draftId: String(input['draftId']), messageId: 'x', by: me });
        break;
      case 'draft:reject':
        story.add({ type: 'draft.rejected', draftId: String(input['draftId']), by: me });
        break;
      case 'note:add':
        story.add({
          type: 'note.created',
          noteId: `n${story.facts.length}`,
          author: { kind: 'agent', name: me.name, agentId: me.id },
          text: String(input['text']),
        });
        break;
      case 'label:set':
        story.add({ type: 'label.changed', labels: input['labels'] as string[], by: me });
        break;
      case 'conversation:close':
        story.add({
          type: 'conversation.closed',
          turn: story.state.control.turn + 1,
          by: { kind: 'agent', name: me.name },
        });
        break;
      case 'conversation:spam':
        story.add({ type: 'spam.changed', isSpam: input['isSpam'] === true, by: me });
        if (input['isSpam'] === true && story.state.status === 'open') {
          story.add({
            type: 'conversation.closed',
            turn: story.state.control.turn + 1,
            by: { kind: 'agent', name: me.name },
          });
        }
        break;
      case 'conversation:reopen':
        story.add({
          type: 'conversation.reopened',
          turn: story.state.control.turn + 1,
          isAutopilot: true,
          by: { kind: 'agent', name: me.name },
        });
        break;
    }
    refresh(story);
  };

  const client = {
    connection,
    inbox,
    connect: () => connection.set({ status: 'online' }),
    disconnect: () => connection.set({ status: 'idle' }),
    ask: () => Promise.resolve({ ok: true, data: {} }),
    perform: (command: string, input: Record<string, unknown>) => {
      perform(command, input);
      return Promise.resolve({ ok: true, data: {} });
    },
    onFact: facts.on,
    onSignal: signals.on,
    retry: () => undefined,
    discard: () => undefined,
    openInbox: (filter: InboxSnapshot['filter']) => {
      shown = 0;
      inbox.set({ ...inbox.get(), filter, rows: [], isLoading: true, hasMore: false });
      setTimeout(() => {
        shown = pageSize;
        showInbox(false);
      }, 120);
    },
    loadMoreInbox: () => {
      showInbox(true);
      return new Promise<void>((resolve) => {
        setTimeout(() => {
          shown += pageSize;
          showInbox(false);
          resolve();
        }, 60);
      });
    },
    open: (id: string) => {
      const story = find(id);
      const known = opened.get(id) ?? value(snapshotOf(story, Math.max(0, story.facts.length - 30)));
      opened.set(id, known);
      return known;
    },
    leave: (id: string) => void opened.delete(id),
    loadEarlier: (id: string) => {
      const snapshot = opened.get(id);
      if (snapshot === undefined || snapshot.get().isLoadingEarlier) return Promise.resolve();
      snapshot.set({ ...snapshot.get(), isLoadingEarlier: true });
      return new Promise<void>((resolve) => {
        setTimeout(() => {
          snapshot.set(snapshotOf(find(id), Math.max(0, snapshot.get().facts[0]!.seq - 21)));
          resolve();
        }, 150);
      });
    },
    send: (id: string, text: string) => {
      refresh(find(id).agent(text));
      return 'sent';
    },
    markRead: () => undefined,
    setTyping: () => undefined,
  };

  let arrived = 0;
  const controls: GalleryControls = {
    visitorWrites: (id, text) => refresh(find(id).until(Date.now()).visitor(text)),
    arrive: () => {
      arrived += 1;
      const story = new (find('conv_needs').constructor as typeof Story)(`conv_new_${arrived}`, { at: Date.now() });
      all.set(story.id, story.visitor('I am new here'));
      refresh(story);
      return story.id;
    },
    setConnection: (next) => connection.set(next),
    stream: (characters) => {
      live = longAnswer.slice(0, live.length + characters);
      const story = find('conv_live');
      if (live.length === longAnswer.length && story.state.reply !== null)
        story.ai(longAnswer, { messageId: 'reply_live', sources: [{ title: 'Prices' }] });
      refresh(story);
    },
  };
  return { client: client as unknown as StaffClient, controls };
};
