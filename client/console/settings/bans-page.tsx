// Bans in force: whom, why, until when, and the way to lift them.
import { useState } from 'preact/hooks';
import type { BanView } from '../../../shared/bans.ts';
import { DurationField, ReachNotice, ReasonField, termsOf, usualDuration, useReach } from '../bans/fields.tsx';
import { call, problemOf } from '../api.ts';
import { usePaged } from '../contacts/use-paged.ts';
import { dateOf, duration, exactTime, visitorName } from '../format.ts';
import { useNow } from '../observable.ts';
import { hrefOf } from '../router.ts';
import { Button } from '../ui/button.tsx';
import { Empty, Notice, toast, useSkeleton } from '../ui/feedback.tsx';
import { TextField } from '../ui/field.tsx';
import { Confirm, FormDialog } from '../ui/form-dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import type { IconName } from '../ui/icons.tsx';
import { Bones, Failed, Page, mayChange } from './layout.tsx';

const kinds: Record<BanView['kind'], { icon: IconName; text: string }> = {
  contact: { icon: 'person', text: 'Person' },
  address: { icon: 'globe', text: 'Address' },
  range: { icon: 'globe', text: 'Range' },
};

const nameOf = (ban: BanView): string =>
  ban.kind === 'contact' ? visitorName(ban.contact ?? {}, ban.value) : ban.value;

const Until = ({ ban, now }: { ban: BanView; now: number }) =>
  ban.expiresAt === undefined ? (
    <>Until it is lifted</>
  ) : (
    <span title={exactTime(ban.expiresAt)}>Ends in {duration(Math.max(60_000, ban.expiresAt - now))}</span>
  );

const Row = ({ ban, now, onLift }: { ban: BanView; now: number; onLift: () => void }) => {
  const { icon, text } = kinds[ban.kind];
  return (
    <li class="flex items-start gap-3 px-5 py-4 max-sm:flex-wrap max-sm:px-4">
      <span class="inline-flex size-8 shrink-0 items-center justify-center rounded-full bg-quiet-soft text-quiet">
        <Icon name={icon} />
      </span>
      <div class="min-w-0 flex-1">
        <p class="flex flex-wrap items-baseline gap-x-2">
          <span
            class={`min-w-0 font-semibold break-words ${ban.kind === 'contact' ? '' : 'font-mono break-all'}`}
            dir="auto"
          >
            {ban.kind === 'contact' && ban.contact !== undefined ? (
              <a
                href={hrefOf({ name: 'contacts', list: 'everyone', contactId: ban.value })}
                class="text-link underline underline-offset-2"
              >
                {nameOf(ban)}
              </a>
            ) : (
              nameOf(ban)
            )}
          </span>
          <span class="text-meta text-text2">{text}</span>
        </p>
        {ban.reason !== '' && (
          <p class="text-small break-words" dir="auto">
            {ban.reason}
          </p>
        )}
        <p class="mt-1 text-small text-text2">
          <Until ban={ban} now={now} />
          {' · '}
          {ban.by.name === '' ? 'A former member' : ban.by.name}, {dateOf(ban.createdAt)}
        </p>
      </div>
      <Button size="small" onClick={onLift} aria-label={`Lift the ban of ${nameOf(ban)}`}>
        Lift
      </Button>
    </li>
  );
};

const NewBan = ({ onClose, onDone }: { onClose: () => void; onDone: () => void }) => {
  const [value, setValue] = useState('');
  const [reason, setReason] = useState('');
  const [seconds, setSeconds] = useState(usualDuration);
  const [includesMe, setIncludesMe] = useState(false);
  const text = value.trim();
  const about = text.includes('/') ? { range: text } : { address: text };
  const { reach, problem } = useReach(text === '' ? null : about);
  const isMine = reach?.includesMe === true;
  return (
    <FormDialog
      title="Ban an address"
      submit="Ban"
      isDanger
      isReady={reach !== null && (!isMine || includesMe)}
      fields={['address', 'range']}
      run={async () => {
        await call('POST /bans', {
          body: {
            ...about,
            ...termsOf({ reason, duration: seconds, includesMe: isMine && includesMe }),
          },
        });
        onDone();
        toast('Banned');
      }}
      onClose={onClose}
    >
      {(error) => (
        <>
          <TextField
            label="Address or range"
            value={value}
            onText={setValue}
            maxLength={64}
            spellcheck={false}
            placeholder="203.0.113.7"
            hint="An IPv6 address means its /64. Ranges: no wider than /16, or /32 for IPv6."
            error={problem ?? problemOf(error, 'address') ?? problemOf(error, 'range')}
          />
          <ReachNotice reach={reach} includesMe={includesMe} onIncludeMe={setIncludesMe} />
          <DurationField value={seconds} onChoose={setSeconds} />
          <ReasonField value={reason} onText={setReason} />
        </>
      )}
    </FormDialog>
  );
};

const List = ({ version, onNew }: { version: number; onNew: () => void }) => {
  const [lifted, setLifted] = useState(0);
  const bans = usePaged<BanView>(`bans ${version} ${lifted}`, async (cursor, signal) => {
    const page = await call('GET /bans', { query: cursor === null ? {} : { cursor }, signal });
    return { items: page.bans, cursor: page.cursor };
  });
  const [asked, setAsked] = useState<BanView | null>(null);
  const now = useNow();
  const isFirst = bans.status === 'busy' && bans.items.length === 0;
  const hasBones = useSkeleton(isFirst);
  if (bans.status === 'failed') return <Failed message={bans.message} retry={bans.retry} />;
  if (isFirst) return hasBones ? <Bones /> : null;
  if (bans.items.length === 0) {
    return (
      <Empty icon="ban" title="Nobody is banned">
        Ban a visitor from the menu of their conversation, or{' '}
        <button type="button" class="text-link underline underline-offset-2" onClick={onNew}>
          ban an address
        </button>{' '}
        here.
      </Empty>
    );
  }
  return (
    <>
      <ul
        aria-label="Bans"
        class="divide-y divide-line rounded-card border border-line bg-surface [&>li:first-child]:rounded-t-card [&>li:last-child]:rounded-b-card"
      >
        {bans.items.map((each) => (
          <Row key={each.id} ban={each} now={now} onLift={() => setAsked(each)} />
        ))}
      </ul>
      {bans.message !== null && <Notice>{bans.message}</Notice>}
      {bans.hasMore && (
        <Button class="self-center" isBusy={bans.isLoadingMore} onClick={bans.more}>
          Load more
        </Button>
      )}
      {asked !== null && (
        <Confirm
          title="Lift this ban?"
          submit="Lift the ban"
          run={async () => {
            await call('DELETE /bans/:id', { params: { id: asked.id } });
            setAsked(null);
            setLifted(lifted + 1);
            toast('The ban is lifted');
          }}
          onClose={() => setAsked(null)}
        >
          <p>
            <span class="font-semibold break-all">{nameOf(asked)}</span> can use the chat again at once.
          </p>
        </Confirm>
      )}
    </>
  );
};

export const BansPage = () => {
  const [version, setVersion] = useState(0);
  const [isMaking, setMaking] = useState(false);
  if (!mayChange()) {
    return (
      <Page title="Bans" isOwn>
        <Notice tone="plain" icon="lock">
          Only an admin sees addresses and lifts bans. You can ban a person from the menu of their conversation.
        </Notice>
      </Page>
    );
  }
  return (
    <Page
      title="Bans"
      lead="Whoever is banned is told that the chat is not available. Nothing of theirs is stored, and no AI answers them."
      action={
        <Button look="primary" icon="plus" onClick={() => setMaking(true)}>
          Ban an address
        </Button>
      }
    >
      <List version={version} onNew={() => setMaking(true)} />
      {isMaking && (
        <NewBan
          onClose={() => setMaking(false)}
          onDone={() => {
            setMaking(false);
            setVersion(version + 1);
          }}
        />
      )}
    </Page>
  );
};
