// The scrolling thread: follows the end while one is there, holds still while one reads, loads what is earlier.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ConversationSnapshot } from '../../sdk/api.ts';
import { dayOf, visitorName } from '../format.ts';
import { useNow } from '../observable.ts';
import { signedIn } from '../session.ts';
import { Button } from '../ui/button.tsx';
import { Bone, Dots, useSkeleton } from '../ui/feedback.tsx';
import { Item } from './thread-item.tsx';
import { assistantNameIn, itemsOf, timelineOf } from './timeline.ts';
import type { TimelineItem } from './timeline.ts';

/** So near to the end counts as there, px. */
const near = 32;

const Bones = () => (
  <div aria-hidden="true" class="flex grow flex-col justify-end gap-4 p-4">
    {['w-1/2', 'w-2/3 self-end h-24', 'w-2/5', 'w-1/2 self-end h-16'].map((shape) => (
      <Bone key={shape} class={`h-12 rounded-bubble ${shape}`} />
    ))}
  </div>
);

/** The last message of ours that the visitor has read. */
const readKey = (items: readonly TimelineItem[], seq: number): string | null => {
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const item = items[at]!;
    if (item.kind !== 'message' || item.author.kind === 'visitor' || item.seq === null) continue;
    if (item.seq <= seq) return item.key;
  }
  return null;
};

export const Thread = ({ snapshot }: { snapshot: ConversationSnapshot }) => {
  const { client, member } = signedIn();
  const { conversationId, facts, state } = snapshot;
  const scroller = useRef<HTMLDivElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const [news, setNews] = useState(0);
  const today = dayOf(useNow(60_000));
  const reader = useMemo(() => ({ id: member.id, name: member.name }), [member.id, member.name]);
  const settled = useMemo(() => itemsOf(facts, reader), [facts, reader]);
  const items = timelineOf(snapshot, settled, reader, assistantNameIn(facts));
  const hasBones = useSkeleton(!snapshot.isLoaded);
  const read = readKey(items, snapshot.reads.visitor);
  const visitorId = state.contactId ?? conversationId;
  const visitor = visitorName(state.visitor, visitorId);

  const attached = useRef(true);
  const drawn = useRef({ first: '', last: '', height: 0, count: 0 });
  const toEnd = (): void => {
    const node = scroller.current;
    if (node === null) return;
    attached.current = true;
    node.scrollTop = node.scrollHeight;
  };

  useLayoutEffect(() => {
    const node = scroller.current;
    if (node === null) return;
    const before = drawn.current;
    const said = items.filter((item) => item.kind === 'message' || item.kind === 'note');
    const firstFact = facts[0]?.id ?? '';
    const last = said.at(-1);
    const isOwn = last?.kind === 'message' && last.state === 'sending' && last.key !== before.last;
    if (before.first !== '' && firstFact !== before.first && before.last === (last?.key ?? '')) {
      // Something was put before: what one reads stays where it is.
      node.scrollTop += node.scrollHeight - before.height;
    } else if (attached.current || isOwn) {
      toEnd();
    } else if (before.last !== '' && last !== undefined && last.key !== before.last) {
      setNews((count) => count + Math.max(1, said.length - before.count));
    }
    drawn.current = { first: firstFact, last: last?.key ?? '', height: node.scrollHeight, count: said.length };
  });

  // The composer grew, the draft came, the keyboard of a phone opened: the end stays in sight. So does growing text.
  useEffect(() => {
    const node = scroller.current;
    const inner = node?.firstElementChild;
    if (node === null || inner === null || inner === undefined) return;
    const observer = new ResizeObserver(() => {
      if (attached.current) node.scrollTop = node.scrollHeight;
      drawn.current.height = node.scrollHeight;
    });
    observer.observe(node);
    observer.observe(inner);
    return () => observer.disconnect();
  }, []);

  const lastTop = useRef(0);
  const onScroll = (): void => {
    const node = scroller.current;
    // The last scroll of a thread may be told when it is gone already.
    if (node === null) return;
    const isNear = node.scrollHeight - node.scrollTop - node.clientHeight <= near;
    if (isNear) attached.current = true;
    else if (node.scrollTop < lastTop.current) attached.current = false;
    lastTop.current = node.scrollTop;
    setAtEnd(isNear || attached.current);
    if (isNear) setNews(0);
    if (node.scrollTop < 400 && snapshot.hasEarlier && !snapshot.isLoadingEarlier) {
      void client.loadEarlier(conversationId);
    }
  };

  return (
    <div class="relative flex min-h-0 grow flex-col">
      <div
        ref={scroller}
        tabIndex={0}
        role="region"
        aria-label="Messages"
        class="thin-scroll focus-inset min-h-0 grow overflow-y-auto overscroll-contain [overflow-anchor:none]"
        onScroll={onScroll}
      >
        <div role="log" aria-live="off" class="mx-auto flex min-h-full max-w-[760px] flex-col justify-end pt-2 pb-4">
          {hasBones && facts.length === 0 && <Bones />}
          {snapshot.hasEarlier && (
            <p class="flex h-8 items-center justify-center text-text2">
              <span class="sr-only">Loading earlier messages</span>
              <Dots />
            </p>
          )}
          {!hasBones &&
            items.map((item) => (
              <Item
                key={item.key}
                item={item}
                today={today}
                visitor={visitor}
                visitorId={visitorId}
                memberId={member.id}
                isRead={item.key === read}
              />
            ))}
        </div>
      </div>
      {!isAtEnd && (
        <Button
          class="animate-enter absolute start-1/2 bottom-2 z-10 -translate-x-1/2 shadow-[0_2px_8px_#0002] rtl:translate-x-1/2"
          icon="arrow-down"
          size="small"
          onClick={() => {
            toEnd();
            setNews(0);
            setAtEnd(true);
          }}
        >
          {news > 0 ? `Jump to latest (${news})` : 'Jump to latest'}
        </Button>
      )}
    </div>
  );
};
