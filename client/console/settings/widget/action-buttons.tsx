// The buttons that a visitor sees under the welcome: what is said, where it leads.
import type { ActionButton } from '../../../../shared/widget.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { BareSelect, controlLook } from '../../ui/field.tsx';

const kinds: readonly { value: ActionButton['action']; text: string }[] = [
  { value: 'message', text: 'Says it' },
  { value: 'link', text: 'Opens a page' },
  { value: 'handoff', text: 'Asks for a person' },
];

export const ActionButtons = ({
  value,
  isDisabled,
  problem,
  onChange,
}: {
  value: ActionButton[];
  problem?: string | undefined;
  isDisabled: boolean;
  onChange: (value: ActionButton[]) => void;
}) => {
  const replace = (at: number, next: ActionButton): void =>
    onChange(value.map((button, index) => (index === at ? next : button)));
  return (
    <fieldset class="flex flex-col gap-2" disabled={isDisabled}>
      <legend class="pb-2 text-small font-semibold">Action buttons</legend>
      <ul class="flex flex-col gap-2">
        {value.map((button, at) => (
          <li key={at} class="flex items-start gap-1">
            <span class="flex min-w-0 grow flex-wrap gap-1">
              <input
                type="text"
                aria-label={`Button ${at + 1}: text`}
                value={button.label}
                maxLength={80}
                placeholder="Book a trip"
                class={`${controlLook} h-9 grow basis-40`}
                onInput={(event) => replace(at, { ...button, label: event.currentTarget.value })}
              />
              <span class="grow basis-32">
                <BareSelect
                  label={`Button ${at + 1}: what it does`}
                  value={button.action}
                  options={kinds}
                  disabled={isDisabled}
                  onChoose={(action) =>
                    replace(
                      at,
                      action === 'link'
                        ? { label: button.label, action, url: button.url ?? '' }
                        : { label: button.label, action },
                    )
                  }
                />
              </span>
              {button.action === 'link' && (
                <input
                  type="url"
                  aria-label={`Button ${at + 1}: address`}
                  value={button.url ?? ''}
                  maxLength={2048}
                  placeholder="https://"
                  class={`${controlLook} h-9 basis-full`}
                  onInput={(event) => replace(at, { ...button, url: event.currentTarget.value })}
                />
              )}
            </span>
            <IconButton
              icon="trash"
              label={`Remove ${button.label === '' ? `button ${at + 1}` : button.label}`}
              disabled={isDisabled}
              onClick={() => onChange(value.filter((_, index) => index !== at))}
            />
          </li>
        ))}
      </ul>
      {problem !== undefined && <p class="text-small text-danger">{problem}</p>}
      {value.length < 8 && !isDisabled && (
        <Button
          look="ghost"
          icon="plus"
          size="small"
          class="self-start"
          onClick={() => onChange([...value, { label: '', action: 'message' }])}
        >
          Add a button
        </Button>
      )}
    </fieldset>
  );
};
