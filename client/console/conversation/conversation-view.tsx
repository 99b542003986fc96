// One conversation: header, thread, who steers, draft, composer; the visitor beside it.
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { InboxFilter } from '../../../shared/inbox.ts';
import { isPanelOpen } from '../prefs.ts';
import { hrefOf } from '../router.ts';
import { signedIn } from '../session.ts';
import { markSeen } from '../inbox/seen.ts';
import { useWide } from '../ui/wide.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Empty } from '../ui/feedback.tsx';
import { VisitorPanel } from '../visitor/visitor-panel.tsx';
import { actionsOf } from './actions.ts';
import { Activity } from './activity.tsx';
import { Announcer } from './announcer.tsx';
import { Composer } from './composer.tsx';
import { ControlBar } from './control-bar.tsx';
import { DraftCard } from './draft-card.tsx';
import { draftOf } from './draft.ts';
import { Header } from './header.tsx';
import { Thread } from './thread.tsx';
import { useConversation } from './use-conversation.ts';

/** Read is what somebody could see: the page is in front. */
const useReading = (conversationId: string, seq: number, isLoaded: boolean): void => {
  const { client } = signedIn();
  useEffect(() => {
    if (!isLoaded) return;
    const read = (): void => {
      if (document.visibilityState !== 'visible' || !document.hasFocus()) return;
      client.markRead(conversationId);
      markSeen(conversationId, seq);
    };
    read();
    addEventListener('focus', read);
    document.addEventListener('visibilitychange', read);
    return () => {
      removeEventListener('focus', read);
      document.removeEventListener('visibilitychange', read);
    };
  }, [client, conversationId, seq, isLoaded]);
};

const Opened = ({ conversationId, filter }: { conversationId: string; filter: InboxFilter }) => {
  const { client } = signedIn();
  const snapshot = useConversation(client, conversationId);
  const actions = useMemo(() => actionsOf(client, conversationId), [client, conversationId]);
  const isWide = useWide(1280);
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  const [bans, setBans] = useState(0);
  const [editing, setEditing] = useState<string | null>(null);
  const draft = draftOf(snapshot);
  useReading(conversationId, snapshot.state.head.seq, snapshot.isLoaded);
  const togglePanel = (): void => {
    if (isWide) isPanelOpen.value = !isPanelOpen.value;
    else setDrawerOpen(!isDrawerOpen);
  };
  if (snapshot.error !== undefined && !snapshot.isLoaded) {
    return (
      <section aria-label="Conversation" class="min-w-0 grow bg-surface">
        <Empty icon="alert" title="This conversation cannot be opened">
          <p>{snapshot.error.code === 'not_found' ? 'It does not exist, or was deleted.' : snapshot.error.message}</p>
          <p class="mt-2">
            <a href={hrefOf({ name: 'inbox', filter, conversationId: null })} class="text-link underline">
              Back to the list
            </a>
          </p>
        </Empty>
      </section>
    );
  }
  return (
    <>
      <section aria-label="Conversation" class="flex min-w-0 grow flex-col bg-surface md:min-w-120">
        <Header
          snapshot={snapshot}
          actions={actions}
          filter={filter}
          onPanel={togglePanel}
          onBanned={() => setBans(bans + 1)}
        />
        <Thread key={conversationId} snapshot={snapshot} />
        <Activity snapshot={snapshot} />
        {draft !== null && (
          <DraftCard
            draft={draft}
            snapshot={snapshot}
            actions={actions}
            isEditing={editing === draft.draftId && draft.status === 'waiting'}
            onEdit={() => setEditing(draft.draftId)}
          />
        )}
        <ControlBar snapshot={snapshot} actions={actions} />
        <Composer
          key={`composer ${conversationId}`}
          snapshot={snapshot}
          actions={actions}
          draft={draft}
          editing={editing}
          onEndEdit={() => setEditing(null)}
        />
        <Announcer conversationId={conversationId} />
      </section>
      {isWide && isPanelOpen.value && (
        <aside aria-label="Visitor" class="w-[300px] shrink-0 border-s border-line bg-surface">
          <VisitorPanel snapshot={snapshot} bans={bans} />
        </aside>
      )}
      {!isWide && isDrawerOpen && (
        <Dialog title="Visitor" shape="drawer" onClose={() => setDrawerOpen(false)}>
          <VisitorPanel snapshot={snapshot} bans={bans} />
        </Dialog>
      )}
    </>
  );
};

export const ConversationView = ({ conversationId, filter }: { conversationId: string | null; filter: InboxFilter }) =>
  conversationId === null ? (
    <section aria-label="Conversation" class="min-w-0 grow bg-surface max-md:hidden">
      <Empty icon="chat" title="Choose a conversation">
        J and K go through the list, ? shows every key.
      </Empty>
    </section>
  ) : (
    <Opened key={conversationId} conversationId={conversationId} filter={filter} />
  );
