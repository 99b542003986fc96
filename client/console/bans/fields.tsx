// The parts of a ban that every dialog asks for: for how long, why, and whom it would hit besides.
import { useEffect, useId, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { ConsoleOutput } from '../../../shared/console-api.ts';
import { call, messageOf } from '../api.ts';
import { plural } from '../format.ts';
import { SelectField, Switch } from '../ui/field.tsx';
import type { Choice } from '../ui/field.tsx';
import { Notice } from '../ui/feedback.tsx';

/** Seconds; '' holds until it is lifted. */
const durations: readonly Choice[] = [
  { value: '3600', text: '1 hour' },
  { value: '86400', text: '1 day' },
  { value: '2592000', text: '30 days' },
  { value: '', text: 'Until somebody lifts it' },
];
export const usualDuration = '86400';

export const DurationField = ({ value, onChoose }: { value: string; onChoose: (value: string) => void }) => (
  <SelectField label="For how long" value={value} options={durations} onChoose={onChoose} />
);

export interface WhatChoice<T extends string> {
  value: T;
  text: string;
  hint: ComponentChildren;
}

export const WhatField = <T extends string>({
  legend,
  value,
  choices,
  onChoose,
}: {
  legend: string;
  value: T;
  choices: readonly WhatChoice<T>[];
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
            <span class="block text-small break-words text-text2">{choice.hint}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
};

export type Reach = ConsoleOutput<'GET /bans/reach'>;

const waitMs = 300;

/** Whom a ban of this address or range would hit; null while it is not known. Asked once typing pauses. */
export const useReach = (
  query: { address: string } | { range: string } | null,
  conversationId?: string,
): { reach: Reach | null; problem: string | undefined } => {
  const [state, setState] = useState<{ key: string; reach: Reach | null; problem: string | undefined }>();
  const key = query === null ? '' : JSON.stringify(query);
  useEffect(() => {
    if (query === null) return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const about = conversationId === undefined ? {} : { conversationId };
      call('GET /bans/reach', { query: { ...query, ...about }, signal: controller.signal }).then(
        (reach) => setState({ key, reach, problem: undefined }),
        (error: unknown) => {
          if (!controller.signal.aborted) setState({ key, reach: null, problem: messageOf(error) });
        },
      );
    }, waitMs);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [key, conversationId]);
  return state?.key === key && key !== '' ? state : { reach: null, problem: undefined };
};

/** Says who else is hit, and asks again where that is the member themselves. */
export const ReachNotice = ({
  reach,
  includesMe,
  onIncludeMe,
}: {
  reach: Reach | null;
  includesMe: boolean;
  onIncludeMe: (isOn: boolean) => void;
}) => {
  if (reach === null) return null;
  const { others, value } = reach;
  return (
    <>
      {others > 0 ? (
        <Notice tone="warn">
          {plural(others, 'other visitor')} {others === 1 ? 'was' : 'were'} lately seen from{' '}
          <span class="inline-block max-w-full font-mono break-all">{value}</span>.{' '}
          {others === 1 ? 'They lose' : 'They all lose'} the chat too.
        </Notice>
      ) : (
        <p class="text-small text-text2">
          Nobody else was lately seen from <span class="inline-block max-w-full font-mono break-all">{value}</span>.
        </p>
      )}
      {reach.includesMe && (
        <>
          <Notice tone="warn">You are working from this address yourself.</Notice>
          <Switch
            label="Ban my own address too"
            hint="The chat on your own site stops working here. The console does not."
            isOn={includesMe}
            onChange={onIncludeMe}
          />
        </>
      )}
    </>
  );
};
