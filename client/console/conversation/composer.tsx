// Where staff write: always typable, never losing a word, honest about what the button will do.
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { limits } from '../../../shared/text.ts';
import type { ConversationSnapshot } from '../../sdk/api.ts';
import { signedIn } from '../session.ts';
import { useShortcut } from '../shortcuts.ts';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icons.tsx';
import { isPending } from './actions.ts';
import type { Actions } from './actions.ts';
import type { DraftView } from './draft.ts';
import { keepText, textOf } from './text-store.ts';
import type { ComposerMode } from './text-store.ts';

const mostLines = 8;
const lineHeight = 22;

/** What the button does in this state of affairs; `blocked` says why it cannot. */
interface Sending {
  text: string;
  blocked?: string;
}

const sendingOf = (snapshot: ConversationSnapshot, memberId: string, mayMove: boolean): Sending => {
  const { control, status } = snapshot.state;
  if (control.agentId === memberId) return { text: 'Send' };
  if (control.agentId === null) return { text: status === 'closed' ? 'Reopen and send' : 'Take over and send' };
  const holder = control.agentName ?? 'A colleague';
  if (mayMove) return { text: `Take from ${holder.split(' ')[0] ?? holder} and send` };
  return { text: 'Send', blocked: `${holder} has it. Your text stays here; a note reaches them.` };
};

/** Fits the field to its text, up to some lines. */
const useGrowing = (area: RefObject<HTMLTextAreaElement | null>, text: string): void => {
  useLayoutEffect(() => {
    const node = area.current;
    if (node === null) return;
    node.style.height = 'auto';
    node.style.height = `${Math.min(node.scrollHeight, mostLines * lineHeight + 16)}px`;
  }, [area, text]);
};

interface ComposerProps {
  snapshot: ConversationSnapshot;
  actions: Actions;
  draft: DraftView | null;
  /** The draft that is being edited here. */
  editing: string | null;
  onEndEdit: () => void;
}

export const Composer = ({ snapshot, actions, draft, editing, onEndEdit }: ComposerProps) => {
  const { client, member } = signedIn();
  const { conversationId } = snapshot;
  const [mode, setMode] = useState<ComposerMode>('reply');
  const [, draw] = useState(0);
  const [isBusy, setBusy] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const text = textOf(conversationId, mode);
  const write = (value: string, of: ComposerMode = mode): void => {
    keepText(conversationId, of, value);
    draw((count) => count + 1);
  };
  useGrowing(area, text);

  // Editing a draft puts its text here; what was typed before comes first, so that nothing is lost.
  const canApprove = editing !== null && draft?.draftId === editing && draft.status === 'waiting';
  useEffect(() => {
    if (editing === null || draft?.draftId !== editing) return;
    setMode('reply');
    const before = textOf(conversationId, 'reply');
    if (!before.includes(draft.text))
      write(before.trim() === '' ? draft.text : `${before.trimEnd()}\n\n${draft.text}`, 'reply');
    area.current?.focus();
  }, [editing]);

  const focus = (next: ComposerMode): void => {
    setMode(next);
    area.current?.focus();
  };
  useShortcut('r', () => focus('reply'));
  useShortcut('n', () => focus('note'));

  const isNote = mode === 'note';
  const sending = isNote ? { text: 'Add note' } : sendingOf(snapshot, member.id, member.role !== 'agent');
  const isTooLong = text.length > limits.message;
  const isEmpty = text.trim() === '';
  const isWaiting = isBusy || isPending(snapshot, 'conversation:take', 'conversation:assign');
  const blocked = 'blocked' in sending ? sending.blocked : undefined;
  const canSend = snapshot.isLoaded && !isEmpty && !isTooLong && !isWaiting && blocked === undefined;

  const send = async (): Promise<boolean> => {
    const { control } = snapshot.state;
    if (isNote) return actions.addNote(text.trim());
    if (editing !== null && canApprove) return actions.approve(editing, text.trim());
    if (control.agentId !== member.id) {
      const isTaken = await (control.agentId === null ? actions.take() : actions.assign(member.id));
      if (!isTaken) return false;
    }
    client.send(conversationId, text.trim());
    return true;
  };
  const submit = (): void => {
    if (!canSend) return;
    setBusy(true);
    const was = text;
    const of = mode;
    void send().then((isDone) => {
      setBusy(false);
      // What was typed meanwhile stays.
      const now = textOf(conversationId, of);
      if (isDone) write(now.startsWith(was) ? now.slice(was.length).trimStart() : now, of);
      if (isDone && editing !== null) onEndEdit();
      client.setTyping(conversationId, false);
    });
  };

  return (
    <form
      class={`shrink-0 border-t px-4 pt-2 pb-3 ${isNote ? 'border-note-line bg-note' : 'border-line bg-surface'}`}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div class="mx-auto flex max-w-[760px] flex-col gap-2">
        <div class="flex h-7 items-center gap-1">
          <div role="group" aria-label="What to write" class="flex gap-1">
            {(['reply', 'note'] as const).map((each) => (
              <button
                key={each}
                type="button"
                aria-pressed={mode === each}
                class={`inline-flex h-7 items-center gap-1 rounded-control px-2 text-small ${
                  mode === each ? 'bg-chosen font-semibold' : 'text-text2 hover:bg-hover'
                } ${isNote && mode === each ? 'bg-note-line text-text' : ''}`}
                onClick={() => focus(each)}
              >
                {each === 'note' && <Icon name="lock" size={12} />}
                {each === 'reply' ? 'Reply' : 'Note'}
              </button>
            ))}
          </div>
          <p class={`min-w-0 grow truncate ps-2 text-meta ${isNote ? 'text-note-text' : 'text-text2'}`}>
            {isNote ? 'Only your team sees this' : (blocked ?? '')}
          </p>
          {editing !== null && !isNote && (
            <button
              type="button"
              class="h-7 shrink-0 rounded-control px-2 text-small font-semibold text-link hover:bg-hover"
              onClick={onEndEdit}
            >
              Stop editing
            </button>
          )}
        </div>
        <textarea
          ref={area}
          rows={2}
          value={text}
          dir="auto"
          aria-label={isNote ? 'Note' : 'Reply'}
          aria-invalid={isTooLong}
          placeholder={isNote ? 'A note for your team' : 'Write a reply'}
          class={`thin-scroll w-full resize-none rounded-control border px-3 py-2 text-read ${
            isNote ? 'border-note-line bg-note' : 'border-strong bg-surface'
          }`}
          onInput={(event) => {
            write(event.currentTarget.value);
            if (!isNote) client.setTyping(conversationId, event.currentTarget.value !== '');
          }}
          onKeyDown={(event) => {
            // While an input method composes, Enter chooses a word. 229: Safari tells only so.
            if (event.isComposing || event.keyCode === 229) return;
            if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
              event.preventDefault();
              submit();
            } else if (event.key === 'Escape') {
              event.currentTarget.blur();
            }
          }}
        />
        <div class="flex items-center gap-3">
          <p class="min-w-0 grow truncate text-meta text-text2 max-sm:hidden">
            {isTooLong ? (
              <span class="font-semibold text-danger">
                {text.length - limits.message} characters too many; the limit is {limits.message}
              </span>
            ) : text.length > limits.message - 400 ? (
              `${limits.message - text.length} characters left`
            ) : (
              'Enter sends, Shift+Enter begins a new line'
            )}
          </p>
          <Button
            type="submit"
            class="ms-auto"
            look={isEmpty ? 'secondary' : 'primary'}
            icon={isNote ? 'lock' : 'send'}
            isBusy={isWaiting && !isEmpty}
            disabled={!canSend}
          >
            {!isNote && canApprove ? 'Send edited draft' : sending.text}
          </Button>
        </div>
      </div>
    </form>
  );
};
