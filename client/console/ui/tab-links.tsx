// Parts of one page, each with its own address.
import { useEffect, useRef } from 'preact/hooks';
import { hrefOf } from '../router.ts';
import type { Screen } from '../router.ts';
import { Icon } from './icons.tsx';

export interface TabLink {
  to: Screen;
  text: string;
  isHere: boolean;
  count?: number;
  /** `problem`: something in it is refused; `changed`: something in it is not saved. */
  mark?: 'problem' | 'changed' | undefined;
}

/** `isFlush`: the line under the tabs reaches from edge to edge of what they stand in. */
export const TabLinks = ({
  label,
  tabs,
  isFlush = false,
}: {
  label: string;
  tabs: readonly TabLink[];
  isFlush?: boolean;
}) => {
  const current = useRef<HTMLAnchorElement>(null);
  const here = tabs.findIndex(({ isHere }) => isHere);
  useEffect(() => current.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' }), [here]);
  return (
    <nav
      aria-label={label}
      class={`flex shrink-0 gap-1 overflow-x-auto border-b border-line [scrollbar-width:none] ${isFlush ? 'px-2' : ''}`}
    >
      {tabs.map((tab) => (
        <a
          key={tab.text}
          ref={tab.isHere ? current : null}
          href={hrefOf(tab.to)}
          aria-current={tab.isHere ? 'page' : undefined}
          class={`focus-inset flex h-10 shrink-0 items-center gap-1.5 rounded-t-control border-b-2 px-3 whitespace-nowrap ${
            tab.isHere ? 'border-fill font-semibold' : 'border-transparent text-text2 hover:bg-hover hover:text-text'
          }`}
        >
          {tab.text}
          {tab.count !== undefined && <span class="text-small font-normal text-text2 tabular-nums">{tab.count}</span>}
          {tab.mark === 'problem' && (
            <>
              <Icon name="alert" size={14} class="text-danger" />
              <span class="sr-only">has a problem</span>
            </>
          )}
          {tab.mark === 'changed' && (
            <>
              <span aria-hidden="true" class="size-1.5 rounded-full bg-fill" />
              <span class="sr-only">has unsaved changes</span>
            </>
          )}
        </a>
      ))}
    </nav>
  );
};
