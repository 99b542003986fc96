// The panel as a whole: header, strip, list, composer; its opening, closing and keyboard.
import type { ReadonlySignal } from '../signals.ts';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { safeHref } from '../../../../shared/href.ts';
import type { PanelModel } from '../model.ts';
import { Composer } from './composer.tsx';
import { Header } from './header.tsx';
import { lazy } from './lazy.tsx';
import { List } from './list.tsx';
import { Strip } from './strip.tsx';
import { tracked } from '../signals.ts';

interface AppProps {
  model: PanelModel;
  isFull: ReadonlySignal<boolean>;
  isDark: ReadonlySignal<boolean>;
  onClose: () => void;
  onRetry: () => void;
  /** The two regions a screen reader listens to. */
  onRegions: (polite: HTMLElement, assertive: HTMLElement) => void;
}

const EXIT_MS = 120;
const focusable = 'button:not(:disabled):not([tabindex="-1"]),a[href],textarea,input,[tabindex="0"]';

/** Keeps Tab inside while the panel covers the page. */
const trapTab = (event: KeyboardEvent, panel: HTMLElement): void => {
  const all = [...panel.querySelectorAll<HTMLElement>(focusable)].filter((node) => node.getClientRects().length > 0);
  const active = (panel.getRootNode() as ShadowRoot).activeElement;
  const edge = event.shiftKey ? all[0] : all.at(-1);
  if (active !== edge && all.includes(active as HTMLElement)) return;
  event.preventDefault();
  (event.shiftKey ? all.at(-1) : all[0])?.focus();
};

const Earlier = lazy(
  async () => (await import('../lazy/earlier.tsx')).Earlier,
  ({ model }: { model: PanelModel }) => void (model.view.value = 'chat'),
);

const Foot = tracked(({ model }: { model: PanelModel }) => {
  const words = model.words.value;
  const { hideBranding, privacyUrl } = model.widget.value;
  const privacy = privacyUrl === undefined ? null : safeHref(privacyUrl);
  if (hideBranding && privacy === null) return null;
  return (
    <div class="foot">
      {!hideBranding && <span>{words.poweredBy}</span>}
      {privacy !== null && (
        <a href={privacy} target="_blank" rel="noopener noreferrer">
          {words.privacy}
        </a>
      )}
    </div>
  );
});

export const App = tracked(({ model, isFull, isDark, onClose, onRetry, onRegions }: AppProps) => {
  const panel = useRef<HTMLDivElement>(null);
  const polite = useRef<HTMLDivElement>(null);
  const assertive = useRef<HTMLDivElement>(null);
  const isOpen = model.isOpen.value;
  const [isShown, setShown] = useState(isOpen);
  const isModal = isFull.value;
  const isShut = model.isShut.value;
  const words = model.words.value;

  useLayoutEffect(() => onRegions(polite.current!, assertive.current!), []);
  useEffect(() => {
    if (isOpen) return setShown(true);
    const timer = setTimeout(() => setShown(false), EXIT_MS);
    return () => clearTimeout(timer);
  }, [isOpen]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && !event.isComposing && !model.inline) {
      event.stopPropagation();
      onClose();
    } else if (event.key === 'Tab' && isModal && panel.current) trapTab(event, panel.current);
  };

  const flags = [isDark.value && 'dark', isModal && 'full', model.inline && 'inline'].filter(Boolean).join(' ');
  const side = model.widget.value.position === 'bottom-left' ? 'at-left' : 'at-right';
  return (
    <div class={`root ${flags}`} dir={model.dir.value} lang={model.locale.value}>
      <div
        class={`panel ${side}${isOpen ? '' : ' closing'}`}
        ref={panel}
        hidden={!isOpen && !isShown}
        role={isModal ? 'dialog' : 'complementary'}
        aria-modal={isModal ? true : undefined}
        aria-label={model.widget.value.texts.title || words.title}
        onKeyDown={onKeyDown}
      >
        <Header model={model} onClose={onClose} />
        <Strip model={model} onRetry={onRetry} />
        {isShut ? (
          <p class="shut" role="status">
            {words.notAvailable}
          </p>
        ) : model.view.value === 'chat' ? (
          <List model={model} />
        ) : (
          <div class="body">
            <Earlier model={model} />
          </div>
        )}
        {!isShut && <Composer model={model} />}
        <Foot model={model} />
      </div>
      <div class="sr" ref={polite} aria-live="polite" />
      <div class="sr" ref={assertive} aria-live="assertive" />
    </div>
  );
});
