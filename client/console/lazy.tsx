// Screens that are loaded when first wanted, with a word where loading fails.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from './ui/button.tsx';
import { Empty } from './ui/feedback.tsx';

export interface Lazy<P> {
  load: () => Promise<ComponentType<P>>;
  loaded: ComponentType<P> | null;
}

export const lazy = <P extends object>(load: () => Promise<ComponentType<P>>): Lazy<P> => ({ load, loaded: null });

export const Suspense = <P extends object>({ component, props }: { component: Lazy<P>; props: P }) => {
  const [isFailed, setFailed] = useState(false);
  const [, draw] = useState(0);
  useEffect(() => {
    if (component.loaded !== null || isFailed) return;
    component.load().then(
      (loaded) => {
        component.loaded = loaded;
        draw((count) => count + 1);
      },
      () => setFailed(true),
    );
  }, [component, isFailed]);
  const Loaded = component.loaded;
  if (Loaded !== null) return <Loaded {...props} />;
  if (!isFailed) return null;
  return (
    <div class="grow">
      <Empty icon="alert" title="This part could not be loaded">
        <p>The server may have been updated, or the connection is gone.</p>
        <Button class="mt-4" icon="refresh" onClick={() => location.reload()}>
          Reload
        </Button>
      </Empty>
    </div>
  );
};
