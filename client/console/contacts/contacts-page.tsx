// Everybody who wrote, and the leads among them: list at one side, one contact at the other.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ContactView, LeadView } from '../../../shared/console-api.ts';
import { call, messageOf } from '../api.ts';
import { useNow } from '../observable.ts';
import type { ContactList } from '../router.ts';
import { signedIn } from '../session.ts';
import { Button } from '../ui/button.tsx';
import { Bone, Empty, Notice, toast, useSkeleton } from '../ui/feedback.tsx';
import { BareSelect, controlLook } from '../ui/field.tsx';
import { Icon } from '../ui/icons.tsx';
import { TabLinks } from '../ui/tab-links.tsx';
import { ContactDetail } from './contact-detail.tsx';
import { exportLeads } from './export.ts';
import { stageChoices, usePipelines } from './pipelines.ts';
import { ContactRows, Heads, LeadRows } from './rows.tsx';
import { usePaged } from './use-paged.ts';
import type { Paged } from './use-paged.ts';

/** The text, once it has rested for a moment. */
const useRested = (text: string): string => {
  const [rested, setRested] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), text === '' ? 0 : 200);
    return () => clearTimeout(timer);
  }, [text]);
  return rested;
};

const Bones = () => (
  <div aria-hidden="true">
    {Array.from({ length: 8 }, (_, index) => (
      <div key={index} class="flex h-16 items-center gap-3 border-b border-line px-4">
        <Bone class="size-8 rounded-full" />
        <div class="flex grow flex-col gap-2">
          <Bone class="h-3 w-40" />
          <Bone class="h-3 w-56" />
        </div>
      </div>
    ))}
  </div>
);

/** The list in whatever state it is, with the next page at its end. */
const Listed = <T extends { id: string }>({
  of,
  list,
  empty,
  children,
}: {
  of: Paged<T>;
  list: ContactList;
  empty: ComponentChildren;
  children: (items: T[]) => ComponentChildren;
}) => {
  const isFirst = of.status === 'busy' && of.items.length === 0;
  const hasBones = useSkeleton(isFirst);
  if (of.status === 'failed') {
    return (
      <div class="flex flex-col items-start gap-3 p-4">
        <Notice>{of.message}</Notice>
        <Button icon="refresh" onClick={of.retry}>
          Try again
        </Button>
      </div>
    );
  }
  if (isFirst) return hasBones ? <Bones /> : null;
  if (of.items.length === 0) return <>{empty}</>;
  return (
    <div class={of.status === 'busy' ? 'opacity-60' : ''} aria-busy={of.status === 'busy'}>
      <Heads list={list} />
      {children(of.items)}
      {of.hasMore && (
        <div class="flex flex-col items-center gap-2 p-4">
          {of.message !== null && <Notice>{of.message}</Notice>}
          <Button isBusy={of.isLoadingMore} onClick={of.more}>
            {of.isLoadingMore ? 'Loading' : 'Load more'}
          </Button>
        </div>
      )}
    </div>
  );
};

const DemoLink = () => {
  const { demoUrl } = signedIn();
  if (demoUrl === null) return null;
  return (
    <p class="mt-2">
      <a href={demoUrl} target="_blank" rel="noopener" class="font-semibold text-link underline underline-offset-2">
        Open the demo page
      </a>{' '}
      and write as a visitor.
    </p>
  );
};

const Everyone = ({ chosen, put }: { chosen: string | null; put: PutRef }) => {
  const pipelines = usePipelines();
  const [text, setText] = useState('');
  const [stageId, setStageId] = useState('');
  const q = useRested(text.trim());
  const now = useNow(60_000);
  const contacts = usePaged<ContactView>(`${stageId} ${q}`, async (cursor, signal) => {
    const query = {
      ...(q === '' ? {} : { q }),
      ...(stageId === '' ? {} : { stageId }),
      ...(cursor === null ? {} : { cursor }),
    };
    const { contacts: items, cursor: next } = await call('GET /contacts', { query, signal });
    return { items, cursor: next };
  });
  put.current = contacts.put;
  const isNarrowed = q !== '' || stageId !== '';
  return (
    <>
      <div class="flex flex-wrap gap-2 border-b border-line px-4 py-3">
        <span class="relative min-w-0 grow basis-48">
          <Icon name="search" class="pointer-events-none absolute start-3 top-2.5 text-text2" />
          <input
            type="search"
            aria-label="Search contacts"
            placeholder="Name, e-mail, phone, company"
            value={text}
            maxLength={200}
            class={`${controlLook} h-9 ps-9`}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </span>
        <span class="min-w-0 grow basis-40 sm:max-w-56">
          <BareSelect
            label="Stage"
            value={stageId}
            options={[{ value: '', text: 'Every stage' }, ...stageChoices(pipelines ?? [])]}
            onChoose={setStageId}
          />
        </span>
      </div>
      <div class="thin-scroll @container min-h-0 grow overflow-y-auto">
        <Listed
          of={contacts}
          list="everyone"
          empty={
            isNarrowed ? (
              <Empty icon="search" title="Nobody matches">
                <Button
                  class="mt-2"
                  onClick={() => {
                    setText('');
                    setStageId('');
                  }}
                >
                  Show everyone
                </Button>
              </Empty>
            ) : (
              <Empty icon="card" title="Nobody yet">
                Whoever writes their first message stands here.
                <DemoLink />
              </Empty>
            )
          }
        >
          {(items) => <ContactRows items={items} chosen={chosen} now={now} pipelines={pipelines} />}
        </Listed>
      </div>
    </>
  );
};

const Leads = ({ chosen }: { chosen: string | null }) => {
  const now = useNow(60_000);
  const leads = usePaged<LeadView>('leads', async (cursor, signal) => {
    const query: Record<string, string> = cursor === null ? {} : { cursor };
    const { leads: items, cursor: next } = await call('GET /leads', { query, signal });
    return { items, cursor: next };
  });
  return (
    <div class="thin-scroll @container min-h-0 grow overflow-y-auto">
      <Listed
        of={leads}
        list="leads"
        empty={
          <Empty icon="flag" title="No leads yet">
            Whoever leaves an e-mail address or a phone number stands here, with a score.
          </Empty>
        }
      >
        {(items) => <LeadRows items={items} chosen={chosen} now={now} />}
      </Listed>
    </div>
  );
};

const ExportButton = () => {
  const [isBusy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    try {
      await exportLeads();
    } catch (error) {
      toast(messageOf(error), { tone: 'danger' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button icon="download" isBusy={isBusy} onClick={() => void run()}>
      Export CSV
    </Button>
  );
};

/** Writes a changed contact into the list that is drawn. */
interface PutRef {
  current: ((contact: ContactView) => void) | null;
}

export const ContactsPage = ({ list, contactId }: { list: ContactList; contactId: string | null }) => {
  const { member, organisation } = signedIn();
  const [put] = useState<PutRef>({ current: null });
  useEffect(() => {
    document.title = `${list === 'leads' ? 'Leads' : 'Contacts'} · ${organisation.name}`;
  }, [list, organisation.name]);
  const tab = (to: ContactList, text: string) => ({
    to: { name: 'contacts', list: to, contactId: null } as const,
    text,
    isHere: to === list,
  });
  return (
    <>
      <section
        aria-label="Contacts"
        class={`flex min-w-0 grow flex-col bg-surface ${contactId === null ? '' : 'max-md:hidden'}`}
      >
        <header class="flex h-14 shrink-0 items-center gap-2 ps-4 pe-3">
          <h1 class="min-w-0 grow truncate text-title font-semibold">Contacts</h1>
          {list === 'leads' && member.role !== 'agent' && <ExportButton />}
        </header>
        <TabLinks isFlush label="Lists" tabs={[tab('everyone', 'Everyone'), tab('leads', 'Leads')]} />
        {list === 'leads' ? <Leads chosen={contactId} /> : <Everyone chosen={contactId} put={put} />}
      </section>
      {contactId !== null && (
        <ContactDetail key={contactId} id={contactId} list={list} onChanged={(contact) => put.current?.(contact)} />
      )}
    </>
  );
};
