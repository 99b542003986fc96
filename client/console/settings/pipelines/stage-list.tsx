// The stages of a pipeline: named, ordered, added, taken away.
import { limits } from '../../../../shared/text.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { controlLook } from '../../ui/field.tsx';
import { Icon } from '../../ui/icons.tsx';
import { moved, useReorder } from './reorder.ts';

/** As it is edited. `ref` tells the rows apart; a stage without an `id` is not stored yet. */
export interface Draft {
  ref: string;
  id?: string;
  key: string;
  name: string;
}

/** A key out of a name: `In talks` becomes `in-talks`. */
export const keyOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);

/** The key, or one with a number after it, that none of the others has. */
export const freeKey = (wanted: string, taken: readonly string[]): string => {
  const base = wanted === '' ? 'stage' : wanted;
  for (let number = 1; ; number += 1) {
    const key = number === 1 ? base : `${base.slice(0, 36)}-${number}`;
    if (!taken.includes(key)) return key;
  }
};

let last = 0;
export const newDraft = (): Draft => ({ ref: `new ${++last}`, key: '', name: '' });

interface StageListProps {
  stages: Draft[];
  isDisabled: boolean;
  problem: (at: number, name: 'key' | 'name') => string | undefined;
  onChange: (stages: Draft[]) => void;
}

export const StageList = ({ stages, isDisabled, problem, onChange }: StageListProps) => {
  const { dragged, said, handle, list } = useReorder(stages.length, (from, to) => onChange(moved(stages, from, to)));
  const replace = (at: number, next: Draft): void =>
    onChange(stages.map((stage, index) => (index === at ? next : stage)));
  const rename = (at: number, stage: Draft, name: string): void => {
    const taken = stages.filter((_, index) => index !== at).map(({ key }) => key);
    // The key of a stored stage is known to programs: it stays.
    replace(at, { ...stage, name, ...(stage.id === undefined ? { key: freeKey(keyOf(name), taken) } : {}) });
  };
  const add = (): void => {
    onChange([...stages, newDraft()]);
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('li:last-child input')?.focus());
  };
  return (
    <div class="flex flex-col gap-2">
      <ul ref={list} class="flex flex-col gap-2">
        {stages.map((stage, at) => {
          const wrong = problem(at, 'name') ?? problem(at, 'key');
          return (
            <li
              key={stage.ref}
              data-stage={stage.key}
              class={`rounded-control border bg-surface ${
                dragged === at ? 'border-fill shadow-[0_8px_24px_#0002]' : 'border-line'
              }`}
            >
              <div class="flex items-center gap-1 p-1">
                {!isDisabled && (
                  <button
                    type="button"
                    aria-label={`Move ${stage.name.trim() || 'the new stage'}, ${at + 1} of ${stages.length}`}
                    aria-keyshortcuts="ArrowUp ArrowDown"
                    title="Drag, or use the arrow keys"
                    class="focus-inset inline-flex h-9 w-7 shrink-0 cursor-grab touch-none items-center justify-center rounded-control text-text2 hover:bg-hover active:cursor-grabbing"
                    {...handle(at)}
                  >
                    <Icon name="grip" />
                  </button>
                )}
                <span class="w-6 shrink-0 text-center text-small text-text2 tabular-nums" aria-hidden="true">
                  {at + 1}
                </span>
                <input
                  type="text"
                  aria-label={`Stage ${at + 1}: name`}
                  value={stage.name}
                  maxLength={limits.name}
                  placeholder="In talks"
                  disabled={isDisabled}
                  aria-invalid={wrong === undefined ? undefined : true}
                  class={`${controlLook} h-9 grow`}
                  onInput={(event) => rename(at, stage, event.currentTarget.value)}
                />
                <code
                  class="w-32 shrink-0 truncate px-2 text-end font-mono text-meta text-text2 max-sm:hidden"
                  title={stage.key === '' ? undefined : `Key: ${stage.key}`}
                >
                  {stage.key}
                </code>
                {!isDisabled && (
                  <IconButton
                    icon="trash"
                    label={`Remove ${stage.name.trim() || 'the new stage'}`}
                    disabled={stages.length === 1}
                    onClick={() => onChange(stages.filter((_, index) => index !== at))}
                  />
                )}
              </div>
              {wrong !== undefined && <p class="px-3 pb-2 text-small text-danger">{wrong}</p>}
            </li>
          );
        })}
      </ul>
      <p role="status" class="sr-only">
        {said}
      </p>
      {!isDisabled && stages.length < limits.stages && (
        <Button look="ghost" icon="plus" size="small" class="self-start" onClick={add}>
          Add a stage
        </Button>
      )}
    </div>
  );
};
