// Full screen on phones: as high as what the on-screen keyboard leaves, the page behind it held still.
import { adoptSheet } from '../../page.ts';
import { effect, signal } from './signals.ts';
import type { ReadonlySignal } from './signals.ts';

const NARROW = '(max-width: 480px), (pointer: coarse) and (max-height: 500px)';
const TOPMOST = 2_147_483_647;
/** A visitor who zoomed in wants to look around, not to have the panel follow. */
const ZOOMED = 1.01;

export interface Viewport {
  isFull: ReadonlySignal<boolean>;
  dispose(): void;
}

/** Custom properties go through a sheet: a host's policy may forbid style attributes. */
export const watchViewport = (root: ShadowRoot, isOpen: ReadonlySignal<boolean>, inline: boolean): Viewport => {
  const query = matchMedia(NARROW);
  const isFull = signal(!inline && query.matches);
  const sheet = new CSSStyleSheet();
  const lock = new CSSStyleSheet();
  const view = visualViewport;
  let frame = 0;
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  lock.replaceSync('html,body{overflow:hidden!important;overscroll-behavior:none!important}');

  const measure = (): void => {
    frame = 0;
    if (view === null || view.scale > ZOOMED) return;
    sheet.replaceSync(`:host{--tw-z:${TOPMOST};--tw-vh:${view.height}px;--tw-vt:${view.offsetTop}px}`);
  };
  const schedule = (): void => {
    if (frame === 0) frame = requestAnimationFrame(measure);
  };
  const onChange = (): void => void (isFull.value = !inline && query.matches);
  query.addEventListener('change', onChange);

  const stop = effect(() => {
    if (!isFull.value || !isOpen.value) {
      sheet.replaceSync('');
      return;
    }
    const unlock = adoptSheet(lock);
    sheet.replaceSync(`:host{--tw-z:${TOPMOST}}`);
    measure();
    view?.addEventListener('resize', schedule);
    view?.addEventListener('scroll', schedule);
    return () => {
      unlock();
      cancelAnimationFrame(frame);
      frame = 0;
      view?.removeEventListener('resize', schedule);
      view?.removeEventListener('scroll', schedule);
    };
  });

  return {
    isFull,
    dispose() {
      stop();
      query.removeEventListener('change', onChange);
      root.adoptedStyleSheets = root.adoptedStyleSheets.filter((other) => other !== sheet);
    },
  };
};
