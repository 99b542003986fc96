// One message: who, the text, what came with it, and how far it got.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { fill } from '../i18n/words.ts';
import { LiveText } from '../live-text.ts';
import type { PanelModel } from '../model.ts';
import { avatarAt, firstName } from '../situation.ts';
import type { Cut, MessageItem } from '../timeline.ts';
import { Avatar } from './avatar.tsx';
import { Actions } from './actions.tsx';
import { Files, Sources } from './extras.tsx';
import { OwnStatus } from './own-status.tsx';
import { tracked } from '../signals.ts';

interface MessageProps {
  item: MessageItem;
  model: PanelModel;
  /** The last message of the list. */
  isTail: boolean;
  /** It was here when the list was first drawn: it does not rise into view. */
  isOld: boolean;
}

const Who = tracked(({ item, model }: { item: MessageItem; model: PanelModel }) => {
  const words = model.words.value;
  const author = item.fact?.author;
  if (item.side === 'visitor' || item.side === 'system') return null;
  const isAi = item.side === 'ai';
  const name = isAi
    ? author?.name || model.widget.value.assistantName || words.aiName
    : firstName(author?.name ?? '') || words.team;
  const reviewer = author?.reviewedBy;
  const { avatarUrl: url } = avatarAt(model.origin, author?.avatarUrl);
  return (
    <div class="who">
      <Avatar kind={isAi ? 'ai' : 'agent'} name={author?.name ?? ''} url={url} />
      <b dir="auto">{name}</b>
      {isAi && (
        <span class="tag">
          {reviewer === undefined ? words.ai : fill(words.checkedBy, { name: firstName(reviewer) })}
        </span>
      )}
    </div>
  );
});

const Stopped = tracked(({ cut, model }: { cut: Cut; model: PanelModel }) => {
  const words = model.words.value;
  const text = (): string => {
    switch (cut.kind) {
      case 'joined':
        return fill(words.stoppedJoined, { name: firstName(cut.name) || words.someone });
      case 'by':
        return fill(words.stoppedBy, { name: firstName(cut.name) || words.someone });
      case 'you':
        return words.stoppedYou;
      case 'message':
        return words.stoppedMessage;
      case 'failed':
        return words.stoppedFailed;
      case 'other':
        return words.stopped;
    }
  };
  return <p class="stopped">{text()}</p>;
});

export const Time = ({ at, locale }: { at: number; locale: string }) => {
  const date = new Date(at);
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(date);
  return (
    <time dateTime={date.toISOString()} title={exact}>
      <span class="short">{new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(date)}</span>
      <span class="exact" aria-hidden="true">
        {exact}
      </span>
    </time>
  );
};

/** The bubble of the AI or a person: one node from the first dot to the final word. */
const Answer = tracked(
  ({ item, model, onSettled }: { item: MessageItem; model: PanelModel; onSettled: () => void }) => {
    const host = useRef<HTMLDivElement>(null);
    const live = useRef<LiveText | null>(null);
    const { fact } = item;
    const reply = fact === undefined ? model.reply.value : null;
    const text = fact?.text ?? (reply?.replyId === item.key ? reply.text : '');
    const phase = fact === undefined ? 'live' : item.cut === undefined ? 'done' : 'still';
    useLayoutEffect(() => {
      const shown = new LiveText(host.current!, onSettled);
      live.current = shown;
      return () => shown.dispose();
    }, []);
    useLayoutEffect(() => live.current!.update(text, phase), [text, phase]);
    return (
      <div class="bubble" dir="auto">
        {text === '' && fact === undefined && (
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
        )}
        <div class="md" ref={host} />
      </div>
    );
  },
);

const StillLooking = tracked(({ model }: { model: PanelModel }) => {
  const [isLong, setLong] = useState(false);
  const length = model.reply.value?.text.length ?? 0;
  useLayoutEffect(() => {
    setLong(false);
    const timer = setTimeout(() => setLong(true), 6000);
    return () => clearTimeout(timer);
  }, [length]);
  return isLong ? <p class="quiet">{model.words.value.stillLooking}</p> : null;
});

export const Message = tracked(({ item, model, isTail, isOld }: MessageProps) => {
  const { fact, side } = item;
  const [isSettled, setSettled] = useState(fact !== undefined);
  const [wasOld] = useState(isOld);
  const words = model.words.value;
  const isLive = item.replyId !== undefined;
  const isThinking = isLive && (model.reply.value?.text ?? '') === '';
  const author = side === 'visitor' ? words.you : fact?.author.name || (side === 'ai' ? words.aiName : words.team);
  const flags = {
    first: item.isFirst,
    last: item.isLast,
    tail: isTail,
    cut: item.cut !== undefined,
    thinking: isThinking,
    enter: !wasOld,
  };
  const names = Object.entries(flags).filter(([, isSet]) => isSet);
  return (
    <div
      class={`msg ${side} ${names.map(([name]) => name).join(' ')}`}
      role="article"
      aria-label={author}
      data-key={item.key}
      data-live={isLive ? '' : undefined}
    >
      {item.isFirst && <Who item={item} model={model} />}
      {side === 'visitor' ? (
        <div class="bubble" dir="auto">
          {fact?.text ?? (item.entry?.input['text'] as string | undefined)}
        </div>
      ) : (
        <Answer item={item} model={model} onSettled={() => setSettled(true)} />
      )}
      {item.cut && <Stopped cut={item.cut} model={model} />}
      {isLive && <StillLooking model={model} />}
      {fact?.files && <Files files={fact.files} />}
      {(item.isLast || item.entry !== undefined) && (
        <div class="meta">
          {fact !== undefined && item.isLast && <Time at={fact.at} locale={model.locale.value} />}
          {side === 'visitor' && <OwnStatus item={item} model={model} />}
        </div>
      )}
      {side === 'ai' && (
        <div class="after">
          {isSettled && fact?.sources && <Sources sources={fact.sources} words={words} />}
          {isSettled && isTail && fact?.actions && <Actions actions={fact.actions} of={fact.messageId} model={model} />}
        </div>
      )}
    </div>
  );
});
