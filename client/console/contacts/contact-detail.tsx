// One contact: where they stand, how to reach them, what they left, what they wrote.
import { useState } from 'preact/hooks';
import type { ConsoleOutput, ContactView, LeadView } from '../../../shared/console-api.ts';
import { limits } from '../../../shared/text.ts';
import { call, problemOf } from '../api.ts';
import { dateOf, exactTime, visitorName } from '../format.ts';
import { hrefOf } from '../router.ts';
import type { ContactList } from '../router.ts';
import { useLoaded } from '../settings/use-loaded.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Button } from '../ui/button.tsx';
import { CopyLines } from '../ui/copy.tsx';
import { Bone, Notice, toast, useSkeleton } from '../ui/feedback.tsx';
import { TextField } from '../ui/field.tsx';
import { FormDialog } from '../ui/form-dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { Score } from '../ui/score.tsx';
import { ConversationLinks, CustomFields, Reach, Section, Seen } from '../visitor/details.tsx';
import { StageSelect } from './stage-select.tsx';

type Data = ConsoleOutput<'GET /contacts/:id'>;

const editable = [
  { name: 'name', label: 'Name', most: limits.name },
  { name: 'email', label: 'E-mail', most: limits.email, type: 'email' },
  { name: 'phone', label: 'Phone', most: limits.phone, type: 'tel' },
  { name: 'company', label: 'Company', most: limits.company },
] as const;
type Editable = (typeof editable)[number]['name'];

const EditDialog = ({
  contact,
  onClose,
  onStored,
}: {
  contact: ContactView;
  onClose: () => void;
  onStored: (contact: ContactView) => void;
}) => {
  const [changes, setChanges] = useState<{ [K in Editable]?: string }>({});
  const isChanged = editable.some(
    ({ name }) => (changes[name]?.trim() ?? contact[name] ?? '') !== (contact[name] ?? ''),
  );
  return (
    <FormDialog
      title="Edit contact"
      submit="Save"
      isReady={isChanged}
      fields={editable.map(({ name }) => name)}
      run={async () => {
        const body = Object.fromEntries(Object.entries(changes).map(([name, text]) => [name, text.trim()]));
        onStored((await call('PATCH /contacts/:id', { params: { id: contact.id }, body })).contact);
        toast('Saved');
      }}
      onClose={onClose}
    >
      {(error) =>
        editable.map(({ name, label, most, ...rest }) => (
          <TextField
            key={name}
            label={label}
            {...rest}
            value={changes[name] ?? contact[name] ?? ''}
            maxLength={most}
            error={problemOf(error, name)}
            onText={(text) => setChanges({ ...changes, [name]: text })}
          />
        ))
      }
    </FormDialog>
  );
};

/** What a lead tells that the contact does not: an older address, another field. */
const differing = (lead: LeadView, contact: ContactView) => {
  const reach: Partial<Pick<LeadView, 'email' | 'phone' | 'company'>> = {};
  for (const name of ['email', 'phone', 'company'] as const) {
    const text = lead[name];
    if (text !== undefined && text !== contact[name]) reach[name] = text;
  }
  const fields = Object.entries(lead.customFields ?? {}).filter(
    ([name, text]) => contact.customFields?.[name] !== text,
  );
  return { reach, hasReach: Object.keys(reach).length > 0, fields: Object.fromEntries(fields) };
};

const Lead = ({ lead, contact }: { lead: LeadView; contact: ContactView }) => {
  const { reach, hasReach, fields } = differing(lead, contact);
  return (
    <li class="flex flex-col gap-2 rounded-control border border-line p-3" data-lead={lead.id}>
      <div class="flex flex-wrap items-center justify-between gap-2">
        <Score label="Lead score" value={lead.score} />
        <span class="text-meta text-text2" title={exactTime(lead.createdAt)}>
          {dateOf(lead.createdAt)}
        </span>
      </div>
      {hasReach && (
        <dl class="flex flex-col gap-1 text-small">
          <Reach contact={{ ...reach, verified: true }} />
        </dl>
      )}
      <CustomFields fields={fields} />
      <a
        href={hrefOf({ name: 'inbox', filter: 'open', conversationId: lead.conversationId })}
        class="self-start text-small text-link underline underline-offset-2"
      >
        Open the conversation
      </a>
    </li>
  );
};

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
              <Lead key={lead.id} lead={lead} contact={contact} />
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
  const back = hrefOf({ name: 'contacts', list, contactId: null });
  return (
    <section
      aria-label="Contact"
      class="thin-scroll min-h-0 w-full overflow-y-auto bg-surface md:w-90 md:shrink-0 md:border-s md:border-line"
    >
      <header class="sticky top-0 z-10 flex items-center gap-3 bg-surface px-4 py-3 max-md:ps-2">
        <a
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
              <p class="text-small text-text2">{contact.verified ? 'Verified by your site' : 'Visitor'}</p>
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
