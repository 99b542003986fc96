// State chips: an icon and a word, never colour alone.
import type { InboxRow } from '../../../shared/inbox.ts';
import { needsPerson } from '../../../shared/inbox-filter.ts';
import { initialsOf } from '../format.ts';
import { Icon } from './icons.tsx';
import type { IconName } from './icons.tsx';

export type ChipTone = 'needs' | 'answering' | 'held' | 'drafted' | 'quiet';

const tones: Record<ChipTone, string> = {
  needs: 'bg-needs-soft text-needs',
  answering: 'bg-answering-soft text-answering',
  held: 'bg-held-soft text-held',
  drafted: 'bg-drafted-soft text-drafted',
  quiet: 'bg-quiet-soft text-quiet',
};

export interface StateChip {
  tone: ChipTone;
  icon: IconName | null;
  word: string;
  /** A colleague's initials stand in the icon's place. */
  initials?: string;
}

type Steered = Pick<InboxRow, 'status' | 'control' | 'hasDraft' | 'isAnswering' | 'unanswered' | 'isSpam'>;

/** What a conversation is doing, in the order in which it matters to a person. */
export const stateOf = (row: Steered, memberId: string): StateChip => {
  const { control } = row;
  if (row.isSpam === true) return { tone: 'quiet', icon: 'ban', word: 'Spam' };
  if (row.status === 'closed') return { tone: 'quiet', icon: 'check', word: 'Closed' };
  if (control.agentId === memberId) return { tone: 'held', icon: 'person', word: 'You' };
  if (control.agentId !== null) {
    const name = control.agentName ?? 'Colleague';
    return { tone: 'quiet', icon: null, word: name.split(' ')[0] ?? name, initials: initialsOf(name) };
  }
  if (row.hasDraft) return { tone: 'drafted', icon: 'pencil', word: 'Draft waiting' };
  if (needsPerson(row)) return { tone: 'needs', icon: 'hand', word: 'Needs person' };
  if (row.isAnswering) {
    return { tone: 'answering', icon: 'spark', word: control.isAutopilot ? 'AI answering' : 'AI drafting' };
  }
  if (control.isAutopilot) return { tone: 'quiet', icon: 'spark', word: 'AI' };
  return { tone: 'quiet', icon: 'check', word: 'Answered' };
};

export const Chip = ({ chip }: { chip: StateChip }) => (
  <span
    class={`inline-flex h-5 shrink-0 items-center gap-1 rounded-control px-1.5 text-meta font-semibold whitespace-nowrap ${tones[chip.tone]}`}
  >
    {chip.icon === null ? (
      <span aria-hidden="true" class="text-[10px]/none tracking-wide opacity-80">
        {chip.initials}
      </span>
    ) : (
      <Icon name={chip.icon} size={12} />
    )}
    {chip.word}
  </span>
);

/** Where there is no room for all, the last one gives way, so that the others can be read. */
export const LabelChip = ({ label }: { label: string }) => (
  <span class="inline-flex h-5 max-w-32 min-w-0 shrink-0 items-center rounded-control border border-line px-1.5 last:shrink text-meta text-text2">
    <span class="truncate">{label}</span>
  </span>
);
