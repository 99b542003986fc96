// Settings: what there is to set at one side, the page at the other.
import { useEffect, useRef } from 'preact/hooks';
import { hrefOf } from '../router.ts';
import type { SettingsPage as PageName } from '../router.ts';
import { Icon } from '../ui/icons.tsx';
import type { IconName } from '../ui/icons.tsx';
import { AssistantPage } from './assistant-page.tsx';
import { NotificationsPage } from './notifications-page.tsx';
import { PeoplePage } from './people-page.tsx';
import { ProfilePage } from './profile-page.tsx';
import { WidgetEditor } from './widget-editor.tsx';
import { WidgetsPage } from './widgets-page.tsx';

const entries: readonly { page: PageName; text: string; icon: IconName }[] = [
  { page: 'widgets', text: 'Widgets', icon: 'chat' },
  { page: 'assistant', text: 'Assistant', icon: 'spark' },
  { page: 'people', text: 'People', icon: 'people' },
  { page: 'profile', text: 'Your profile', icon: 'person' },
  { page: 'notifications', text: 'Notifications and keys', icon: 'bell' },
];

const Content = ({ page, id }: { page: PageName; id: string | null }) => {
  switch (page) {
    case 'widgets':
      return id === null ? <WidgetsPage /> : <WidgetEditor key={id} id={id} />;
    case 'assistant':
      return <AssistantPage id={id} />;
    case 'people':
      return <PeoplePage />;
    case 'profile':
      return <ProfilePage />;
    case 'notifications':
      return <NotificationsPage />;
  }
};

export const SettingsPage = ({ page, id }: { page: PageName; id: string | null }) => {
  useEffect(() => {
    document.title = `${entries.find((entry) => entry.page === page)?.text ?? 'Settings'} · Tiller`;
  }, [page]);
  // On a phone the names lie side by side and reach beyond the screen.
  const current = useRef<HTMLAnchorElement>(null);
  useEffect(() => current.current?.scrollIntoView({ block: 'nearest', inline: 'center' }), [page]);
  return (
    <div class="flex min-h-0 min-w-0 grow max-md:flex-col">
      <nav
        aria-label="Settings"
        class="thin-scroll flex shrink-0 gap-1 border-line bg-surface max-md:overflow-x-auto max-md:border-b max-md:px-3 max-md:py-2 md:w-60 md:flex-col md:border-e md:p-3"
      >
        <p class="px-2 pt-1 pb-3 text-title font-semibold max-md:hidden">Settings</p>
        {entries.map((entry) => (
          <a
            key={entry.page}
            ref={entry.page === page ? current : null}
            href={hrefOf({ name: 'settings', page: entry.page, id: null })}
            aria-current={entry.page === page ? 'page' : undefined}
            class={`focus-inset flex h-9 shrink-0 items-center gap-2 rounded-control px-2 whitespace-nowrap ${
              entry.page === page ? 'bg-chosen font-semibold' : 'text-text2 hover:bg-hover hover:text-text'
            }`}
          >
            <Icon name={entry.icon} />
            {entry.text}
          </a>
        ))}
      </nav>
      <div class="thin-scroll min-h-0 min-w-0 grow overflow-y-auto" key={`${page} ${id ?? ''}`}>
        <Content page={page} id={id} />
      </div>
    </div>
  );
};
