// The widget's picture: uploaded at once, used once the settings are saved.
import { useRef, useState } from 'preact/hooks';
import { call, messageOf } from '../../api.ts';
import { Button } from '../../ui/button.tsx';
import { Icon } from '../../ui/icons.tsx';

const most = 512 * 1024;
const kinds = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

const refusalOf = (file: File): string | null => {
  if (!kinds.includes(file.type)) return 'PNG, JPEG, GIF or WebP only.';
  if (file.size > most) return `At most 512 KB; this file has ${Math.ceil(file.size / 1024).toLocaleString()} KB.`;
  return null;
};

interface IconFieldProps {
  /** Where the picture lies; absent: there is none. */
  url: string | undefined;
  hasIcon: boolean;
  isDisabled: boolean;
  problem: string | undefined;
  onUploaded: (icon: { iconKey: string; url: string }) => void;
  onRemove: () => void;
}

export const IconField = ({ url, hasIcon, isDisabled, problem, onUploaded, onRemove }: IconFieldProps) => {
  const input = useRef<HTMLInputElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [broken, setBroken] = useState<string | null>(null);
  const upload = async (file: File): Promise<void> => {
    const refusal = refusalOf(file);
    setError(refusal);
    if (refusal !== null) return;
    setBusy(true);
    try {
      onUploaded(await call('POST /icons', { file }));
    } catch (failure) {
      setError(messageOf(failure));
    } finally {
      setBusy(false);
    }
  };
  const told = error ?? problem;
  return (
    <fieldset class="flex flex-col gap-2" disabled={isDisabled}>
      <legend class="pb-2 text-small font-semibold">Icon</legend>
      <div class="flex flex-wrap items-center gap-3">
        <span class="inline-flex size-14 shrink-0 items-center justify-center overflow-hidden rounded-full border border-line bg-sunken text-text2">
          {hasIcon && url !== undefined && broken !== url ? (
            <img src={url} alt="The widget’s icon" class="size-full object-cover" onError={() => setBroken(url)} />
          ) : (
            <Icon name="image" size={24} />
          )}
        </span>
        <div class="flex flex-wrap gap-2">
          <Button icon="upload" isBusy={isBusy} disabled={isDisabled} onClick={() => input.current?.click()}>
            {hasIcon ? 'Replace' : 'Upload a picture'}
          </Button>
          {hasIcon && !isDisabled && (
            <Button look="ghost" onClick={onRemove}>
              Remove
            </Button>
          )}
        </div>
        <input
          ref={input}
          type="file"
          accept={kinds.join(',')}
          class="sr-only"
          tabIndex={-1}
          aria-label="Picture for the widget"
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? [];
            event.currentTarget.value = '';
            if (file !== undefined) void upload(file);
          }}
        />
      </div>
      <p
        role={told === undefined ? undefined : 'alert'}
        class={`text-small ${told === undefined ? 'text-text2' : 'text-danger'}`}
      >
        {told ?? 'On the launcher and over the answers. PNG, JPEG, GIF or WebP, at most 512 KB; square looks best.'}
      </p>
    </fieldset>
  );
};
