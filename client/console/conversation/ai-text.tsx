// Markdown of the AI, while it grows and when it is whole.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { streamInto } from './streaming-text.ts';
import type { StreamingText } from './streaming-text.ts';

/** Markdown of the AI, growing or whole, in one node from the first token to the last. */
export const AiText = ({ text, isDone }: { text: string; isDone: boolean }) => {
  const target = useRef<HTMLDivElement>(null);
  const stream = useRef<StreamingText | null>(null);
  useLayoutEffect(() => {
    stream.current ??= streamInto(target.current!);
    stream.current.update(text, isDone);
  }, [text, isDone]);
  useEffect(() => () => stream.current?.stop(), []);
  return <div ref={target} class="md" dir="auto" />;
};
