// The two lists: who wrote, and who left an address. One row each, all of it a link.
import type { ComponentChildren } from 'preact';
import type { ContactView, LeadView, PipelineView } from '../../../shared/console-api.ts';
import { exactTime, listTime, visitorName } from '../format.ts';
import { hrefOf } from '../router.ts';
import type { ContactList } from '../router.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Icon } from '../ui/icons.tsx';
import { Score } from '../ui/score.tsx';
import { placeOf } from './pipelines.ts';

/** The widths of the columns, by the room that the list has: who, then what fits. */
const columns: Record<ContactList, string> = {
  everyone:
    'grid-cols-[minmax(0,1fr)_auto] @min-[560px]:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_72px] @min-[820px]:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)_72px]',
  leads:
    'grid-cols-[minmax(0,1fr)_auto] @min-[560px]:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_88px_72px] @min-[820px]:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)_88px_72px]',
};
const line = 'grid items-center gap-x-4';
const fromMiddle = '@max-[559px]:hidden';
const fromWide = '@max-[819px]:hidden';

const heads: Record<ContactList, readonly [text: string, shown: string][]> = {
  everyone: [
    ['Name', ''],
    ['Stage', fromMiddle],
    ['Company', fromWide],
    ['Last seen', 'text-end'],
  ],
  leads: [
    ['Name', ''],
    ['Phone', fromMiddle],
    ['Company', fromWide],
    ['Score', fromMiddle],
    ['Received', 'text-end'],
  ],
};

/** The words over the columns; each row names its own values to a screen reader. */
export const Heads = ({ list }: { list: ContactList }) => (
  <div
    aria-hidden="true"
    class={`${line} ${columns[list]} border-b border-line bg-surface px-4 py-2 text-meta font-semibold text-text2`}
  >
    {heads[list].map(([text, shown]) => (
      <span key={text} class={shown}>
        {text}
      </span>
    ))}
  </div>
);

export const Stage = ({ pipelines, stageId }: { pipelines: PipelineView[] | null; stageId: string | undefined }) => {
  const place = placeOf(pipelines, stageId);
  if (place === null) return <span class="text-small text-text2">–</span>;
  return (
    <span
      class="inline-flex h-5 max-w-full items-center rounded-control bg-quiet-soft px-1.5 text-meta font-semibold text-quiet"
      title={`${place.pipeline.name}: ${place.stage.name}`}
    >
      <span class="truncate">{place.stage.name}</span>
    </span>
  );
};

const Cell = ({
  label,
  class: className = '',
  children,
}: {
  label: string;
  class?: string;
  children: ComponentChildren;
}) => (
  <span class={`min-w-0 truncate text-small ${className}`}>
    <span class="sr-only">{label} </span>
    {children}
  </span>
);

const Who = ({
  id,
  name,
  email,
  isLead,
  below,
}: {
  id: string;
  name: string;
  email: string | undefined;
  isLead: boolean;
  /** What has no column of its own where there is little room. */
  below: ComponentChildren;
}) => (
  <span class="flex min-w-0 items-center gap-3">
    <Avatar name={name} id={id} />
    <span class="min-w-0 grow">
      <span class="flex items-center gap-1.5">
        <span class="min-w-0 truncate font-semibold" dir="auto">
          {name}
        </span>
        {isLead && (
          <span class="inline-flex shrink-0 text-held" title="Lead">
            <Icon name="flag" size={14} />
            <span class="sr-only">Lead</span>
          </span>
        )}
      </span>
      {email !== undefined && email !== name && <span class="block truncate text-small text-text2">{email}</span>}
      <span class="mt-1 flex @min-[560px]:hidden">{below}</span>
    </span>
  </span>
);

const Row = ({
  list,
  contactId,
  isHere,
  children,
}: {
  list: ContactList;
  contactId: string;
  isHere: boolean;
  children: ComponentChildren;
}) => (
  <li>
    <a
      href={hrefOf({ name: 'contacts', list, contactId })}
      aria-current={isHere ? 'true' : undefined}
      class={`focus-inset ${line} ${columns[list]} min-h-16 border-b border-line px-4 py-2 ${isHere ? 'bg-chosen' : 'hover:bg-hover'}`}
      data-contact={contactId}
    >
      {children}
    </a>
  </li>
);

const dash = <span class="text-text2">–</span>;

interface RowsProps<T> {
  items: readonly T[];
  chosen: string | null;
  now: number;
}

export const ContactRows = ({
  items,
  chosen,
  now,
  pipelines,
}: RowsProps<ContactView> & { pipelines: PipelineView[] | null }) => (
  <ul aria-label="Contacts">
    {items.map((contact) => (
      <Row key={contact.id} list="everyone" contactId={contact.id} isHere={contact.id === chosen}>
        <Who
          id={contact.id}
          name={visitorName(contact, contact.id)}
          email={contact.email}
          isLead={contact.leadId !== undefined}
          below={<Stage pipelines={pipelines} stageId={contact.stageId} />}
        />
        <Cell label="Stage" class={fromMiddle}>
          <Stage pipelines={pipelines} stageId={contact.stageId} />
        </Cell>
        <Cell label="Company" class={fromWide}>
          {contact.company ?? dash}
        </Cell>
        <Cell label="Last seen" class="text-end text-text2 tabular-nums">
          <time dateTime={new Date(contact.lastSeenAt).toISOString()} title={exactTime(contact.lastSeenAt)}>
            {listTime(contact.lastSeenAt, now)}
          </time>
        </Cell>
      </Row>
    ))}
  </ul>
);

export const LeadRows = ({ items, chosen, now }: RowsProps<LeadView>) => (
  <ul aria-label="Leads">
    {items.map((lead) => (
      <Row key={lead.id} list="leads" contactId={lead.contactId} isHere={lead.contactId === chosen}>
        <Who
          id={lead.contactId}
          name={visitorName(lead, lead.contactId)}
          email={lead.email ?? lead.phone}
          isLead={false}
          below={<Score label="Score" value={lead.score} />}
        />
        <Cell label="Phone" class={fromMiddle}>
          {lead.phone ?? dash}
        </Cell>
        <Cell label="Company" class={fromWide}>
          {lead.company ?? dash}
        </Cell>
        <span class={`flex ${fromMiddle}`}>
          <Score label="Score" value={lead.score} />
        </span>
        <Cell label="Received" class="text-end text-text2 tabular-nums">
          <time dateTime={new Date(lead.createdAt).toISOString()} title={exactTime(lead.createdAt)}>
            {listTime(lead.createdAt, now)}
          </time>
        </Cell>
      </Row>
    ))}
  </ul>
);
