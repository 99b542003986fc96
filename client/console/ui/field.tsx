// Fields of forms: label, control, hint and error tied together for eyes and screen readers.
import type { ComponentChildren, Ref } from 'preact';
import { useId } from 'preact/hooks';
import { Icon } from './icons.tsx';

/** What every field that is typed into looks like; the height is its own. */
export const controlLook =
  'w-full min-w-0 rounded-control border border-strong bg-surface px-3 text-text placeholder:text-text2 disabled:bg-sunken disabled:text-text2 aria-invalid:border-danger';

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  children: (ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean }) => ComponentChildren;
}

export const Field = ({ label, hint, error, children }: FieldProps) => {
  const id = useId();
  const note = `${id}-note`;
  const hasNote = error !== undefined || hint !== undefined;
  return (
    <div class="flex flex-col gap-1">
      <label for={id} class="text-small font-semibold">
        {label}
      </label>
      {children({
        id,
        ...(hasNote ? { 'aria-describedby': note } : {}),
        ...(error === undefined ? {} : { 'aria-invalid': true }),
      })}
      {hasNote && (
        <p id={note} class={`text-small ${error === undefined ? 'text-text2' : 'flex items-start gap-1 text-danger'}`}>
          {error !== undefined && <Icon name="alert" size={14} class="mt-0.5" />}
          {error ?? hint}
        </p>
      )}
    </div>
  );
};

interface Typed {
  label: string;
  value: string;
  onText: (value: string) => void;
  hint?: ComponentChildren;
  error?: string | undefined;
  placeholder?: string;
  maxLength?: number;
  required?: boolean;
  disabled?: boolean;
}

interface InputProps extends Typed {
  type?: 'text' | 'email' | 'password' | 'url' | 'tel';
  autoComplete?: string;
  spellcheck?: boolean;
  inputRef?: Ref<HTMLInputElement>;
}

/** The props of an input are a union over its type: one door for all four. */
const kindOf = (type: string) => ({ type }) as { type: 'text' };

export const TextField = ({
  label,
  hint,
  error,
  onText,
  inputRef,
  type = 'text',
  autoComplete = 'off',
  ...rest
}: InputProps) => (
  <Field label={label} hint={hint} error={error}>
    {(ids) => (
      <input
        {...kindOf(type)}
        autoComplete={autoComplete}
        {...rest}
        {...ids}
        ref={inputRef ?? null}
        class={`${controlLook} h-9`}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    )}
  </Field>
);

interface AreaProps extends Typed {
  isMono?: boolean;
  rows?: number;
}

export const TextArea = ({ label, hint, error, onText, isMono = false, rows = 3, ...rest }: AreaProps) => (
  <Field label={label} hint={hint} error={error}>
    {(ids) => (
      <textarea
        {...rest}
        {...ids}
        rows={rows}
        class={`${controlLook} resize-y py-2 ${isMono ? 'font-mono text-small' : ''}`}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    )}
  </Field>
);

export interface Choice<T extends string = string> {
  value: T;
  text: string;
  /** Options with the same word here stand together under it. */
  group?: string;
}

const Options = <T extends string>({ options }: { options: readonly Choice<T>[] }) => {
  const groups = [...new Set(options.map(({ group }) => group))];
  return (
    <>
      {groups.map((group) => {
        const ones = options
          .filter((option) => option.group === group)
          .map((option) => (
            <option key={option.value} value={option.value}>
              {option.text}
            </option>
          ));
        return group === undefined ? (
          ones
        ) : (
          <optgroup key={group} label={group}>
            {ones}
          </optgroup>
        );
      })}
    </>
  );
};

interface SelectProps<T extends string> {
  label: string;
  value: T;
  options: readonly Choice<T>[];
  onChoose: (value: T) => void;
  hint?: ComponentChildren;
  error?: string | undefined;
  disabled?: boolean;
}

interface SelectBoxProps<T extends string> {
  value: T;
  options: readonly Choice<T>[];
  onChoose: (value: T) => void;
  disabled?: boolean;
  id?: string;
  'aria-label'?: string;
  'aria-describedby'?: string;
  'aria-invalid'?: boolean;
}

/** The browser's own list under an arrow that stands where every other mark of a field does. */
const SelectBox = <T extends string>({ options, onChoose, disabled = false, ...rest }: SelectBoxProps<T>) => (
  <span class="relative block min-w-0">
    <select
      {...rest}
      disabled={disabled}
      class={`${controlLook} h-9 appearance-none truncate pe-8`}
      onChange={(event) => onChoose(event.currentTarget.value as T)}
    >
      <Options options={options} />
    </select>
    <Icon name="chevron-down" class="pointer-events-none absolute end-2.5 top-2.5 text-text2" />
  </span>
);

/** A choice whose label is for screen readers alone: in a toolbar or a row. */
export const BareSelect = <T extends string>({ label, ...rest }: Omit<SelectProps<T>, 'hint' | 'error'>) => (
  <SelectBox {...rest} aria-label={label} />
);

export const SelectField = <T extends string>({ label, hint, error, ...rest }: SelectProps<T>) => (
  <Field label={label} hint={hint} error={error}>
    {(ids) => <SelectBox {...rest} {...ids} />}
  </Field>
);

interface SwitchProps {
  label: string;
  hint?: ComponentChildren;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  disabled?: boolean;
  /** Tight: for a bar; the hint is left out. */
  isCompact?: boolean;
}

export const Switch = ({ label, hint, isOn, onChange, disabled = false, isCompact = false }: SwitchProps) => {
  const id = useId();
  return (
    <div class={`flex items-start gap-3 ${isCompact ? '' : 'justify-between'}`}>
      <div class="min-w-0">
        <label for={id} class={isCompact ? 'text-small' : 'font-semibold'}>
          {label}
        </label>
        {hint !== undefined && !isCompact && (
          <p id={`${id}-hint`} class="text-small text-text2">
            {hint}
          </p>
        )}
      </div>
      <button
        id={id}
        type="button"
        role="switch"
        aria-checked={isOn}
        {...(hint !== undefined && !isCompact ? { 'aria-describedby': `${id}-hint` } : {})}
        disabled={disabled}
        class={`relative h-5 w-9 shrink-0 rounded-full border transition-colors duration-120 disabled:opacity-55 ${
          isOn ? 'border-transparent bg-fill' : 'border-strong bg-sunken'
        }`}
        onClick={() => onChange(!isOn)}
      >
        <span
          class={`absolute top-0.5 size-3.5 rounded-full transition-[inset-inline-start] duration-120 ${
            isOn ? 'start-[18px] bg-on-fill' : 'start-0.5 bg-strong'
          }`}
        />
      </button>
    </div>
  );
};
