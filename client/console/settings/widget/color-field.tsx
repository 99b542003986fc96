// A colour: the picker for most people, the text for whoever has the exact value.
import { useId } from 'preact/hooks';
import { IconButton } from '../../ui/button.tsx';
import { Icon } from '../../ui/icons.tsx';

const isHex = (value: string): boolean => /^#[\da-f]{6}$/i.test(value);

interface ColorFieldProps {
  label: string;
  value: string | undefined;
  /** What is drawn where nothing is set. */
  fallback: string;
  isAdjusted: boolean;
  isDisabled: boolean;
  /** Undefined: back to the derived one. */
  onChange: (value: string | undefined) => void;
  isRequired?: boolean;
}

export const ColorField = ({
  label,
  value,
  fallback,
  isAdjusted,
  isDisabled,
  onChange,
  isRequired = false,
}: ColorFieldProps) => {
  const id = useId();
  const shown = value !== undefined && isHex(value) ? value : fallback;
  return (
    <div class="flex flex-col gap-1">
      <label for={id} class="text-small font-semibold">
        {label}
      </label>
      <div class="flex items-center gap-1">
        <span class="flex h-9 min-w-0 grow items-center gap-2 rounded-control border border-strong bg-surface ps-1.5">
          <input
            type="color"
            aria-label={`${label}: choose`}
            value={shown}
            disabled={isDisabled}
            class="size-6 shrink-0 cursor-pointer rounded-[4px] border border-line bg-transparent p-0 [&::-webkit-color-swatch]:rounded-[3px] [&::-webkit-color-swatch]:border-0 [&::-webkit-color-swatch-wrapper]:p-0"
            onInput={(event) => onChange(event.currentTarget.value)}
          />
          <input
            id={id}
            type="text"
            value={value ?? ''}
            placeholder="Automatic"
            spellcheck={false}
            disabled={isDisabled}
            maxLength={64}
            aria-describedby={isAdjusted ? `${id}-note` : undefined}
            class="h-full min-w-0 grow rounded-control bg-transparent pe-2 disabled:text-text2"
            onInput={(event) => {
              const text = event.currentTarget.value;
              onChange(text.trim() === '' && !isRequired ? undefined : text);
            }}
          />
        </span>
        {value !== undefined && !isRequired && !isDisabled && (
          <IconButton icon="undo" label={`${label}: automatic`} onClick={() => onChange(undefined)} />
        )}
      </div>
      {isAdjusted && (
        <p id={`${id}-note`} class="flex items-start gap-1 text-small text-warn">
          <Icon name="alert" size={14} class="mt-0.5" />
          Adjusted to be readable
        </p>
      )}
    </div>
  );
};
