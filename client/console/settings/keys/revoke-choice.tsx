// With a new password: whether the member's API keys end too. They are named, because programs stop with them.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { KeyView } from '../../../../shared/console-api.ts';

/** More would fill a phone; the page of keys has them all. */
const shown = 12;

/** `2 keys`, `1 key`. */
export const countOfKeys = (count: number): string => `${count} ${count === 1 ? 'key' : 'keys'}`;

const Names = ({ keys }: { keys: readonly KeyView[] }) => (
  <>
    {keys.slice(0, shown).map((key, index) => (
      <span key={key.id}>
        {index > 0 && ', '}
        <span dir="auto" class="break-words">
          {key.name}
        </span>{' '}
        <span class="font-mono text-meta">…{key.hint}</span>
      </span>
    ))}
    {keys.length > shown && ` and ${keys.length - shown} more`}
  </>
);

interface RevokeChoiceProps {
  keys: readonly KeyView[];
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  /** When this is a good idea. */
  children: ComponentChildren;
}

export const RevokeChoice = ({ keys, isOn, onChange, children }: RevokeChoiceProps) => {
  const id = useId();
  if (keys.length === 0) return null;
  return (
    <div class="flex items-start gap-3 rounded-control border border-line bg-sunken px-3 py-2">
      <input
        id={id}
        type="checkbox"
        checked={isOn}
        aria-describedby={`${id}-hint`}
        class="mt-1 size-4 shrink-0 accent-fill"
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <div class="min-w-0">
        <label for={id} class="font-semibold">
          Also revoke my {keys.length === 1 ? 'API key' : `${keys.length} API keys`}
        </label>
        <div id={`${id}-hint`} class="text-small text-text2">
          <p>
            <Names keys={keys} />
          </p>
          <p>{children}</p>
        </div>
      </div>
    </div>
  );
};
