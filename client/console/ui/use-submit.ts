// What a form that is sent goes through: busy, done or failed.
import { useState } from 'preact/hooks';

export interface Submit {
  isBusy: boolean;
  /** The last failure, null where there was none since it was sent. */
  error: unknown;
  /** Sends the form where it is ready and nothing is under way. */
  onSubmit: (event: Event) => void;
}

/** `run` does what the button says and may throw; `staysBusy`: the form is gone once it is done. */
export const useSubmit = (
  run: () => Promise<void>,
  { isReady, staysBusy = false }: { isReady: boolean; staysBusy?: boolean },
): Submit => {
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const start = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await run();
      if (!staysBusy) setBusy(false);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    if (isReady && !isBusy) void start();
  };
  return { isBusy, error, onSubmit };
};
