// A whole number within bounds, with its unit beside it. Half-typed values are the field's own business.
import { useEffect, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { Field, controlLook } from './field.tsx';

interface NumberFieldProps {
  label: string;
  /** Undefined: empty. */
  value: number | undefined;
  /** Called with a value within the bounds; with undefined only where the field may be empty. */
  onNumber: (value: number | undefined) => void;
  least: number;
  most: number;
  unit?: string;
  /** What an empty field means; absent: it may not be empty. */
  emptyText?: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  disabled?: boolean;
}

const show = (value: number | undefined): string => (value === undefined ? '' : String(value));

export const NumberField = (props: NumberFieldProps) => {
  const { label, value, onNumber, least, most, unit, emptyText, hint, error, disabled = false } = props;
  const [text, setText] = useState(show(value));
  useEffect(() => setText((now) => (now.trim() !== '' && Number(now) === value ? now : show(value))), [value]);
  const trimmed = text.trim();
  const number = /^\d{1,10}$/.test(trimmed) ? Number(trimmed) : Number.NaN;
  const isEmpty = trimmed === '';
  const isGood = isEmpty ? emptyText !== undefined : number >= least && number <= most;
  const bounds = `From ${least.toLocaleString()} to ${most.toLocaleString()}`;
  return (
    <Field label={label} hint={hint} error={error ?? (isGood ? undefined : bounds)}>
      {(ids) => (
        <span class="relative flex">
          <input
            {...ids}
            type="text"
            inputMode="numeric"
            autoComplete="off"
            value={text}
            placeholder={emptyText ?? ''}
            disabled={disabled}
            class={`${controlLook} h-9 ${unit === undefined ? '' : 'pe-20'}`}
            onInput={(event) => {
              const typed = event.currentTarget.value;
              setText(typed);
              const next = /^\s*\d{1,10}\s*$/.test(typed) ? Number(typed) : Number.NaN;
              if (typed.trim() === '' && emptyText !== undefined) onNumber(undefined);
              else if (next >= least && next <= most) onNumber(next);
            }}
            onBlur={() => {
              if (isGood) return;
              // What cannot be meant falls back to the nearest that can.
              const nearest = Number.isNaN(number) ? value : Math.max(least, Math.min(most, number));
              setText(show(nearest));
              if (nearest !== value) onNumber(nearest);
            }}
          />
          {unit !== undefined && (
            <span class="pointer-events-none absolute inset-y-0 end-3 flex items-center text-small text-text2">
              {unit}
            </span>
          )}
        </span>
      )}
    </Field>
  );
};
