// Search over everything that was said: a field, and results to walk through by keys.
import { signal } from '@preact/signals';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ConsoleOutput } from '../../../shared/console-api.ts';
import { call, messageOf } from '../api.ts';
import { listTime, plainText, visitorName } from '../format.ts';
import { navigate } from '../router.ts';
import { signedIn } from '../session.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Chip, stateOf } from '../ui/chip.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Dots, Notice } from '../ui/feedback.tsx';
import { Icon } from '../ui/icons.tsx';

const isOpen = signal(false);
export const openSearch = (): void => {
  isOpen.value = true;
};

type Hit = ConsoleOutput<'GET /search'>['hits'][number];
type Result =
  | { status: 'idle' }
  | { status: 'busy'; hits: Hit[] }
  | { status: 'done'; hits: Hit[] }
  | { status: 'failed'; message: string };

const useSearch = (text: string): Result => {
  const [result, setResult] = useState<Result>({ status: 'idle' });
  useEffect(() => {
    if (text === '') {
      setResult({ status: 'idle' });
      return;
    }
    const controller = new AbortController();
    setResult((before) => ({ status: 'busy', hits: 'hits' in before ? before.hits : [] }));
    const timer = setTimeout(() => {
      call('GET /search', { query: { q: text }, signal: controller.signal }).then(
        ({ hits }) => setResult({ status: 'done', hits }),
        (error: unknown) => {
          if (!controller.signal.aborted) setResult({ status: 'failed', message: messageOf(error) });
        },
      );
    }, 180);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text]);
  return result;
};

/** The excerpt with the searched words set off, as text nodes. */
const Marked = ({ text, words }: { text: string; words: string }) => {
  const parts = words.split(/\s+/).filter((word) => word.length > 1);
  if (parts.length === 0) return <>{text}</>;
  const pattern = new RegExp(`(${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'giu');
  return (
    <>
      {text.split(pattern).map((part, index) =>
        index % 2 === 1 ? (
          <mark key={index} class="rounded-[2px] bg-warn-soft font-semibold text-text">
            {part}
          </mark>
        ) : (
          part
        ),
      )}
    </>
  );
};

const Search = ({ onClose }: { onClose: () => void }) => {
  const { member } = signedIn();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const listId = useId();
  const list = useRef<HTMLUListElement>(null);
  const words = text.trim();
  const result = useSearch(words);
  const hits = 'hits' in result ? result.hits : [];
  const now = Date.now();
  useEffect(() => setAt(0), [words]);
  useEffect(() => list.current?.children[at]?.scrollIntoView({ block: 'nearest' }), [at]);
  const go = (hit: Hit | undefined): void => {
    if (hit === undefined) return;
    onClose();
    const { row } = hit;
    navigate({
      name: 'inbox',
      filter: row.status === 'closed' ? 'closed' : 'open',
      conversationId: row.conversationId,
    });
  };
  return (
    <Dialog title="Search" shape="palette" width="wide" onClose={onClose}>
      <div class="flex h-13 shrink-0 items-center gap-3 border-b border-line px-4">
        <Icon name="search" size={18} class="text-text2" />
        <input
          type="text"
          role="combobox"
          aria-label="Search conversations and visitors"
          aria-expanded={hits.length > 0}
          aria-controls={listId}
          aria-activedescendant={hits.length > 0 ? `${listId}-${at}` : undefined}
          placeholder="Search conversations and visitors"
          maxLength={200}
          value={text}
          class="h-10 min-w-0 grow bg-transparent text-read outline-none"
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.isComposing) return;
            if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
              event.preventDefault();
              setAt(Math.max(0, Math.min(hits.length - 1, at + (event.key === 'ArrowDown' ? 1 : -1))));
            } else if (event.key === 'Enter') {
              event.preventDefault();
              go(hits[at]);
            }
          }}
        />
        {result.status === 'busy' && <Dots />}
      </div>
      <div class="thin-scroll min-h-24 overflow-y-auto p-2">
        {result.status === 'failed' && <Notice>{result.message}</Notice>}
        {result.status === 'idle' && (
          <p class="p-3 text-small text-text2">Words of a message, a name, an e-mail address.</p>
        )}
        {result.status === 'done' && hits.length === 0 && (
          <p class="p-3 text-small text-text2">Nothing found for “{words}”.</p>
        )}
        <ul ref={list} id={listId} role="listbox" aria-label="Results">
          {hits.map((hit, index) => {
            const name = visitorName(hit.row.visitor, hit.row.contactId || hit.row.conversationId);
            return (
              <li
                key={hit.row.conversationId}
                id={`${listId}-${index}`}
                role="option"
                aria-selected={index === at}
                class={`flex items-start gap-3 rounded-control px-3 py-2 ${index === at ? 'bg-chosen' : ''}`}
                onPointerMove={() => setAt(index)}
                onClick={() => go(hit)}
              >
                <Avatar name={name} id={hit.row.contactId || hit.row.conversationId} />
                <span class="min-w-0 grow">
                  <span class="flex items-center gap-2">
                    <span class="min-w-0 truncate font-semibold" dir="auto">
                      {name}
                    </span>
                    <Chip chip={stateOf(hit.row, member.id)} />
                    <span class="ms-auto shrink-0 text-meta text-text2">{listTime(hit.row.lastAt, now)}</span>
                  </span>
                  <span class="line-clamp-2 text-small text-text2" dir="auto">
                    <Marked text={plainText(hit.excerpt)} words={words} />
                  </span>
                </span>
              </li>
            );
          })}
        </ul>
      </div>
    </Dialog>
  );
};

export const SearchDialog = () =>
  isOpen.value ? (
    <Search
      onClose={() => {
        isOpen.value = false;
      }}
    />
  ) : null;
