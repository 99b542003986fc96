// How far the visitor's own message got.
import { useEffect, useState } from 'preact/hooks';
import { fill } from '../i18n/words.ts';
import type { PanelModel } from '../model.ts';
import type { MessageItem } from '../timeline.ts';
import { Icon } from './icon.tsx';
import { tracked } from '../signals.ts';

const Countdown = ({ until, template }: { until: number; template: string }) => {
  const left = (): number => Math.max(0, Math.ceil((until - Date.now()) / 1000));
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    setSeconds(left());
    const timer = setInterval(() => setSeconds(left()), 500);
    return () => clearInterval(timer);
  }, [until]);
  return <>{fill(template, { count: seconds })}</>;
};

export const OwnStatus = tracked(({ item, model }: { item: MessageItem; model: PanelModel }) => {
  const words = model.words.value;
  const { entry, fact } = item;
  if (entry === undefined) {
    if (!item.isLastOwn || fact === undefined) return null;
    const isRead = (model.reads.value?.staff ?? 0) >= fact.seq;
    return <span class="state">{isRead ? words.read : words.sent}</span>;
  }
  // The conversation takes nothing more: trying again would not help.
  const isOver = entry.error?.code === 'conflict' && model.state.value?.status === 'closed';
  switch (entry.status) {
    case 'failed':
      return (
        <>
          <span class="state failed">
            <Icon name="alert" />
            {words.notSent}
          </span>
          {isOver ? (
            <button type="button" onClick={() => void model.sayAnew(entry)}>
              {words.newConversation}
            </button>
          ) : (
            <button type="button" onClick={() => model.client.retry(entry.clientId)}>
              {words.retry}
            </button>
          )}
          <button type="button" onClick={() => model.client.discard(entry.clientId)}>
            {words.delete}
          </button>
        </>
      );
    case 'waiting':
      return (
        <span class="state">
          <Icon name="clock" />
          <Countdown until={entry.retryAt ?? Date.now()} template={words.waitsFor} />
        </span>
      );
    case 'queued':
    case 'sending':
      return (
        <span class="state late">
          <Icon name="clock" />
          {model.connection.value.status === 'offline' ? words.queuedOffline : words.sending}
        </span>
      );
  }
});
