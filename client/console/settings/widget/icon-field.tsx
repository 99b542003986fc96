// The widget's picture: uploaded at once, used once the settings are saved.
import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { Button } from '../../ui/button.tsx';
import { Icon } from '../../ui/icons.tsx';
import { PictureButton } from '../../ui/picture-button.tsx';

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
  const [error, setError] = useState<string | null>(null);
  const [broken, setBroken] = useState<string | null>(null);
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
          <PictureButton
            label="Picture for the widget"
            isDisabled={isDisabled}
            upload={async (file) => onUploaded(await call('POST /icons', { file }))}
            onError={setError}
          >
            {hasIcon ? 'Replace' : 'Upload a picture'}
          </PictureButton>
          {hasIcon && !isDisabled && (
            <Button look="ghost" onClick={onRemove}>
              Remove
            </Button>
          )}
        </div>
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
