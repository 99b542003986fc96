// What is told of a visitor, beside a conversation and among the contacts: all of it inert text.
import type { ComponentChildren } from 'preact';
import type { ContactView } from '../../../shared/console-api.ts';
import { signedFieldsOf } from '../../../shared/identity.ts';
import type { InboxRow } from '../../../shared/inbox.ts';
import { browserOf, dateOf, listTime, plainText, plural, shortUrl } from '../format.ts';
import { useNow } from '../observable.ts';
import { hrefOf } from '../router.ts';
import { Icon } from '../ui/icons.tsx';
import type { IconName } from '../ui/icons.tsx';

export const Section = ({
  title,
  action,
  children,
}: {
  title: string;
  action?: ComponentChildren;
  children: ComponentChildren;
}) => (
  <section class="flex flex-col gap-2 border-t border-line px-4 py-4">
    <div class="flex min-h-5 items-center gap-2">
      <h3 class="min-w-0 grow text-small font-semibold text-text2">{title}</h3>
      {action}
    </div>
    {children}
  </section>
);

export const Detail = ({ icon, label, children }: { icon: IconName; label: string; children: ComponentChildren }) => (
  <div class="flex items-start gap-2">
    <dt class="mt-0.5 text-text2">
      <Icon name={icon} />
      <span class="sr-only">{label}</span>
    </dt>
    <dd class="min-w-0 grow break-words" dir="auto">
      {children}
    </dd>
  </div>
);

const link = 'text-link underline underline-offset-2';

/** Only what a browser may follow becomes a link. */
const PageLink = ({ url, title }: { url: string; title?: string | undefined }) =>
  /^https?:\/\//.test(url) ? (
    <a href={url} target="_blank" rel="noopener noreferrer" class={link} title={url}>
      {title?.trim() || shortUrl(url)}
    </a>
  ) : (
    <span>{title?.trim() || url}</span>
  );

/** How to reach them. Draws nothing where nothing is known. */
export const Reach = ({
  contact,
}: {
  contact: Pick<ContactView, 'email' | 'phone' | 'company' | 'verified' | 'signed' | 'subject'>;
}) => (
  <>
    {contact.email !== undefined && (
      <Detail icon="mail" label="E-mail">
        <a href={`mailto:${encodeURIComponent(contact.email).replace('%40', '@')}`} class={link}>
          {contact.email}
        </a>
        {!signedFieldsOf(contact).includes('email') && <span class="text-meta text-text2"> not verified</span>}
      </Detail>
    )}
    {contact.subject !== undefined && (
      <Detail icon="person" label="Your own id of them">
        {contact.subject}
      </Detail>
    )}
    {contact.phone !== undefined && (
      <Detail icon="phone" label="Phone">
        <a href={`tel:${contact.phone.replace(/[^+\d]/g, '')}`} class={link}>
          {contact.phone}
        </a>
      </Detail>
    )}
    {contact.company !== undefined && (
      <Detail icon="building" label="Company">
        {contact.company}
      </Detail>
    )}
  </>
);

/** Where they were seen, and with what. */
export const Seen = ({ contact }: { contact: ContactView }) => (
  <>
    {contact.page !== undefined && (
      <Detail icon="globe" label="Page">
        <PageLink url={contact.page.url} title={contact.page.title} />
        {contact.page.referrer !== undefined && contact.page.referrer !== '' && (
          <p class="text-meta text-text2">from {shortUrl(contact.page.referrer)}</p>
        )}
      </Detail>
    )}
    <Detail icon="clock" label="Visits">
      {plural(contact.visits, 'visit')}, first {dateOf(contact.createdAt)}
    </Detail>
    {contact.userAgent !== undefined && (
      <Detail icon="eye" label="Browser">
        {browserOf(contact.userAgent)}
        {contact.locale !== undefined && `, ${contact.locale}`}
      </Detail>
    )}
  </>
);

export const CustomFields = ({ fields }: { fields: Record<string, string> | undefined }) => {
  const entries = Object.entries(fields ?? {});
  if (entries.length === 0) return null;
  return (
    <dl class="grid grid-cols-[minmax(0,auto)_minmax(0,1fr)] gap-x-3 gap-y-1 text-small">
      {entries.map(([key, value]) => (
        <div key={key} class="contents">
          <dt class="max-w-32 truncate text-text2" title={key}>
            {key}
          </dt>
          <dd class="min-w-0 break-words" dir="auto">
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
};

/** Conversations as links into the inbox. */
export const ConversationLinks = ({ rows }: { rows: readonly InboxRow[] }) => {
  const now = useNow(60_000);
  return (
    <ul class="-mx-2 flex flex-col">
      {rows.map((row) => (
        <li key={row.conversationId}>
          <a
            href={hrefOf({
              name: 'inbox',
              filter: row.status === 'closed' ? 'closed' : 'open',
              conversationId: row.conversationId,
            })}
            class="focus-inset flex items-baseline gap-2 rounded-control px-2 py-1.5 hover:bg-hover"
          >
            <span class="min-w-0 grow truncate text-small" dir="auto">
              {row.preview === null ? 'No message' : plainText(row.preview.text)}
            </span>
            <span class="shrink-0 text-meta text-text2">{listTime(row.lastAt, now)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
};
