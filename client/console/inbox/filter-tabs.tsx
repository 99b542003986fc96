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
};

const icons: Record<InboxFilter, IconName> = {
  'needs-person': 'hand',
  mine: 'person',
  ai: 'spark',
  open: 'chat',
  closed: 'check',
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
  <nav aria-label="Lists" class="thin-scroll flex shrink-0 gap-1 overflow-x-auto border-b border-line px-3 pb-2">
    {filters.map((filter) => {
      const count = countOf(counts, filter, memberId);
      const isChosen = filter === chosen;
      const isUrgent = filter === 'needs-person' && count > 0;
      return (
        <a
          key={filter}
          href={hrefOf({ name: 'inbox', filter, conversationId: null })}
          aria-current={isChosen ? 'page' : undefined}
          title={`${filterNames[filter]}: ${count}`}
          class={`focus-inset flex h-8 shrink-0 items-center gap-1 rounded-control px-2 text-small whitespace-nowrap ${
            isChosen ? 'bg-chosen font-semibold text-text' : 'text-text2 hover:bg-hover hover:text-text'
          }`}
        >
          <Icon name={icons[filter]} size={14} class={isUrgent ? 'text-needs' : ''} />
          <span class={isChosen ? '' : 'sr-only'}>{filterNames[filter]}</span>
          <span class={`tabular-nums ${isUrgent ? 'font-semibold text-needs' : ''}`}>{short(count)}</span>
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
