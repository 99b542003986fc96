// The real widget in a frame of our own origin: as unsaved settings would make it, or as a chat to try.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PublicWidget } from '../../../shared/widget.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/feedback.tsx';

const tell = (frame: HTMLIFrameElement | null, widget: PublicWidget): void =>
  frame?.contentWindow?.postMessage({ type: 'tiller:preview', widget }, location.origin);

interface PreviewFrameProps {
  title: string;
  widgetKey: string;
  /** Null: not known yet. Absent: a trial chat. */
  widget?: PublicWidget | null;
}

export const PreviewFrame = ({ title, widgetKey, widget }: PreviewFrameProps) => {
  const frame = useRef<HTMLIFrameElement>(null);
  const [runs, setRuns] = useState(0);
  const [isFailed, setFailed] = useState(false);
  const latest = useRef(widget);
  latest.current = widget;
  const isChat = widget === undefined;

  useEffect(() => {
    const listen = (event: MessageEvent<{ type?: string } | null>): void => {
      if (event.origin !== location.origin || event.source !== frame.current?.contentWindow) return;
      if (event.data?.type === 'tiller:preview-failed') setFailed(true);
      if (event.data?.type !== 'tiller:preview-ready' || latest.current === undefined || latest.current === null)
        return;
      tell(frame.current, latest.current);
    };
    addEventListener('message', listen);
    return () => removeEventListener('message', listen);
  }, []);
  useEffect(() => {
    if (widget !== undefined && widget !== null) tell(frame.current, widget);
  }, [widget]);

  return (
    <div class="flex flex-col gap-2">
      {isFailed && (
        <Notice>
          The widget could not be loaded.{' '}
          <button
            type="button"
            class="font-semibold underline"
            onClick={() => {
              setFailed(false);
              setRuns(runs + 1);
            }}
          >
            Try again
          </button>
        </Notice>
      )}
      <iframe
        key={runs}
        ref={frame}
        title={title}
        src={`/preview/${encodeURIComponent(widgetKey)}${isChat ? '?chat' : ''}`}
        class="h-[600px] w-full rounded-bubble border border-line bg-sunken"
      />
      {isChat && (
        <Button look="ghost" size="small" icon="refresh" class="self-start" onClick={() => setRuns(runs + 1)}>
          Reload the test chat
        </Button>
      )}
    </div>
  );
};
