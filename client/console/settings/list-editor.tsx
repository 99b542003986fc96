// A short list of texts: add, change, remove, move up.
import { useRef } from 'preact/hooks';
import { Button, IconButton } from '../ui/button.tsx';
import { controlLook } from '../ui/field.tsx';

interface ListEditorProps {
  label: string;
  hint?: string;
  items: string[];
  most: number;
  maxLength: number;
  placeholder: string;
  addText: string;
  isDisabled: boolean;
  problem?: string | undefined;
  onChange: (items: string[]) => void;
}

export const ListEditor = (props: ListEditorProps) => {
  const { label, hint, items, most, maxLength, placeholder, addText, isDisabled, problem, onChange } = props;
  const list = useRef<HTMLUListElement>(null);
  const replace = (at: number, text: string): void =>
    onChange(items.map((item, index) => (index === at ? text : item)));
  const add = (): void => {
    onChange([...items, '']);
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('li:last-child input')?.focus());
  };
  return (
    <fieldset class="flex flex-col gap-2" disabled={isDisabled}>
      <legend class="pb-1 text-small font-semibold">{label}</legend>
      {hint !== undefined && <p class="-mt-1 text-small text-text2">{hint}</p>}
      {items.length > 0 && (
        <ul ref={list} class="flex flex-col gap-2">
          {items.map((item, at) => (
            <li key={at} class="flex items-center gap-1">
              <input
                type="text"
                aria-label={`${label} ${at + 1}`}
                value={item}
                maxLength={maxLength}
                placeholder={placeholder}
                class={`${controlLook} h-9 grow`}
                onInput={(event) => replace(at, event.currentTarget.value)}
              />
              <IconButton
                icon="trash"
                label={`Remove ${item === '' ? `entry ${at + 1}` : item}`}
                disabled={isDisabled}
                onClick={() => onChange(items.filter((_, index) => index !== at))}
              />
            </li>
          ))}
        </ul>
      )}
      {problem !== undefined && <p class="text-small text-danger">{problem}</p>}
      {items.length < most && !isDisabled && (
        <Button look="ghost" icon="plus" size="small" class="self-start" onClick={add}>
          {addText}
        </Button>
      )}
    </fieldset>
  );
};
