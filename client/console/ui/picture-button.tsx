// A button that asks for a picture and sends it. What cannot be a picture is told before anything is sent.
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { messageOf } from '../api.ts';
import { Button } from './button.tsx';

/** As the server has it (`usecases/files.ts`). */
const most = 512 * 1024;
const kinds = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

const refusalOf = (file: File): string | null => {
  if (!kinds.includes(file.type)) return 'PNG, JPEG, GIF or WebP only.';
  if (file.size > most) return `At most 512 KB; this file has ${Math.ceil(file.size / 1024).toLocaleString()} KB.`;
  return null;
};

interface PictureButtonProps {
  /** What the file is for, told to screen readers. */
  label: string;
  isDisabled?: boolean;
  upload: (file: File) => Promise<void>;
  /** What to tell; null when a new try begins. */
  onError: (message: string | null) => void;
  children: ComponentChildren;
}

export const PictureButton = ({ label, isDisabled = false, upload, onError, children }: PictureButtonProps) => {
  const input = useRef<HTMLInputElement>(null);
  const [isBusy, setBusy] = useState(false);
  const send = async (file: File): Promise<void> => {
    const refusal = refusalOf(file);
    onError(refusal);
    if (refusal !== null) return;
    setBusy(true);
    try {
      await upload(file);
    } catch (failure) {
      onError(messageOf(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button icon="upload" isBusy={isBusy} disabled={isDisabled} onClick={() => input.current?.click()}>
        {children}
      </Button>
      <input
        ref={input}
        type="file"
        accept={kinds.join(',')}
        class="sr-only"
        tabIndex={-1}
        aria-label={label}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          event.currentTarget.value = '';
          if (file !== undefined) void send(file);
        }}
      />
    </>
  );
};
