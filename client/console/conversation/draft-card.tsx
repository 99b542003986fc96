// The AI's draft, which only staff see: approve, edit or reject it, never by accident.
import { useEffect, useState } from 'preact/hooks';
import type { ConversationSnapshot } from '../../sdk/api.ts';
import { signedIn } from '../session.ts';
import { useShortcut } from '../shortcuts.ts';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icons.tsx';
import { isPending } from './actions.ts';
import type { Actions } from './actions.ts';
import type { DraftView } from './draft.ts';
import { AiText } from './ai-text.tsx';

/** A click that was meant for what stood here before must not approve what stands here now. */
const settleMs = 400;

const useSettled = (draftId: string, isStreaming: boolean): boolean => {
  const key = `${draftId} ${isStreaming}`;
  const [settled, setSettled] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSettled(key), settleMs);
    return () => clearTimeout(timer);
  }, [key]);
  return settled === key;
};

export const DraftCard = ({
  draft,
  snapshot,
  actions,
  isEditing,
  onEdit,
}: {
  draft: DraftView;
  snapshot: ConversationSnapshot;
  actions: Actions;
  isEditing: boolean;
  onEdit: () => void;
}) => {
  const { member } = signedIn();
  const { agentId, agentName } = snapshot.state.control;
  const isSettled = useSettled(draft.draftId, draft.status === 'streaming');
  const isOthers = agentId !== null && agentId !== member.id;
  const isBusy = isPending(snapshot, 'draft:approve', 'draft:reject');
  const isReady = draft.status === 'waiting' && isSettled && !isBusy && !isOthers;
  const approve = (): void => void actions.approve(draft.draftId);
  const reject = (): void => void actions.reject(draft.draftId);
  useShortcut('a', isReady && !isEditing ? approve : null);
  useShortcut('e', isReady ? onEdit : null);
  useShortcut('x', isReady ? reject : null);
  const isStale = draft.status === 'stale';
  return (
    <section
      aria-label={isStale ? `AI draft, not sent: ${draft.why}` : 'AI draft, not sent'}
      data-draft={draft.status}
      class={`mx-4 mb-3 flex shrink-0 flex-col rounded-card border ${isStale ? 'border-line bg-sunken text-text2' : 'border-strong bg-surface'}`}
    >
      <header class="flex h-9 items-center gap-2 ps-3 pe-2">
        <span class={`flex min-w-0 items-center gap-1.5 text-small font-semibold ${isStale ? '' : 'text-drafted'}`}>
          <Icon name="pencil" size={14} />
          <span class="truncate">AI draft, not sent</span>
        </span>
        {isStale && <span class="truncate text-small">{draft.why}</span>}
        {isOthers && !isStale && <span class="truncate text-small text-text2">{agentName} has it</span>}
      </header>
      <div
        tabIndex={0}
        role="region"
        aria-label="Text of the draft"
        class="thin-scroll focus-inset max-h-[min(200px,24dvh)] overflow-y-auto px-3 text-read"
      >
        <AiText key={draft.draftId} text={draft.text} isDone={draft.status !== 'streaming'} />
      </div>
      <footer class="flex flex-wrap items-center gap-2 px-3 py-2">
        {draft.sources.length > 0 && (
          <ul aria-label="Sources" class="flex min-w-0 flex-wrap gap-1">
            {draft.sources.slice(0, 3).map((source) => (
              <li
                key={source.title}
                class="inline-flex h-6 max-w-48 items-center gap-1 rounded-control border border-line px-2 text-meta text-text2"
              >
                <Icon name="book" size={12} />
                <span class="truncate">{source.title}</span>
              </li>
            ))}
          </ul>
        )}
        <span class="grow" />
        {!isStale && (
          <div class="flex gap-2">
            <Button look="ghost" disabled={!isReady} onClick={reject}>
              Reject
            </Button>
            <Button disabled={!isReady || isEditing} onClick={onEdit}>
              {isEditing ? 'Editing' : 'Edit'}
            </Button>
            <Button look="primary" icon="check" disabled={!isReady || isEditing} onClick={approve}>
              Approve
            </Button>
          </div>
        )}
      </footer>
    </section>
  );
};
