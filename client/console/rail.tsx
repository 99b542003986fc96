// The rail: where to go, and who one is. At the bottom on a phone.
import { signal } from '@preact/signals';
import { openKeySheet } from './key-sheet.tsx';
import { useObservable } from './observable.ts';
import { scheme } from './prefs.ts';
import { hrefOf, navigate } from './router.ts';
import type { Screen } from './router.ts';
import { openSearch } from './search/search-dialog.tsx';
import { signOut, signedIn } from './session.ts';
import { messageOf } from './api.ts';
import { Avatar } from './ui/avatar.tsx';
import { toast } from './ui/feedback.tsx';
import { Icon } from './ui/icons.tsx';
import type { IconName } from './ui/icons.tsx';
import { Logo } from './ui/logo.tsx';
import { Popover, panelRow } from './ui/menu.tsx';

const isAway = signal(false);

const RailLink = ({
  to,
  icon,
  label,
  isHere,
  badge = 0,
}: {
  to: Screen;
  icon: IconName;
  label: string;
  isHere: boolean;
  badge?: number;
}) => (
  <a
    href={hrefOf(to)}
    aria-current={isHere ? 'page' : undefined}
    title={label}
    class={`relative inline-flex size-10 items-center justify-center rounded-control max-sm:h-11 max-sm:w-14 ${
      isHere ? 'bg-chosen text-text' : 'text-text2 hover:bg-hover hover:text-text'
    }`}
  >
    <Icon name={icon} size={20} />
    <span class="sr-only">{label} </span>
    {badge > 0 && (
      <span class="absolute end-0 top-0 inline-flex h-4 min-w-4 items-center justify-center rounded-full bg-danger px-1 text-[10px]/none font-semibold text-surface max-sm:end-2">
        {badge > 99 ? '99+' : badge}
        <span class="sr-only"> need a person</span>
      </span>
    )}
  </a>
);

const schemes = [
  { value: 'auto', text: 'Auto', icon: 'sliders' },
  { value: 'light', text: 'Light', icon: 'sun' },
  { value: 'dark', text: 'Dark', icon: 'moon' },
] as const;

const SchemeSwitch = () => (
  <div role="group" aria-label="Colours" class="m-1 grid grid-cols-3 gap-1 rounded-control bg-sunken p-1">
    {schemes.map(({ value, text, icon }) => (
      <button
        key={value}
        type="button"
        aria-pressed={scheme.value === value}
        class={`focus-inset inline-flex h-7 items-center justify-center gap-1 rounded-[4px] text-small ${
          scheme.value === value ? 'border border-line bg-raised font-semibold' : 'text-text2 hover:text-text'
        }`}
        onClick={() => {
          scheme.value = value;
        }}
      >
        <Icon name={icon} size={14} />
        {text}
      </button>
    ))}
  </div>
);

const accountEntries: readonly { icon: IconName; text: string; run: () => void }[] = [
  { icon: 'person', text: 'Profile', run: () => navigate({ name: 'settings', page: 'profile', id: null }) },
  { icon: 'keyboard', text: 'Keyboard', run: openKeySheet },
  {
    icon: 'sign-out',
    text: 'Sign out',
    run: () => void signOut().catch((error: unknown) => toast(messageOf(error), { tone: 'danger' })),
  },
];

const Account = () => {
  const { client, member, organisation } = signedIn();
  return (
    <Popover
      label={`Account of ${member.name}`}
      icon="person"
      side="above"
      class="max-sm:flex max-sm:w-14 max-sm:justify-center [&>[data-panel]]:start-0 [&>[data-panel]]:end-auto max-sm:[&>[data-panel]]:start-auto max-sm:[&>[data-panel]]:end-0"
    >
      {(close) => (
        <div class="w-60">
          <div class="flex items-center gap-2 p-2">
            <Avatar name={member.name} id={member.id} url={member.avatarUrl} />
            <div class="min-w-0">
              <p class="truncate font-semibold">{member.name}</p>
              <p class="truncate text-meta text-text2">{organisation.name}</p>
            </div>
          </div>
          <SchemeSwitch />
          <button
            type="button"
            role="switch"
            aria-checked={!isAway.value}
            class={panelRow}
            onClick={() => {
              isAway.value = !isAway.value;
              void client.ask('presence:set', { status: isAway.value ? 'away' : 'online' });
            }}
          >
            <span class={`mx-1 size-2 rounded-full ${isAway.value ? 'bg-strong' : 'bg-success'}`} />
            {isAway.value ? 'Away' : 'Online'}
            <span class="ms-auto text-meta text-text2">{isAway.value ? 'Go online' : 'Go away'}</span>
          </button>
          {accountEntries.map(({ icon, text, run }) => (
            <button
              key={text}
              type="button"
              class={panelRow}
              onClick={() => {
                close();
                run();
              }}
            >
              <Icon name={icon} class="text-text2" /> {text}
            </button>
          ))}
        </div>
      )}
    </Popover>
  );
};

export const Rail = ({ screen, isHidden }: { screen: Screen; isHidden: boolean }) => {
  const { client } = signedIn();
  const { counts } = useObservable(client.inbox);
  return (
    <nav
      aria-label="Main"
      class={`z-10 flex shrink-0 items-center gap-2 border-line bg-sunken max-sm:gap-0 max-sm:order-last max-sm:h-14 max-sm:justify-around max-sm:border-t max-sm:pb-[env(safe-area-inset-bottom)] sm:w-14 sm:flex-col sm:border-e sm:py-3 ${
        isHidden ? 'max-sm:hidden' : ''
      }`}
    >
      <span class="mb-2 max-sm:hidden">
        <Logo size={32} />
      </span>
      <RailLink
        to={{ name: 'inbox', filter: 'needs-person', conversationId: null }}
        icon="inbox"
        label="Inbox"
        isHere={screen.name === 'inbox'}
        badge={counts.needsPerson}
      />
      <RailLink
        to={{ name: 'contacts', list: 'everyone', contactId: null }}
        icon="card"
        label="Contacts"
        isHere={screen.name === 'contacts'}
      />
      <button
        type="button"
        title="Search (/)"
        aria-label="Search"
        class="inline-flex size-10 items-center justify-center rounded-control text-text2 hover:bg-hover hover:text-text max-sm:h-11 max-sm:w-14"
        onClick={openSearch}
      >
        <Icon name="search" size={20} />
      </button>
      <RailLink
        to={{ name: 'settings', page: 'widgets', id: null }}
        icon="sliders"
        label="Settings"
        isHere={screen.name === 'settings'}
      />
      <span class="grow max-sm:hidden" />
      <Account />
    </nav>
  );
};
