// The lists of the inbox with their counts, and the label that narrows them.
import { useEffect, useState } from 'preact/hooks';
import type { InboxCounts, InboxFilter } from '../../../shared/inbox.ts';
import { call } from '../api.ts';
import { filters, hrefOf } from '../router.ts';
import { Icon } from '../ui/icons.tsx';
import type { IconName } from '../ui/icons.tsx';
import { Menu } from '../ui/menu.tsx';

export const filterNames: Record<InboxFilter, string> = {
  'needs-person': 'Needs person',
  mine: 'Mine',
  ai: 'AI',
  open: 'Open',
  closed: 'Closed',
  spam: 'Spam',
};

/** Five in a row have no room for more. */
const shortNames: Record<InboxFilter, string> = { ...filterNames, 'needs-person': 'Waiting' };

const icons: Record<InboxFilter, IconName> = {
  'needs-person': 'hand',
  mine: 'person',
  ai: 'spark',
  open: 'chat',
  closed: 'check',
  spam: 'ban',
};

const countOf = (counts: InboxCounts, filter: InboxFilter, memberId: string): number => {
  switch (filter) {
    case 'needs-person':
      return counts.needsPerson;
    case 'mine':
      return counts.held[memberId] ?? 0;
    case 'ai':
      return counts.ai;
    case 'open':
      return counts.open;
    case 'closed':
      return counts.closed;
    case 'spam':
      // Spam counts nowhere.
      return 0;
  }
};

const short = (count: number): string => (count > 999 ? `${Math.floor(count / 100) / 10}k` : String(count));

export const FilterTabs = ({
  chosen,
  counts,
  memberId,
}: {
  chosen: InboxFilter;
  counts: InboxCounts;
  memberId: string;
}) => (
  <nav aria-label="Lists" class="grid shrink-0 grid-cols-5 gap-1 border-b border-line px-3 pb-2">
    {filters.map((filter) => {
      const count = countOf(counts, filter, memberId);
      const isChosen = filter === chosen;
      const isUrgent = filter === 'needs-person' && count > 0;
      return (
        <a
          key={filter}
          href={hrefOf({ name: 'inbox', filter, conversationId: null })}
          aria-current={isChosen ? 'page' : undefined}
          title={filterNames[filter]}
          class={`focus-inset flex h-11 min-w-0 flex-col items-center justify-center rounded-control ${
            isChosen ? 'bg-chosen text-text' : 'text-text2 hover:bg-hover hover:text-text'
          }`}
        >
          <span class={`flex items-center gap-1 text-small font-semibold tabular-nums ${isUrgent ? 'text-needs' : ''}`}>
            <Icon name={icons[filter]} size={14} />
            {short(count)}
          </span>
          <span class="max-w-full truncate text-meta">{shortNames[filter]}</span>
        </a>
      );
    })}
  </nav>
);

export const LabelFilter = ({
  label,
  onChoose,
}: {
  label: string | null;
  onChoose: (label: string | null) => void;
}) => {
  const [labels, setLabels] = useState<string[]>([]);
  const load = (): void => {
    call('GET /labels').then(
      (answer) => setLabels(answer.labels),
      () => setLabels([]),
    );
  };
  useEffect(load, [label]);
  if (labels.length === 0 && label === null) return null;
  return (
    <Menu
      label={label === null ? 'Filter by label' : `Label: ${label}`}
      icon="tag"
      look={label === null ? 'ghost' : 'secondary'}
      entries={[
        { text: 'Any label', isChecked: label === null, run: () => onChoose(null) },
        ...labels.map((text) => ({ text, isChecked: text === label, run: () => onChoose(text) })),
      ]}
    />
  );
};
