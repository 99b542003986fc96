// One of a few things that need a sentence each: radio buttons as cards.
import { useId } from 'preact/hooks';
import type { ComponentChildren } from 'preact';

export interface RadioCard<T extends string> {
  value: T;
  text: string;
  /** Follows the text on its line. */
  beside?: ComponentChildren;
  hint: ComponentChildren;
}

export const RadioCards = <T extends string>({
  legend,
  value,
  choices,
  onChoose,
}: {
  legend: string;
  value: T;
  choices: readonly RadioCard<T>[];
  onChoose: (value: T) => void;
}) => {
  const name = useId();
  return (
    <fieldset class="flex min-w-0 flex-col gap-2">
      <legend class="pb-1 text-small font-semibold">{legend}</legend>
      {choices.map((choice) => (
        <label
          key={choice.value}
          class={`flex min-w-0 cursor-pointer items-start gap-3 rounded-control border px-3 py-2 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-focus ${
            choice.value === value ? 'border-fill bg-chosen' : 'border-line hover:bg-hover'
          }`}
        >
          <input
            type="radio"
            name={name}
            checked={choice.value === value}
            class="mt-1 outline-none"
            onChange={() => onChoose(choice.value)}
          />
          <span class="min-w-0 grow">
            <span class="font-semibold">{choice.text}</span>
            {choice.beside !== undefined && <> {choice.beside}</>}
            <span class="block text-small break-words text-text2">{choice.hint}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
};
