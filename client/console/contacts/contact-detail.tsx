// One contact: where they stand, how to reach them, what they left, what they wrote.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ConsoleOutput, ContactView } from '../../../shared/console-api.ts';
import { call } from '../api.ts';
import { trustIn, visitorName } from '../format.ts';
import { hrefOf } from '../router.ts';
import type { ContactList } from '../router.ts';
import { useLoaded } from '../settings/use-loaded.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Button } from '../ui/button.tsx';
import { CopyLines } from '../ui/copy.tsx';
import { Bone, Notice, useSkeleton } from '../ui/feedback.tsx';
import { Icon } from '../ui/icons.tsx';
import { ConversationLinks, CustomFields, Reach, Section, Seen } from '../visitor/details.tsx';
import { EditDialog } from './edit-dialog.tsx';
import { LeadCard } from './lead-card.tsx';
import { StageSelect } from './stage-select.tsx';

type Data = ConsoleOutput<'GET /contacts/:id'>;

const Content = ({ data, onChanged }: { data: Data; onChanged: (contact: ContactView) => void }) => {
  const { contact, leads, conversations } = data;
  const [isEditing, setEditing] = useState(false);
  const hasReach = contact.email !== undefined || contact.phone !== undefined || contact.company !== undefined;
  const hasFields = Object.keys(contact.customFields ?? {}).length > 0;
  return (
    <>
      <Section title="Stage">
        <StageSelect contact={contact} onMoved={onChanged} />
      </Section>
      <Section
        title="Contact"
        action={
          <Button look="ghost" size="small" icon="pencil" onClick={() => setEditing(true)}>
            Edit
          </Button>
        }
      >
        {hasReach ? (
          <dl class="flex flex-col gap-2">
            <Reach contact={contact} />
          </dl>
        ) : (
          <p class="text-small text-text2">They left no address.</p>
        )}
        {hasFields && <CustomFields fields={contact.customFields} />}
      </Section>
      <Section title="Leads">
        {leads.length === 0 ? (
          <p class="text-small text-text2">None yet.</p>
        ) : (
          <ul class="flex flex-col gap-2">
            {leads.map((lead) => (
              <LeadCard key={lead.id} lead={lead} contact={contact} />
            ))}
          </ul>
        )}
      </Section>
      <Section title="Conversations">
        {conversations.length === 0 ? (
          <p class="text-small text-text2">None is kept.</p>
        ) : (
          <ConversationLinks rows={conversations} />
        )}
      </Section>
      <Section title="Seen">
        <dl class="flex flex-col gap-2">
          <Seen contact={contact} />
        </dl>
        <CopyLines lines={[['Contact id', contact.id]]} />
      </Section>
      {isEditing && (
        <EditDialog
          contact={contact}
          onClose={() => setEditing(false)}
          onStored={(next) => {
            setEditing(false);
            onChanged(next);
          }}
        />
      )}
    </>
  );
};

export const ContactDetail = ({
  id,
  list,
  onChanged,
}: {
  id: string;
  list: ContactList;
  onChanged: (contact: ContactView) => void;
}) => {
  const data = useLoaded<Data>(`contact ${id}`, () => call('GET /contacts/:id', { params: { id } }));
  const hasBones = useSkeleton(data.status === 'busy');
  const contact = data.status === 'good' ? data.value.contact : null;
  const name = contact === null ? '' : visitorName(contact, contact.id);
  const backLink = useRef<HTMLAnchorElement>(null);
  // On a phone the list is gone, and with it the row that had the focus.
  useEffect(() => {
    if (!matchMedia('(min-width: 960px)').matches) backLink.current?.focus();
  }, []);
  const back = hrefOf({ name: 'contacts', list, contactId: null });
  return (
    <section
      aria-label="Contact"
      class="thin-scroll min-h-0 w-full overflow-y-auto bg-surface md:w-90 md:shrink-0 md:border-s md:border-line"
    >
      <header class="sticky top-0 z-10 flex items-center gap-3 bg-surface px-4 py-3 max-md:ps-2">
        <a
          ref={backLink}
          href={back}
          aria-label="Back to the list"
          class="inline-flex size-10 shrink-0 items-center justify-center rounded-control text-text2 hover:bg-hover md:hidden"
        >
          <Icon name="chevron-left" size={20} class="rtl:rotate-180" />
        </a>
        {contact === null ? (
          <span class="grow" />
        ) : (
          <>
            <Avatar name={name} id={contact.id} size={40} />
            <div class="min-w-0 grow">
              <h2 class="line-clamp-2 font-semibold break-words" dir="auto" title={name}>
                {name}
              </h2>
              <p class="text-small text-text2">{trustIn(contact)}</p>
            </div>
          </>
        )}
        <a
          href={back}
          aria-label="Close"
          title="Close"
          class="inline-flex size-8 shrink-0 items-center justify-center rounded-control text-text2 hover:bg-hover max-md:hidden"
        >
          <Icon name="close" size={18} />
        </a>
      </header>
      {hasBones && contact === null && (
        <div class="flex flex-col gap-3 p-4" aria-hidden="true">
          <Bone class="h-9" />
          <Bone class="h-4 w-3/4" />
          <Bone class="h-4 w-1/2" />
        </div>
      )}
      {data.status === 'failed' && (
        <div class="flex flex-col items-start gap-3 p-4">
          <Notice>{data.message}</Notice>
          <Button icon="refresh" onClick={data.retry}>
            Try again
          </Button>
        </div>
      )}
      {data.status === 'good' && (
        <Content
          data={data.value}
          onChanged={(next) => {
            data.set({ ...data.value, contact: next });
            onChanged(next);
          }}
        />
      )}
    </section>
  );
};
