// One message: who, what, and what became of it.
import { clockTime, exactTime, seconds } from '../format.ts';
import { signedIn } from '../session.ts';
import { AiAvatar, Avatar } from '../ui/avatar.tsx';
import { Dots } from '../ui/feedback.tsx';
import { Icon } from '../ui/icons.tsx';
import { AiText } from './ai-text.tsx';
import type { MessageItem } from './timeline.ts';

const usageText = ({ usage }: MessageItem): string =>
  usage === undefined
    ? ''
    : [
        usage.model,
        usage.inputTokens === undefined && usage.outputTokens === undefined
          ? ''
          : `${usage.inputTokens ?? '?'} in, ${usage.outputTokens ?? '?'} out tokens`,
        usage.firstTokenMs === undefined ? '' : `first token ${seconds(usage.firstTokenMs)}`,
        usage.totalMs === undefined ? '' : `whole ${seconds(usage.totalMs)}`,
      ]
        .filter((part) => part !== '')
        .join(' · ');

/** A page of the web, or of this server. */
const isLinkable = (url: string): boolean => /^(https?:\/\/|\/(?![/\\]))/.test(url);

const Sources = ({ item }: { item: MessageItem }) => (
  <ul aria-label="Sources" class="mt-2 flex flex-wrap gap-1">
    {item.sources.map((source) => (
      <li key={source.title} class="max-w-full">
        {source.url !== undefined && isLinkable(source.url) ? (
          <a
            href={source.url}
            target="_blank"
            rel="noopener noreferrer"
            class="inline-flex h-6 max-w-full items-center gap-1 rounded-control border border-line bg-surface px-2 text-meta text-link hover:bg-hover"
          >
            <Icon name="book" size={12} />
            <span class="truncate">{source.title}</span>
          </a>
        ) : (
          <span class="inline-flex h-6 max-w-full items-center gap-1 rounded-control border border-line bg-surface px-2 text-meta text-text2">
            <Icon name="book" size={12} />
            <span class="truncate">{source.title}</span>
          </span>
        )}
      </li>
    ))}
  </ul>
);

const nameOf = (item: MessageItem, visitor: string, memberId: string): string => {
  const { author } = item;
  if (author.kind === 'visitor') return visitor;
  if (author.kind === 'agent') return author.agentId === memberId ? 'You' : (author.name ?? 'Colleague');
  return author.name ?? (author.kind === 'ai' ? '' : 'Tiller');
};

const Tag = ({ item }: { item: MessageItem }) =>
  item.author.kind === 'ai' ? (
    <span class="rounded-[4px] bg-answering-soft px-1 text-meta font-semibold text-answering">
      {item.author.reviewedBy === undefined ? 'AI' : `AI, checked by ${item.author.reviewedBy}`}
    </span>
  ) : null;

const Status = ({ item, isRead }: { item: MessageItem; isRead: boolean }) => {
  const { client } = signedIn();
  const { entry } = item;
  if (item.state === 'failed' && entry !== undefined) {
    return (
      <p role="alert" class="flex flex-wrap items-center justify-end gap-x-2 text-meta text-danger">
        <span class="inline-flex items-center gap-1 font-semibold">
          <Icon name="alert" size={14} /> Not sent
        </span>
        <span>{entry.error?.message}</span>
        <button type="button" class="font-semibold underline" onClick={() => client.retry(entry.clientId)}>
          Retry
        </button>
        <button type="button" class="font-semibold underline" onClick={() => client.discard(entry.clientId)}>
          Delete
        </button>
      </p>
    );
  }
  if (item.state === 'sending') {
    const isOnline = client.connection.get().status === 'online';
    return (
      <span class="inline-flex items-center gap-1 text-meta text-text2">
        <Icon name="clock" size={12} />
        {isOnline ? 'Sending' : 'Sends when the connection is back'}
      </span>
    );
  }
  return (
    <span class="shrink-0 text-meta text-text2">
      <time dateTime={new Date(item.at).toISOString()} title={exactTime(item.at)}>
        {clockTime(item.at)}
      </time>
      {isRead && ' · Read'}
    </span>
  );
};

const Files = ({ item }: { item: MessageItem }) => (
  <ul aria-label="Files" class="mt-1 flex flex-col gap-1">
    {item.files.map((file) => (
      <li key={file.id}>
        <a href={file.url} download={file.name} class="inline-flex items-center gap-1 text-link underline">
          <Icon name="external" size={14} />
          {file.name}
        </a>
      </li>
    ))}
  </ul>
);

export interface MessageProps {
  item: MessageItem;
  visitor: string;
  visitorId: string;
  memberId: string;
  /** Under the last message that the visitor has read. */
  isRead: boolean;
}

const Face = ({ item, name, visitorId }: { item: MessageItem; name: string; visitorId: string }) => {
  const { author } = item;
  if (author.kind === 'ai') return <AiAvatar />;
  if (author.kind === 'visitor') return <Avatar name={name} id={visitorId} />;
  return <Avatar name={author.name ?? name} id={author.agentId ?? name} url={author.avatarUrl} />;
};

const bubbles = { visitor: 'bg-visitor', ai: 'bg-ai', agent: 'bg-mine', system: 'bg-quiet-soft' } as const;

export const Message = ({ item, visitor, visitorId, memberId, isRead }: MessageProps) => {
  const { author } = item;
  const isOurs = author.kind !== 'visitor';
  const name = nameOf(item, visitor, memberId);
  const isCut = item.state === 'interrupted';
  const usage = usageText(item);
  return (
    <article
      data-message={item.key}
      data-state={item.state}
      aria-label={`${name} ${author.kind === 'ai' ? 'AI' : ''}`.trim()}
      class={`group flex gap-2 px-4 ${item.isFirst ? 'mt-4' : 'mt-0.5'} ${isOurs ? 'flex-row-reverse' : ''}`}
    >
      <div class="w-8 shrink-0 pt-5">{item.isFirst && <Face item={item} name={name} visitorId={visitorId} />}</div>
      <div class={`flex min-w-0 max-w-[min(560px,85%)] flex-col ${isOurs ? 'items-end' : 'items-start'}`}>
        {item.isFirst && (
          <p class="flex h-5 max-w-full items-center gap-1.5 text-meta text-text2">
            <span class="truncate" dir="auto">
              {name}
            </span>
            <Tag item={item} />
          </p>
        )}
        <div
          class={`max-w-full min-w-0 rounded-bubble px-3 py-2 text-read ${bubbles[author.kind]} ${
            item.isLast ? (isOurs ? 'rounded-ee-tail' : 'rounded-es-tail') : ''
          } ${isCut ? 'rounded-s-none border-s-2 border-dashed border-strong' : ''} ${
            item.state === 'sending' ? 'opacity-75' : ''
          } ${author.kind === 'ai' ? 'w-[560px]' : ''}`}
        >
          {author.kind === 'ai' ? (
            item.text === '' && item.state === 'streaming' ? (
              <span class="inline-flex h-[22px] items-center text-answering">
                <span class="sr-only">The AI is thinking</span>
                <Dots />
              </span>
            ) : (
              <AiText text={item.text} isDone={item.state !== 'streaming'} />
            )
          ) : (
            <p class="break-words whitespace-pre-wrap" dir="auto">
              {item.text}
            </p>
          )}
          {item.files.length > 0 && <Files item={item} />}
        </div>
        {item.sources.length > 0 && <Sources item={item} />}
        {item.actions.length > 0 && (
          <p class="mt-1 text-meta text-text2">Offered: {item.actions.map((label) => `“${label}”`).join(', ')}</p>
        )}
        {isCut && <p class="mt-1 text-meta text-text2">{item.cut}</p>}
        {item.isLast && (
          <div class={`flex max-w-full items-center gap-2 ${isOurs ? 'flex-row-reverse' : ''}`}>
            {item.state === 'streaming' ? (
              <span class="text-meta text-text2">Typing</span>
            ) : (
              <Status item={item} isRead={isRead} />
            )}
            {usage !== '' && (
              <button
                type="button"
                aria-label={`About this answer: ${usage}`}
                class="peer rounded-[4px] text-text2 opacity-0 group-hover:opacity-100 focus-visible:opacity-100"
              >
                <Icon name="eye" size={14} />
              </button>
            )}
            {usage !== '' && (
              <span
                aria-hidden="true"
                class="truncate text-meta text-text2 opacity-0 group-hover:opacity-100 peer-focus-visible:opacity-100 max-sm:hidden"
              >
                {usage}
              </span>
            )}
          </div>
        )}
      </div>
    </article>
  );
};
