// Settings: what there is to set at one side, the page at the other.
import { useEffect, useRef } from 'preact/hooks';
import { Suspense, lazy } from '../lazy.tsx';
import { hrefOf } from '../router.ts';
import type { SettingsPage as PageName } from '../router.ts';
import { Icon } from '../ui/icons.tsx';
import type { IconName } from '../ui/icons.tsx';

const pages = {
  organisation: lazy(() => import('./organisation-page.tsx').then((module) => module.OrganisationPage)),
  widgets: lazy(() => import('./widgets-page.tsx').then((module) => module.WidgetsPage)),
  assistant: lazy(() => import('./assistant-page.tsx').then((module) => module.AssistantPage)),
  pipelines: lazy(() => import('./pipelines/list.tsx').then((module) => module.PipelinesPage)),
  keys: lazy(() => import('./keys/page.tsx').then((module) => module.KeysPage)),
  people: lazy(() => import('./people-page.tsx').then((module) => module.PeoplePage)),
  bans: lazy(() => import('./bans-page.tsx').then((module) => module.BansPage)),
  profile: lazy(() => import('./profile-page.tsx').then((module) => module.ProfilePage)),
  notifications: lazy(() => import('./notifications-page.tsx').then((module) => module.NotificationsPage)),
};
const widgetEditor = lazy(() => import('./widget/editor.tsx').then((module) => module.WidgetEditor));
const pipelineEditor = lazy(() => import('./pipelines/editor.tsx').then((module) => module.PipelineEditor));

const groups: readonly { title: string; entries: readonly { page: PageName; text: string; icon: IconName }[] }[] = [
  {
    title: 'Workspace',
    entries: [
      { page: 'organisation', text: 'Organisation', icon: 'building' },
      { page: 'people', text: 'People', icon: 'people' },
      { page: 'keys', text: 'API keys', icon: 'key' },
    ],
  },
  {
    title: 'Chat',
    entries: [
      { page: 'widgets', text: 'Widgets', icon: 'chat' },
      { page: 'assistant', text: 'Assistants', icon: 'spark' },
      { page: 'pipelines', text: 'Pipelines', icon: 'columns' },
      { page: 'bans', text: 'Bans', icon: 'ban' },
    ],
  },
  {
    title: 'You',
    entries: [
      { page: 'profile', text: 'Your profile', icon: 'person' },
      { page: 'notifications', text: 'Notifications and keys', icon: 'bell' },
    ],
  },
];
const entries = groups.flatMap((group) => group.entries);

const Content = ({ page, id, tab }: { page: PageName; id: string | null; tab: string | undefined }) => {
  if (page === 'widgets' && id !== null) return <Suspense key={id} component={widgetEditor} props={{ id, tab }} />;
  if (page === 'pipelines' && id !== null) return <Suspense key={id} component={pipelineEditor} props={{ id }} />;
  if (page === 'assistant') return <Suspense key={page} component={pages.assistant} props={{ id }} />;
  return <Suspense key={page} component={pages[page]} props={{}} />;
};

export const SettingsPage = ({ page, id, tab }: { page: PageName; id: string | null; tab: string | undefined }) => {
  useEffect(() => {
    document.title = `${entries.find((entry) => entry.page === page)?.text ?? 'Settings'} · Tiller`;
  }, [page]);
  // On a phone the names lie side by side and reach beyond the screen.
  const current = useRef<HTMLAnchorElement>(null);
  useEffect(() => current.current?.scrollIntoView({ block: 'nearest', inline: 'center' }), [page]);
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => scroller.current?.scrollTo({ top: 0 }), [page, id, tab]);
  return (
    <div class="flex min-h-0 min-w-0 grow max-md:flex-col">
      <nav
        aria-label="Settings"
        class="thin-scroll flex shrink-0 gap-1 border-line bg-surface max-md:overflow-x-auto max-md:border-b max-md:px-3 max-md:py-2 md:w-60 md:flex-col md:border-e md:p-3"
      >
        <p class="px-2 pt-1 text-title font-semibold max-md:hidden">Settings</p>
        {groups.map((group) => (
          <div key={group.title} class="contents">
            <p class="px-2 pt-3 pb-1 text-meta font-semibold text-text2 max-md:hidden">{group.title}</p>
            {group.entries.map((entry) => (
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
          </div>
        ))}
      </nav>
      <div ref={scroller} class="thin-scroll min-h-0 min-w-0 grow overflow-y-auto">
        <Content page={page} id={id} tab={tab} />
      </div>
    </div>
  );
};
