// With a new password: whether the member's API keys end too. They are named, because programs stop with them.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { KeyView } from '../../../../shared/console-api.ts';

/** More would fill a phone; the page of keys has them all. */
const shown = 12;

const Names = ({ keys }: { keys: readonly KeyView[] }) => (
  <>
    {keys.slice(0, shown).map((key, index) => (
      <span key={key.id}>
        {index > 0 && ', '}
        <span dir="auto" class="break-words">
          {key.name}
        </span>{' '}
        <span class="font-mono text-meta whitespace-nowrap">…{key.hint}</span>
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
    <label class="flex cursor-pointer items-start gap-3 rounded-control border border-line bg-sunken px-3 py-2">
      <input
        type="checkbox"
        checked={isOn}
        aria-labelledby={id}
        aria-describedby={`${id}-hint`}
        class="mt-1 size-4 shrink-0 accent-fill"
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span class="min-w-0">
        <span id={id} class="block font-semibold">
          Also revoke my {keys.length === 1 ? 'API key' : `${keys.length} API keys`}
        </span>
        <span id={`${id}-hint`} class="block text-small text-text2">
          <span class="block">
            <Names keys={keys} />
          </span>
          <span class="block">{children}</span>
        </span>
      </span>
    </label>
  );
};
