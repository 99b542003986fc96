// Keys of programs: made, named, rotated, revoked. A secret is seen once.
import { useState } from 'preact/hooks';
import type { KeyView } from '../../../../shared/console-api.ts';
import { call } from '../../api.ts';
import { contractOf, curlOf } from '../../contracts.ts';
import { dateOf, duration, exactTime } from '../../format.ts';
import { useNow } from '../../observable.ts';
import { hrefOf } from '../../router.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Empty, Notice, toast } from '../../ui/feedback.tsx';
import { Confirm, SecretOnce } from '../../ui/form-dialog.tsx';
import { Icon } from '../../ui/icons.tsx';
import { Menu } from '../../ui/menu.tsx';
import { Await, Page, mayChange } from '../layout.tsx';
import { useLoaded } from '../use-loaded.ts';
import { NewKey, Rename, Rotate } from './dialogs.tsx';
import type { Made } from './dialogs.tsx';

const usedText = ({ lastUsedAt }: KeyView, now: number): string => {
  if (lastUsedAt === undefined) return 'Never used';
  const ago = duration(now - lastUsedAt);
  return ago === 'now' ? 'Used just now' : `Used ${ago} ago`;
};

type Asked = { what: 'rename' | 'rotate' | 'revoke'; key: KeyView };

const Row = ({ of, now, onAsk }: { of: KeyView; now: number; onAsk: (asked: Asked) => void }) => {
  const contract = contractOf(of.kind);
  const isEnding = of.expiresAt !== undefined;
  const ask = (what: Asked['what']) => () => onAsk({ what, key: of });
  return (
    <li class={`flex items-start gap-3 px-5 py-4 max-sm:px-4 ${isEnding ? 'bg-sunken' : ''}`} data-key={of.hint}>
      <span class="inline-flex size-8 shrink-0 items-center justify-center rounded-full bg-quiet-soft text-quiet">
        <Icon name={isEnding ? 'clock' : 'key'} />
      </span>
      <div class="min-w-0 grow">
        <p class="flex flex-wrap items-baseline gap-x-2">
          <span class="min-w-0 font-semibold break-words" dir="auto">
            {of.name}
          </span>
          <span class="font-mono text-meta text-text2">…{of.hint}</span>
        </p>
        <p class="flex flex-wrap items-baseline gap-x-2 text-small text-text2">
          {contract.name}
          <code class="font-mono text-meta/[18px]">{contract.path}</code>
          <code class="font-mono text-meta/[18px] break-words">{contract.sends}</code>
        </p>
        <p class="mt-1 text-small">
          {of.expiresAt !== undefined && (
            <span class="font-semibold text-warn" title={exactTime(of.expiresAt)}>
              {of.expiresAt <= now ? 'Ended' : `Replaced, works for ${duration(Math.max(60_000, of.expiresAt - now))}`}
              <span aria-hidden="true" class="font-normal text-text2">
                {' · '}
              </span>
            </span>
          )}
          <span title={of.lastUsedAt === undefined ? undefined : exactTime(of.lastUsedAt)}>{usedText(of, now)}</span>
          <span class="text-text2">
            {' · '}
            {of.member.name}, {dateOf(of.createdAt)}
          </span>
        </p>
      </div>
      <Menu
        label={`Change ${of.name}, ending in ${of.hint}`}
        entries={[
          { text: 'Rename', icon: 'pencil', run: ask('rename') },
          ...(isEnding ? [] : [{ text: 'Rotate', icon: 'refresh' as const, run: ask('rotate') }]),
          { text: 'Revoke', icon: 'trash', isDanger: true, run: ask('revoke') },
        ]}
      />
    </li>
  );
};

export const KeysPage = () => {
  const [reads, setReads] = useState(0);
  const keys = useLoaded(`keys ${reads}`, async () => (await call('GET /keys')).keys);
  const [asked, setAsked] = useState<Asked | 'new' | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  const now = useNow();
  const close = (): void => setAsked(null);
  const onMade = (next: Made): void => {
    close();
    setMade(next);
  };
  if (!mayChange()) {
    return (
      <Page title="API keys" isOwn>
        <Notice tone="plain" icon="lock">
          Only an admin sees the keys of programs.
        </Notice>
      </Page>
    );
  }
  return (
    <Page
      title="API keys"
      lead="Programs make and change widgets with them. Each key opens one contract and has the rights of whoever made it."
      action={
        <Button look="primary" icon="plus" onClick={() => setAsked('new')}>
          New key
        </Button>
      }
    >
      <Await of={keys}>
        {(list, set) => (
          <>
            {list.length === 0 ? (
              <Empty icon="key" title="No key yet">
                Make one for each program, so that each can be taken away alone.
              </Empty>
            ) : (
              <ul class="divide-y divide-line rounded-card border border-line bg-surface [&>li:first-child]:rounded-t-card [&>li:last-child]:rounded-b-card">
                {list.map((each) => (
                  <Row key={each.id} of={each} now={now} onAsk={setAsked} />
                ))}
              </ul>
            )}
            {asked !== null && asked !== 'new' && asked.what === 'rename' && (
              <Rename
                of={asked.key}
                onClose={close}
                onDone={(key) => {
                  close();
                  set(list.map((each) => (each.id === key.id ? key : each)));
                }}
              />
            )}
            {asked !== null && asked !== 'new' && asked.what === 'revoke' && (
              <Confirm
                title={`Revoke ${asked.key.name}?`}
                submit="Revoke key"
                run={async () => {
                  await call('DELETE /keys/:id', { params: { id: asked.key.id } });
                  close();
                  set(list.filter((each) => each.id !== asked.key.id));
                  toast('The key is revoked');
                }}
                onClose={close}
              >
                <p>
                  Programs that use the key ending in <span class="font-mono">{asked.key.hint}</span> are refused at
                  once, and their live connections end. This cannot be undone.
                </p>
              </Confirm>
            )}
          </>
        )}
      </Await>
      <p class="text-small text-text2">
        Pages and programs that act for a visitor use a widget’s own public keys instead, in{' '}
        <a
          href={hrefOf({ name: 'settings', page: 'widgets', id: null })}
          class="text-link underline underline-offset-2"
        >
          its settings
        </a>{' '}
        under Install.
      </p>
      {asked === 'new' && <NewKey onClose={close} onMade={onMade} />}
      {asked !== null && asked !== 'new' && asked.what === 'rotate' && (
        <Rotate of={asked.key} onClose={close} onMade={onMade} />
      )}
      {made !== null && (
        <SecretOnce
          title={made.key.name}
          label="Key"
          secret={made.secret}
          warning="It is shown only now. Keep it where the program finds it and nobody else does."
          onClose={() => {
            setMade(null);
            setReads(reads + 1);
          }}
        >
          <CodeBlock label="Try it" text={curlOf(made.key.kind, made.secret)} />
        </SecretOnce>
      )}
    </Page>
  );
};
