// Draws a component again only when one of its props is another value.
import { createElement } from 'preact';
import type { ComponentType, FunctionComponent } from 'preact';
import { useMemo } from 'preact/hooks';

/** As React's `memo` with its default comparison, without loading the compatibility layer. */
export const memo = <P extends object>(component: ComponentType<P>): FunctionComponent<P> => {
  const Memo: FunctionComponent<P> = (props) => {
    const values = Object.keys(props)
      .sort()
      .map((key) => props[key as keyof typeof props]);
    // The same element is not drawn again: that is the whole trick.
    return useMemo(() => createElement(component, props as P), values);
  };
  return Memo;
};
