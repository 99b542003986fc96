// Text that is there to be copied: code, keys, ids, secrets.
import { useState } from 'preact/hooks';
import { Button, IconButton } from './button.tsx';
import { toast } from './feedback.tsx';

const useCopying = (text: string): { isDone: boolean; copy: () => void } => {
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
  return { isDone, copy: () => void copy() };
};

export const CopyButton = ({ text, label = 'Copy' }: { text: string; label?: string }) => {
  const { isDone, copy } = useCopying(text);
  return (
    <Button icon={isDone ? 'check' : 'copy'} size="small" class="min-w-20" onClick={copy}>
      <span role="status">{isDone ? 'Copied' : label}</span>
    </Button>
  );
};

/** Code under its name. `isWrapped`: breaks where it must, for one long line such as a secret. */
export const CodeBlock = ({ label, text, isWrapped = false }: { label: string; text: string; isWrapped?: boolean }) => (
  <figure class="flex min-w-0 flex-col gap-1">
    <figcaption class="flex items-end gap-2">
      <span class="min-w-0 grow text-small font-semibold">{label}</span>
      <CopyButton text={text} />
    </figcaption>
    <pre
      tabIndex={0}
      class={`thin-scroll max-h-52 overflow-auto rounded-control border border-line bg-sunken p-3 font-mono text-meta select-all ${
        isWrapped ? 'break-all whitespace-pre-wrap' : 'whitespace-pre'
      }`}
    >
      {text}
    </pre>
  </figure>
);

/** A value with a button beside it; `label` says what is copied. */
export const CopyText = ({ label, text }: { label: string; text: string }) => {
  const { isDone, copy } = useCopying(text);
  return (
    <span class="flex min-w-0 items-center gap-1">
      <code class="min-w-0 truncate font-mono text-meta select-all" title={text}>
        {text}
      </code>
      <IconButton
        icon={isDone ? 'check' : 'copy'}
        label={isDone ? `Copied ${label}` : `Copy ${label}`}
        size={28}
        onClick={copy}
      />
    </span>
  );
};

/** An id on one line: its name, the value, a button. */
export const CopyLine = ({ label, text }: { label: string; text: string }) => (
  <div class="flex min-w-0 items-center gap-2">
    <dt class="w-28 shrink-0 truncate text-small text-text2 max-sm:w-20" title={label}>
      {label}
    </dt>
    <dd class="min-w-0 grow">
      <CopyText label={label} text={text} />
    </dd>
  </div>
);

export const CopyLines = ({ lines }: { lines: readonly (readonly [label: string, text: string])[] }) => (
  <dl class="flex min-w-0 flex-col gap-1">
    {lines.map(([label, text]) => (
      <CopyLine key={label} label={label} text={text} />
    ))}
  </dl>
);
