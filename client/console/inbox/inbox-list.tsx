// The live list: virtual rows, more pages as one scrolls, and stillness under the pointer.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { InboxSnapshot } from '../../sdk/api.ts';
import { useNow } from '../observable.ts';
import { isCompact } from '../prefs.ts';
import { signedIn } from '../session.ts';
import { Bone, Dots, useSkeleton } from '../ui/feedback.tsx';
import { EmptyInbox } from './empty-inbox.tsx';
import { Row } from './inbox-row.tsx';
import { held, settled, windowOf } from './order.ts';
import type { HeldRow } from './order.ts';
import { isUnread } from './seen.ts';

export const rowHeight = (compact: boolean): number => (compact ? 56 : 72);

/** The rows as they stand: held while the pointer or the keyboard is in the list. */
const useStillRows = (
  inbox: InboxSnapshot,
  isHeld: boolean,
): { list: HeldRow[]; waiting: number; letGo: () => void } => {
  const drawn = useRef<{ key: string; list: HeldRow[] }>({ key: '', list: [] });
  const [, draw] = useState(0);
  const key = `${inbox.filter} ${inbox.label ?? ''}`;
  // An empty list has nothing to keep still.
  const isStill = isHeld && drawn.current.key === key && drawn.current.list.length > 0;
  const { list, waiting } = isStill ? held(drawn.current.list, inbox.rows) : { list: settled(inbox.rows), waiting: 0 };
  drawn.current = { key, list };
  const letGo = (): void => {
    drawn.current = { key, list: [] };
    draw((count) => count + 1);
  };
  return { list, waiting, letGo };
};

const Bones = ({ height }: { height: number }) => (
  <div aria-hidden="true">
    {Array.from({ length: 8 }, (_, index) => (
      <div key={index} class="flex items-center gap-3 px-4" style={{ height: `${height}px` }}>
        <Bone class="size-8 rounded-full" />
        <div class="flex grow flex-col gap-2">
          <Bone class="h-3 w-1/2" />
          <Bone class="h-3 w-full" />
        </div>
      </div>
    ))}
  </div>
);

export const InboxList = ({ inbox, chosen }: { inbox: InboxSnapshot; chosen: string | null }) => {
  const { client, member } = signedIn();
  const minute = Math.floor(useNow() / 60_000);
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const [isPointed, setPointed] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const { list, waiting, letGo } = useStillRows(inbox, isPointed || isFocused);
  const height = rowHeight(isCompact.value);
  const isWaiting = inbox.isLoading && list.length === 0;
  const hasBones = useSkeleton(isWaiting);
  const { from, to } = windowOf(list.length, height, view.top, view.height);

  useLayoutEffect(() => {
    const node = scroller.current;
    if (node === null) return;
    const measure = (): void => setView({ top: node.scrollTop, height: node.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    node.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      node.removeEventListener('scroll', measure);
    };
  }, []);

  // Another list begins at its top.
  useLayoutEffect(() => scroller.current?.scrollTo({ top: 0 }), [inbox.filter, inbox.label]);

  const isNearEnd = to >= list.length - 10;
  useEffect(() => {
    if (isNearEnd && inbox.hasMore && !inbox.isLoading) void client.loadMoreInbox();
  }, [isNearEnd, inbox.hasMore, inbox.isLoading, client]);

  // Going through the list by keys keeps the row in sight.
  useEffect(() => {
    const node = scroller.current;
    const at = list.findIndex(({ row }) => row.conversationId === chosen);
    if (node === null || at < 0) return;
    const top = at * height;
    if (top < node.scrollTop) node.scrollTop = top;
    else if (top + height > node.scrollTop + node.clientHeight) node.scrollTop = top + height - node.clientHeight;
  }, [chosen]);

  return (
    <div class="relative min-h-0 grow">
      {waiting > 0 && (
        <button
          type="button"
          class="animate-enter absolute start-1/2 top-2 z-10 flex h-7 -translate-x-1/2 items-center rounded-full bg-fill px-3 text-small font-semibold text-on-fill shadow-[0_2px_8px_#0003] hover:bg-fill-hover rtl:translate-x-1/2"
          onClick={letGo}
        >
          {waiting} new
        </button>
      )}
      <div
        ref={scroller}
        role="region"
        tabIndex={-1}
        aria-label="Conversations"
        aria-busy={isWaiting}
        class="thin-scroll h-full overflow-y-auto overscroll-contain"
        onPointerEnter={(event) => setPointed(event.pointerType === 'mouse')}
        onPointerLeave={() => setPointed(false)}
        onFocusCapture={(event) => setFocused((event.target as Element).matches(':focus-visible'))}
        onBlurCapture={() => setFocused(false)}
      >
        {hasBones && list.length === 0 && <Bones height={height} />}
        {!isWaiting && !hasBones && list.length === 0 && <EmptyInbox filter={inbox.filter} />}
        <ul class="relative" style={{ height: `${list.length * height}px` }}>
          {list.slice(from, to).map(({ row, isGone }, index) => (
            <li
              key={row.conversationId}
              class="absolute inset-x-0"
              style={{ height: `${height}px`, transform: `translateY(${(from + index) * height}px)` }}
              aria-setsize={inbox.hasMore ? -1 : list.length}
              aria-posinset={from + index + 1}
            >
              <Row
                row={row}
                filter={inbox.filter}
                memberId={member.id}
                isChosen={row.conversationId === chosen}
                isGone={isGone}
                isUnread={isUnread(row) && row.conversationId !== chosen}
                isCompact={isCompact.value}
                minute={minute}
              />
            </li>
          ))}
        </ul>
        {inbox.hasMore && list.length > 0 && (
          <p class="flex h-12 items-center justify-center text-text2">
            <span class="sr-only">Loading more</span>
            <Dots />
          </p>
        )}
      </div>
    </div>
  );
};
