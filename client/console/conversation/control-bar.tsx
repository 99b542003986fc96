// Who steers, and the ways to change it: always 48 px above the composer, so that nothing moves when an answer ends.
import type { ConversationSnapshot } from '../../sdk/api.ts';
import { duration } from '../format.ts';
import { useNow } from '../observable.ts';
import { signedIn } from '../session.ts';
import { useShortcut } from '../shortcuts.ts';
import { Button } from '../ui/button.tsx';
import { Switch } from '../ui/field.tsx';
import { Dots } from '../ui/feedback.tsx';
import { Icon } from '../ui/icons.tsx';
import type { IconName } from '../ui/icons.tsx';
import { Menu } from '../ui/menu.tsx';
import { isPending } from './actions.ts';
import type { Actions } from './actions.ts';
import { isClosing } from './closing.ts';

interface Steering {
  icon: IconName;
  tone: string;
  text: string;
  short?: string;
  isLive?: boolean;
}

const steeringOf = (snapshot: ConversationSnapshot, memberId: string, now: number): Steering => {
  const { state, reply } = snapshot;
  const { control } = state;
  const waits = control.waitingSince === undefined ? '' : ` · ${duration(now - control.waitingSince)}`;
  if (isClosing(snapshot.conversationId)) return { icon: 'check', tone: 'text-quiet', text: 'Closing in a moment' };
  if (state.isSpam === true) return { icon: 'ban', tone: 'text-quiet', text: 'Marked as spam', short: 'Spam' };
  if (state.status === 'closed') return { icon: 'check', tone: 'text-quiet', text: 'Closed' };
  if (reply !== null) {
    return reply.mode === 'answer'
      ? { icon: 'spark', tone: 'text-answering', text: 'AI is answering', short: 'AI', isLive: true }
      : { icon: 'pencil', tone: 'text-drafted', text: 'AI is writing a draft', short: 'Draft', isLive: true };
  }
  if (control.agentId === memberId) return { icon: 'person', tone: 'text-held', text: 'You have it' };
  if (control.agentId !== null) {
    return { icon: 'person', tone: 'text-quiet', text: `${control.agentName ?? 'A colleague'} has it` };
  }
  if (state.draft !== null)
    return { icon: 'pencil', tone: 'text-drafted', text: 'A draft waits for you', short: 'Draft waits' };
  if (control.waiting !== null) {
    return { icon: 'hand', tone: 'text-needs', text: `Waits for a person${waits}`, short: `Waits${waits}` };
  }
  return control.isAutopilot
    ? { icon: 'spark', tone: 'text-answering', text: 'AI answers by itself', short: 'AI answers' }
    : { icon: 'pencil', tone: 'text-drafted', text: 'AI drafts, a person sends', short: 'AI drafts' };
};

export const ControlBar = ({ snapshot, actions }: { snapshot: ConversationSnapshot; actions: Actions }) => {
  const { member } = signedIn();
  const now = useNow();
  const { state, reply } = snapshot;
  const { control } = state;
  const steering = steeringOf(snapshot, member.id, now);
  const isOpen = state.status === 'open' && !isClosing(snapshot.conversationId);
  const isMine = control.agentId === member.id;
  const isOthers = control.agentId !== null && !isMine;
  const mayMove = member.role !== 'agent';
  const isTaking = isPending(snapshot, 'conversation:take', 'conversation:assign');
  const isStopping = isPending(snapshot, 'reply:stop');
  const canTake = snapshot.isLoaded && isOpen && !isMine && (!isOthers || mayMove) && !isTaking;
  const take = (): void => void (isOthers ? actions.assign(member.id) : actions.take());

  useShortcut('t', canTake ? take : null);
  useShortcut('u', isOpen && isMine ? () => void actions.release('autopilot') : null);
  useShortcut('s', isOpen && reply !== null && !isStopping ? () => void actions.stop() : null);

  return (
    <div
      role="group"
      aria-label="Who steers"
      data-steering
      class="flex h-12 shrink-0 items-center gap-2 border-t border-line bg-surface px-4"
    >
      <p class={`flex min-w-0 items-center gap-2 font-semibold ${steering.tone}`}>
        <Icon name={steering.icon} />
        <span class="truncate">
          <span class={steering.short === undefined ? '' : 'max-sm:hidden'}>{steering.text}</span>
          {steering.short !== undefined && <span class="sm:hidden">{steering.short}</span>}
        </span>
        {steering.isLive === true && <Dots />}
      </p>
      <span class="grow" />
      {isOpen && !isOthers && (
        <span class="hidden sm:block">
          <Switch
            label="Autopilot"
            isCompact
            isOn={control.isAutopilot && control.waiting === null}
            disabled={isPending(snapshot, 'autopilot:set')}
            onChange={(isOn) => void actions.setAutopilot(isOn)}
          />
        </span>
      )}
      {isOpen && !isMine && !isOthers && reply === null && !control.isAutopilot && state.draft === null && (
        <Button
          icon="pencil"
          class="max-sm:hidden"
          isBusy={isPending(snapshot, 'draft:request')}
          onClick={() => void actions.requestDraft()}
        >
          Write a draft
        </Button>
      )}
      {isOpen && reply !== null && (
        <Button icon="stop" isBusy={isStopping} onClick={() => void actions.stop()}>
          Stop
        </Button>
      )}
      {isOpen && !isMine && (!isOthers || mayMove) && (
        <Button
          look={reply === null ? 'secondary' : 'primary'}
          icon="hand"
          isBusy={isTaking}
          disabled={!canTake}
          onClick={take}
        >
          Take over
        </Button>
      )}
      {isOpen && isMine && (
        <Menu
          label="Release"
          text="Release"
          look="secondary"
          side="above"
          entries={[
            { text: 'To the AI', icon: 'spark', hint: 'U', run: () => void actions.release('autopilot') },
            { text: 'To the queue', icon: 'hand', run: () => void actions.release('queue') },
            ...(reply === null
              ? [{ text: 'Ask the AI for a draft', icon: 'pencil' as const, run: () => void actions.requestDraft() }]
              : []),
          ]}
        />
      )}
      {state.isSpam === true && (
        <Button
          icon="undo"
          isBusy={isPending(snapshot, 'conversation:spam')}
          onClick={() => void actions.setSpam(false)}
        >
          Not spam
        </Button>
      )}
      {state.status === 'closed' && state.isSpam !== true && (
        <Button icon="undo" isBusy={isPending(snapshot, 'conversation:reopen')} onClick={() => void actions.reopen()}>
          Reopen
        </Button>
      )}
      {isClosing(snapshot.conversationId) && (
        <Button icon="undo" onClick={actions.undoClose}>
          Undo
        </Button>
      )}
    </div>
  );
};
