// One conversation in the list.
import { memo } from '../memo.ts';
import type { InboxRow } from '../../../shared/inbox.ts';
import { duration, exactTime, listTime, plainText, visitorName } from '../format.ts';
import { hrefOf } from '../router.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Chip, LabelChip, stateOf } from '../ui/chip.tsx';
import { Icon } from '../ui/icons.tsx';
import type { InboxFilter } from '../../../shared/inbox.ts';

/** Who said what is previewed: visitors without a prefix. */
const prefixOf = (preview: NonNullable<InboxRow['preview']>, memberId: string): string => {
  switch (preview.who) {
    case 'visitor':
    case 'system':
      return '';
    case 'ai':
      return 'AI: ';
    case 'agent':
      return preview.agentId === memberId ? 'You: ' : `${preview.name?.split(' ')[0] ?? 'Colleague'}: `;
    case 'note':
      return 'Note: ';
    case 'draft':
      return 'Draft: ';
  }
};

export interface RowProps {
  row: InboxRow;
  filter: InboxFilter;
  memberId: string;
  isChosen: boolean;
  isGone: boolean;
  isUnread: boolean;
  isCompact: boolean;
  /** Minutes since 1970: a row is drawn again when its time would read differently. */
  minute: number;
}

export const Row = memo(({ row, filter, memberId, isChosen, isGone, isUnread, isCompact, minute }: RowProps) => {
  const name = visitorName(row.visitor, row.contactId || row.conversationId);
  const now = minute * 60_000 + 59_999;
  const chip = stateOf(row, memberId);
  const isWaiting = row.waitingSince !== null;
  const at = row.waitingSince ?? row.lastAt;
  const time = isWaiting ? duration(now - at) : listTime(at, now);
  const prefix = row.preview === null ? '' : prefixOf(row.preview, memberId);
  return (
    <a
      href={hrefOf({ name: 'inbox', filter, conversationId: row.conversationId })}
      data-row={row.conversationId}
      aria-current={isChosen ? 'page' : undefined}
      class={`focus-inset group flex h-full gap-3 border-b border-line px-4 py-1.5 ${
        isChosen ? 'bg-chosen' : 'hover:bg-hover'
      } ${isGone ? 'opacity-50' : ''}`}
    >
      <span class="relative self-start pt-0.5">
        <Avatar name={name} id={row.contactId || row.conversationId} />
        {isUnread && (
          <span class="absolute -start-2.5 top-3.5 size-2 rounded-full bg-fill" data-unread>
            <span class="sr-only">Unread.</span>
          </span>
        )}
      </span>
      <span class="flex min-w-0 grow flex-col justify-center">
        <span class="flex items-baseline gap-2">
          <span class={`min-w-0 grow truncate ${isUnread ? 'font-semibold' : ''}`} dir="auto">
            {name}
          </span>
          <time
            dateTime={new Date(at).toISOString()}
            title={isWaiting ? `Waits since ${exactTime(at)}` : exactTime(at)}
            class={`inline-flex shrink-0 items-center gap-1 text-meta ${isWaiting ? 'font-semibold text-needs' : 'text-text2'}`}
          >
            {isWaiting && <Icon name="clock" size={12} />}
            {isWaiting && <span class="sr-only">waiting</span>}
            {time}
          </time>
        </span>
        <span class={`flex items-center gap-2 ${isCompact ? '' : 'h-4.5'}`}>
          <span
            class={`min-w-0 grow truncate text-small ${isUnread ? 'text-text' : 'text-text2'} ${row.preview?.who === 'note' ? 'italic' : ''}`}
          >
            {prefix !== '' && <span>{prefix}</span>}
            <bdi>{row.preview === null ? 'No message yet' : plainText(row.preview.text)}</bdi>
          </span>
          {isCompact && <Chip chip={chip} />}
        </span>
        {!isCompact && (
          <span class="flex h-5 items-center gap-1 overflow-hidden">
            <Chip chip={chip} />
            {row.channel === 'test' && <LabelChip label="Test" />}
            {row.labels.slice(0, 3).map((label) => (
              <LabelChip key={label} label={label} />
            ))}
            {row.labels.length > 3 && <span class="text-meta text-text2">+{row.labels.length - 3}</span>}
          </span>
        )}
      </span>
    </a>
  );
});
