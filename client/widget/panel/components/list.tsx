// The conversation: messages, lines between them, and what is asked of the visitor at its end.
import { tracked, useSignalEffect } from '../signals.ts';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { fill } from '../i18n/words.ts';
import type { ConversationParts, PanelModel } from '../model.ts';
import { ListScroll } from '../scroll.ts';
import { firstName } from '../situation.ts';
import type { Item, Line } from '../timeline.ts';
import { Avatar } from './avatar.tsx';
import { Icon } from './icon.tsx';
import { lazy } from './lazy.tsx';
import { NoticeLine } from './notice.tsx';
import { Welcome } from './welcome.tsx';

const ContactForm = lazy(async () => (await import('../lazy/contact-form.tsx')).ContactForm);
const Csat = lazy(async () => (await import('../lazy/csat.tsx')).Csat);

const lineText = (line: Line, model: PanelModel): string => {
  const words = model.words.value;
  switch (line.type) {
    case 'joined':
      return fill(words.joined, { name: firstName(line.name) || words.someone });
    case 'left':
      return fill(words.left, { name: firstName(line.name) || words.someone });
    case 'asked':
      return words.askedForPerson;
    case 'closed':
      return words.closed;
    case 'reopened':
      return words.reopened;
    case 'details':
      return words.thanksDetails;
    case 'rated':
      return `${fill(words.rated, { count: line.rating })}. ${model.widget.value.texts.csatThanks || words.rateThanks}`;
  }
};

const dayText = (at: number, model: PanelModel): string => {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return model.words.value.today;
  if (days === 1) return model.words.value.yesterday;
  return new Intl.DateTimeFormat(model.locale.value, { weekday: 'long', day: 'numeric', month: 'long' }).format(at);
};

interface RowProps {
  item: Item;
  model: PanelModel;
  parts: ConversationParts;
  isTail: boolean;
  isOld: boolean;
}

const Row = tracked(({ item, model, parts, isTail, isOld }: RowProps) => {
  switch (item.kind) {
    case 'message':
      return <parts.Message item={item} model={model} isTail={isTail} isOld={isOld} />;
    case 'day':
      return <p class="day">{dayText(item.at, model)}</p>;
    case 'line':
      // The notice at the end says it for as long as it lasts.
      if (item.line.type === 'asked' && model.notice.value === 'person') return null;
      return (
        <p class={`line ${item.line.type}`}>
          {item.line.type === 'joined' && <Avatar kind="agent" name={item.line.name} />}
          <span dir="auto">{lineText(item.line, model)}</span>
        </p>
      );
  }
});

export const List = tracked(({ model }: { model: PanelModel }) => {
  const list = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLDivElement>(null);
  const scroll = useRef<ListScroll | null>(null);
  const [isAway, setAway] = useState(false);
  const items = model.timeline.value;
  const words = model.words.value;
  const conversationId = model.conversationId.value;
  const isLoaded = model.isLoaded.value;
  const wasLoaded = useRef<string | undefined>(undefined);
  const isOld = wasLoaded.current !== conversationId;
  const messages = items.filter((item) => item.kind === 'message');
  const seen = useRef(messages.length);
  if (!isAway) seen.current = messages.length;
  const unseen = messages.length - seen.current;
  const tail = messages.at(-1);
  const parts = model.parts.value;
  const isLoading = model.isLoading.value || (parts === null && items.length > 0);

  useLayoutEffect(() => {
    const made = new ListScroll(list.current!, rows.current!, {
      onAway: setAway,
      onTop: () => void (model.hasEarlier.peek() && model.client.loadEarlier()),
    });
    scroll.current = made;
    return () => made.dispose();
  }, []);
  useLayoutEffect(() => scroll.current?.keep(items[0]?.key), [items]);
  useLayoutEffect(() => scroll.current?.toEnd(), [conversationId]);
  useEffect(() => {
    if (isLoaded) wasLoaded.current = conversationId;
  });
  useSignalEffect(() => {
    if (model.jump.value > 0) scroll.current?.toEnd();
  });

  const form = model.form.value;
  const csat = model.state.value?.csat;
  return (
    <div class="body">
      <div class="list" ref={list} tabIndex={0} role="log" aria-live="off" aria-label={words.messages}>
        <div class="rows" ref={rows}>
          {isLoading && (
            <div class="skeleton" role="img" aria-label={words.loading}>
              <i />
              <i />
              <i />
            </div>
          )}
          {model.hasEarlier.value && (
            <button
              type="button"
              class="button plain"
              disabled={model.isLoadingEarlier.value}
              onClick={() => void model.client.loadEarlier()}
            >
              {model.isLoadingEarlier.value ? words.loading : words.loadEarlier}
            </button>
          )}
          {!isLoading && model.isEmpty.value && <Welcome model={model} />}
          {parts !== null &&
            items.map((item) => (
              <Row key={item.key} item={item} model={model} parts={parts} isTail={item === tail} isOld={isOld} />
            ))}
          {parts !== null && <parts.TypingDots model={model} />}
          {!isLoading && <NoticeLine model={model} />}
          {!isLoading && form && (
            <ContactForm key={`${form.reason} ${model.person.value}`} fields={form} model={model} />
          )}
          {csat?.requested === true && csat.rating === null && <Csat key={model.person.value} model={model} />}
        </div>
      </div>
      {isAway && !model.isEmpty.value && (
        <button type="button" class="jump" onClick={() => scroll.current?.toEnd(true)}>
          <Icon name="down" />
          {unseen > 0 ? fill(words.jumpCount, { count: unseen }) : words.jump}
        </button>
      )}
    </div>
  );
});
