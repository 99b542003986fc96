// What the thread draws: messages, notes, days, and lines of what happened.
import { memo } from '../memo.ts';
import { clockTime, dayTitle, exactTime } from '../format.ts';
import { Icon } from '../ui/icons.tsx';
import { Message } from './message.tsx';
import type { MessageProps } from './message.tsx';
import type { NoteItem, TimelineItem } from './timeline.ts';

export const Note = ({ item, memberId }: { item: NoteItem; memberId: string }) => (
  <article aria-label="Note" class="mx-4 mt-4 ms-14 rounded-card border border-note-line bg-note px-3 py-2">
    <p class="flex items-center gap-1.5 text-meta text-note-text">
      <Icon name="lock" size={12} />
      <span class="font-semibold">{item.author.agentId === memberId ? 'You' : (item.author.name ?? 'Colleague')}</span>
      <span>Only your team sees this</span>
      <span class="ms-auto">{item.isSending ? 'Saving' : clockTime(item.at)}</span>
    </p>
    <p class="mt-1 break-words whitespace-pre-wrap" dir="auto">
      {item.text}
    </p>
  </article>
);

export const Day = ({ at, today }: { at: number; today: number }) => (
  <div role="separator" class="mt-6 flex items-center gap-3 px-4 text-meta text-text2 first:mt-2">
    <span class="h-px grow bg-line" />
    <time dateTime={new Date(at).toISOString()}>{dayTitle(at, today)}</time>
    <span class="h-px grow bg-line" />
  </div>
);

export const Line = ({ item }: { item: Extract<TimelineItem, { kind: 'line' }> }) => (
  <p class="mt-3 px-8 text-center text-meta break-words text-text2">
    <Icon name={item.icon} size={14} class="me-1.5 inline-block align-[-3px]" />
    <bdi>{item.text}</bdi>
    <time class="ms-1.5 whitespace-nowrap" dateTime={new Date(item.at).toISOString()} title={exactTime(item.at)}>
      {clockTime(item.at)}
    </time>
  </p>
);

export interface ItemProps extends Omit<MessageProps, 'item'> {
  item: TimelineItem;
  /** Midnight, ms. */
  today: number;
}

export const Item = memo(({ item, today, ...rest }: ItemProps) => {
  switch (item.kind) {
    case 'message':
      return <Message item={item} {...rest} />;
    case 'note':
      return <Note item={item} memberId={rest.memberId} />;
    case 'day':
      return <Day at={item.at} today={today} />;
    case 'line':
      return <Line item={item} />;
  }
});
