// A component whose code comes when it is first drawn.
import { useEffect, useState } from 'preact/hooks';
import type { ComponentType } from 'preact';

/** Draws nothing until the code is there; without its chunk, nothing at all. */
export const lazy =
  <P extends object>(load: () => Promise<ComponentType<P>>, onFail: (props: P) => void = () => undefined) =>
  (props: P) => {
    const [loaded, setLoaded] = useState<{ Part: ComponentType<P> } | null>(null);
    useEffect(() => {
      load().then(
        (Part) => setLoaded({ Part }),
        () => onFail(props),
      );
    }, []);
    return loaded === null ? null : <loaded.Part {...props} />;
  };
