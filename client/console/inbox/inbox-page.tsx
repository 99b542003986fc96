// The inbox screen: list at one side, conversation at the other; one of both where there is no room.
import { useEffect, useState } from 'preact/hooks';
import type { InboxFilter } from '../../../shared/inbox.ts';
import { ConversationView } from '../conversation/conversation-view.tsx';
import { useObservable } from '../observable.ts';
import { hrefOf, navigate } from '../router.ts';
import { openSearch } from '../search/search-dialog.tsx';
import { signedIn } from '../session.ts';
import { useShortcut } from '../shortcuts.ts';
import { IconButton } from '../ui/button.tsx';
import { Menu } from '../ui/menu.tsx';
import { FilterTabs, LabelFilter, filterNames } from './filter-tabs.tsx';
import { InboxList } from './inbox-list.tsx';

export const InboxPage = ({ filter, conversationId }: { filter: InboxFilter; conversationId: string | null }) => {
  const { client, member, organisation } = signedIn();
  const [label, setLabel] = useState<string | null>(null);
  const inbox = useObservable(client.inbox);
  useEffect(() => {
    if (label === null) client.openInbox(filter);
    else client.openInbox(filter, label);
  }, [client, filter, label]);
  // Until the client has heard of the new list, the old one must not be drawn under the new name.
  const isCurrent = inbox.filter === filter && (inbox.label ?? null) === label;
  const shown = isCurrent ? inbox : { ...inbox, filter, rows: [], hasMore: false, isLoading: true };

  const step = (by: 1 | -1): void => {
    const ids = shown.rows.map((row) => row.conversationId);
    const at = conversationId === null ? -1 : ids.indexOf(conversationId);
    const next = at < 0 ? ids[0] : ids[Math.max(0, Math.min(ids.length - 1, at + by))];
    if (next !== undefined) navigate({ name: 'inbox', filter, conversationId: next });
  };
  useShortcut('j', () => step(1));
  useShortcut('k', () => step(-1));

  useEffect(() => {
    const waiting = inbox.counts.needsPerson;
    document.title = `${waiting > 0 ? `(${waiting}) ` : ''}${filterNames[filter]} · ${organisation.name}`;
  }, [inbox.counts.needsPerson, filter, organisation.name]);

  return (
    <>
      <section
        aria-label="Inbox"
        class={`flex w-full shrink-0 flex-col border-line bg-surface md:w-80 md:border-e ${conversationId === null ? '' : 'max-md:hidden'}`}
      >
        <header class="flex h-14 shrink-0 items-center gap-1 ps-4 pe-3">
          <h1 class="min-w-0 grow truncate text-title font-semibold">
            <a href={hrefOf({ name: 'inbox', filter, conversationId: null })}>{filterNames[filter]}</a>
          </h1>
          <LabelFilter label={label} onChoose={setLabel} />
          <IconButton icon="search" label="Search (/)" onClick={openSearch} />
          <Menu
            label="More lists"
            entries={[
              {
                text: 'Spam',
                icon: 'ban',
                isChecked: filter === 'spam',
                run: () =>
                  navigate({ name: 'inbox', filter: filter === 'spam' ? 'open' : 'spam', conversationId: null }),
              },
            ]}
          />
        </header>
        <FilterTabs chosen={filter} counts={inbox.counts} memberId={member.id} />
        <InboxList inbox={shown} chosen={conversationId} />
      </section>
      <ConversationView conversationId={conversationId} filter={filter} />
    </>
  );
};
