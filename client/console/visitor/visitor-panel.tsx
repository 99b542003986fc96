// Who the visitor is: contact, page, earlier conversations.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ConsoleOutput } from '../../../shared/console-api.ts';
import type { ConversationSnapshot } from '../../sdk/api.ts';
import { call, messageOf } from '../api.ts';
import { browserOf, dateOf, listTime, plural, shortUrl, visitorName } from '../format.ts';
import { useNow } from '../observable.ts';
import { hrefOf } from '../router.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Button } from '../ui/button.tsx';
import { LabelChip } from '../ui/chip.tsx';
import { Bone, Notice, useSkeleton } from '../ui/feedback.tsx';
import { Icon } from '../ui/icons.tsx';
import type { IconName } from '../ui/icons.tsx';

type Context = ConsoleOutput<'GET /conversations/:id/context'>;

const Section = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <section class="flex flex-col gap-2 border-t border-line px-4 py-4">
    <h3 class="text-small font-semibold text-text2">{title}</h3>
    {children}
  </section>
);

const Detail = ({ icon, label, children }: { icon: IconName; label: string; children: ComponentChildren }) => (
  <div class="flex items-start gap-2">
    <dt class="mt-0.5 text-text2">
      <Icon name={icon} />
      <span class="sr-only">{label}</span>
    </dt>
    <dd class="min-w-0 grow break-words">{children}</dd>
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

const Contact = ({ context }: { context: Context }) => {
  const { contact, widget } = context;
  const fields = Object.entries(contact.customFields ?? {});
  return (
    <>
      <dl class="flex flex-col gap-2">
        {contact.email !== undefined && (
          <Detail icon="mail" label="E-mail">
            <a href={`mailto:${encodeURIComponent(contact.email).replace('%40', '@')}`} class={link}>
              {contact.email}
            </a>
            {!contact.verified && <span class="text-meta text-text2"> not verified</span>}
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
        {contact.page !== undefined && (
          <Detail icon="globe" label="Page">
            <PageLink url={contact.page.url} title={contact.page.title} />
            {contact.page.referrer !== undefined && contact.page.referrer !== '' && (
              <p class="text-meta text-text2">from {shortUrl(contact.page.referrer)}</p>
            )}
          </Detail>
        )}
        <Detail icon="chat" label="Widget">
          {widget.name}
        </Detail>
        <Detail icon="clock" label="Visits">
          {plural(contact.visits, 'visit')}, first {dateOf(contact.createdAt)}
        </Detail>
        {contact.userAgent !== undefined && (
          <Detail icon="eye" label="Browser">
            {browserOf(contact.userAgent)}
            {contact.locale !== undefined && `, ${contact.locale}`}
          </Detail>
        )}
      </dl>
      {fields.length > 0 && (
        <dl class="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-small">
          {fields.map(([key, value]) => (
            <div key={key} class="contents">
              <dt class="max-w-28 truncate text-text2">{key}</dt>
              <dd class="min-w-0 break-words">{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
};

const Others = ({ others }: { others: Context['others'] }) => {
  const now = useNow(60_000);
  return (
    <ul class="-mx-2 flex flex-col">
      {others.map((row) => (
        <li key={row.conversationId}>
          <a
            href={hrefOf({
              name: 'inbox',
              filter: row.status === 'closed' ? 'closed' : 'open',
              conversationId: row.conversationId,
            })}
            class="focus-inset flex items-baseline gap-2 rounded-control px-2 py-1.5 hover:bg-hover"
          >
            <span class="min-w-0 grow truncate text-small">{row.preview?.text ?? 'No message'}</span>
            <span class="shrink-0 text-meta text-text2">{listTime(row.lastAt, now)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
};

export const VisitorPanel = ({ snapshot }: { snapshot: ConversationSnapshot }) => {
  const { conversationId, state } = snapshot;
  const [context, setContext] = useState<Context | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [tries, setTries] = useState(0);
  const hasBones = useSkeleton(context === null && error === null);
  // Whoever introduces themselves is another contact from then on.
  const who = JSON.stringify([state.visitor, state.contactId]);
  useEffect(() => {
    const controller = new AbortController();
    call('GET /conversations/:id/context', { params: { id: conversationId }, signal: controller.signal }).then(
      (answer) => {
        setContext(answer);
        setError(null);
      },
      (failure: unknown) => {
        if (!controller.signal.aborted) setError(messageOf(failure));
      },
    );
    return () => controller.abort();
  }, [conversationId, who, tries]);

  const visitorId = state.contactId ?? conversationId;
  const name = visitorName(state.visitor, visitorId);
  return (
    <div class="thin-scroll h-full overflow-y-auto">
      <div class="flex items-center gap-3 px-4 py-4">
        <Avatar name={name} id={visitorId} size={40} />
        <div class="min-w-0">
          <h2 class="truncate font-semibold" dir="auto">
            {name}
          </h2>
          <p class="text-small text-text2">{state.visitor.verified ? 'Verified by your site' : 'Visitor'}</p>
        </div>
      </div>
      <Section title="Contact">
        {error !== null && context === null && (
          <>
            <Notice>{error}</Notice>
            <Button icon="refresh" class="self-start" onClick={() => setTries(tries + 1)}>
              Try again
            </Button>
          </>
        )}
        {hasBones && context === null && (
          <>
            <Bone class="h-4 w-3/4" />
            <Bone class="h-4 w-2/3" />
            <Bone class="h-4 w-1/2" />
          </>
        )}
        {context !== null && <Contact context={context} />}
      </Section>
      {state.csat.rating !== null && (
        <Section title="Rating">
          <p>{state.csat.rating} of 5</p>
        </Section>
      )}
      <Section title="Labels">
        {state.labels.length === 0 ? (
          <p class="text-small text-text2">None. Press L to add one.</p>
        ) : (
          <p class="flex flex-wrap gap-1">
            {state.labels.map((label) => (
              <LabelChip key={label} label={label} />
            ))}
          </p>
        )}
      </Section>
      <Section title="Earlier conversations">
        {context !== null && context.others.length > 0 ? (
          <Others others={context.others} />
        ) : (
          <p class="text-small text-text2">{context === null ? '' : 'This is the first one.'}</p>
        )}
      </Section>
    </div>
  );
};
