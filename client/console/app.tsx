// The shell: who is not signed in signs in where they are; the rest is one screen beside the rail.
import { lazy, Suspense } from './lazy.tsx';
import { useEffect } from 'preact/hooks';
import { startAlerts } from './alerts.ts';
import { ConnectionStrip } from './connection-strip.tsx';
import { InboxPage } from './inbox/inbox-page.tsx';
import { KeySheet, openKeySheet } from './key-sheet.tsx';
import { Rail } from './rail.tsx';
import { screen } from './router.ts';
import { SearchDialog, openSearch } from './search/search-dialog.tsx';
import { loadSession, session, signedIn } from './session.ts';
import { useShortcut } from './shortcuts.ts';
import { LinkPage } from './sign-in/link-page.tsx';
import { SignInPage } from './sign-in/sign-in-page.tsx';
import { Button } from './ui/button.tsx';
import { Empty, Toasts } from './ui/feedback.tsx';

const SettingsPage = lazy(() => import('./settings/settings-page.tsx').then((module) => module.SettingsPage));

const ContactsPage = lazy(() => import('./contacts/contacts-page.tsx').then((module) => module.ContactsPage));

const Signed = () => {
  const { client, member } = signedIn();
  const here = screen.value;
  useEffect(() => startAlerts(client, member.id), [client, member.id]);
  useShortcut('/', openSearch);
  useShortcut('?', openKeySheet);
  const isDeep =
    (here.name === 'inbox' && here.conversationId !== null) || (here.name === 'contacts' && here.contactId !== null);
  return (
    <div class="flex h-full flex-col">
      <ConnectionStrip />
      <div class="flex min-h-0 grow max-sm:flex-col">
        <Rail screen={here} isHidden={isDeep} />
        <main class="flex min-h-0 min-w-0 grow">
          {here.name === 'settings' ? (
            <Suspense component={SettingsPage} props={{ page: here.page, id: here.id, tab: here.tab }} />
          ) : here.name === 'contacts' ? (
            <Suspense component={ContactsPage} props={{ list: here.list, contactId: here.contactId }} />
          ) : (
            <InboxPage
              filter={here.name === 'inbox' ? here.filter : 'needs-person'}
              conversationId={here.name === 'inbox' ? here.conversationId : null}
            />
          )}
        </main>
      </div>
      <SearchDialog />
      <KeySheet />
    </div>
  );
};

const Screen = () => {
  const now = session.value;
  if (screen.value.name === 'link') return <LinkPage />;
  switch (now.status) {
    case 'loading':
      return null;
    case 'failed':
      return (
        <main class="h-full">
          <Empty icon="alert" title="The console could not start">
            <p>{now.message}</p>
            <Button class="mt-4" look="primary" icon="refresh" onClick={() => void loadSession()}>
              Try again
            </Button>
          </Empty>
        </main>
      );
    case 'out':
      return <SignInPage hasEnded={now.hasEnded} />;
    case 'in':
      // A new member is a new console: nothing of the former one may stay in a component.
      return <Signed key={now.member.id} />;
  }
};

export const App = () => (
  <>
    <Screen />
    <Toasts />
  </>
);
