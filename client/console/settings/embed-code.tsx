// The code to put on a site, ready to be copied.
import { useState } from 'preact/hooks';
import { Button } from '../ui/button.tsx';
import { toast } from '../ui/feedback.tsx';

export const CopyButton = ({ text, label = 'Copy' }: { text: string; label?: string }) => {
  const [isDone, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
      setTimeout(() => setDone(false), 2000);
    } catch {
      toast('The browser does not allow copying. Select the text instead.', { tone: 'danger' });
    }
  };
  return (
    <Button icon={isDone ? 'check' : 'copy'} size="small" class="min-w-20" onClick={() => void copy()}>
      <span role="status">{isDone ? 'Copied' : label}</span>
    </Button>
  );
};

export const CodeBlock = ({ label, text }: { label: string; text: string }) => (
  <figure class="flex flex-col gap-1">
    <figcaption class="flex items-end gap-2">
      <span class="grow text-small font-semibold">{label}</span>
      <CopyButton text={text} />
    </figcaption>
    <pre
      tabIndex={0}
      class="thin-scroll max-h-52 overflow-auto rounded-control border border-line bg-sunken p-3 font-mono text-meta whitespace-pre select-all"
    >
      {text}
    </pre>
  </figure>
);
