// The labels of a conversation: choose, add, remove.
import { useEffect, useRef, useState } from 'preact/hooks';
import { limits } from '../../../shared/text.ts';
import { call } from '../api.ts';
import { useShortcut } from '../shortcuts.ts';
import { Icon } from '../ui/icons.tsx';
import { Popover, panelRow } from '../ui/menu.tsx';

const Choices = ({ labels, onChange }: { labels: string[]; onChange: (labels: string[]) => void }) => {
  const [known, setKnown] = useState<string[]>([]);
  const [text, setText] = useState('');
  useEffect(() => {
    call('GET /labels').then(
      (answer) => setKnown(answer.labels),
      // One's own words still work without suggestions.
      () => setKnown([]),
    );
  }, []);
  const wanted = text.trim();
  const all = [...new Set([...labels, ...known])].filter((label) => label.toLowerCase().includes(wanted.toLowerCase()));
  const isNew = wanted !== '' && !all.some((label) => label.toLowerCase() === wanted.toLowerCase());
  const toggle = (label: string): void =>
    onChange(labels.includes(label) ? labels.filter((other) => other !== label) : [...labels, label]);
  return (
    <div class="w-60">
      <input
        type="text"
        aria-label="Find or add a label"
        placeholder="Find or add a label"
        maxLength={limits.label}
        value={text}
        class="focus-inset mb-1 h-9 w-full rounded-control border border-line bg-surface px-2"
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.isComposing || wanted === '') return;
          event.preventDefault();
          toggle(all.find((label) => label.toLowerCase() === wanted.toLowerCase()) ?? wanted);
          setText('');
        }}
      />
      {all.map((label) => (
        <button
          key={label}
          type="button"
          role="checkbox"
          aria-checked={labels.includes(label)}
          class={panelRow}
          disabled={!labels.includes(label) && labels.length >= limits.labels}
          onClick={() => toggle(label)}
        >
          <span
            class={`inline-flex size-4 shrink-0 items-center justify-center rounded-[4px] border ${
              labels.includes(label) ? 'border-transparent bg-fill text-on-fill' : 'border-strong'
            }`}
          >
            {labels.includes(label) && <Icon name="check" size={12} />}
          </span>
          <span class="truncate">{label}</span>
        </button>
      ))}
      {isNew && (
        <button
          type="button"
          class={panelRow}
          onClick={() => {
            toggle(wanted);
            setText('');
          }}
        >
          <Icon name="plus" class="text-text2" />
          <span class="truncate">Add “{wanted}”</span>
        </button>
      )}
      {all.length === 0 && !isNew && <p class="p-2 text-small text-text2">No labels yet. Type one.</p>}
    </div>
  );
};

export const LabelEditor = ({ labels, onChange }: { labels: string[]; onChange: (labels: string[]) => void }) => {
  const open = useRef<(() => void) | null>(null);
  useShortcut('l', () => open.current?.());
  return (
    <Popover label="Labels" icon="tag" openRef={open}>
      {() => <Choices labels={labels} onChange={onChange} />}
    </Popover>
  );
};
