// What is needed rarely, behind three dots.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PanelModel } from '../model.ts';
import { Icon } from './icon.tsx';
import { lazy } from './lazy.tsx';
import { tracked } from '../signals.ts';

const MenuList = lazy(async () => (await import('../lazy/menu-list.tsx')).MenuList);

export const Menu = tracked(({ model }: { model: PanelModel }) => {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!isOpen) return;
    const onOutside = (event: Event): void => {
      if (box.current && !event.composedPath().includes(box.current)) setOpen(false);
    };
    addEventListener('pointerdown', onOutside, true);
    return () => removeEventListener('pointerdown', onOutside, true);
  }, [isOpen]);

  const close = (isReturning: boolean): void => {
    setOpen(false);
    if (isReturning) opener.current?.focus();
  };
  return (
    <div class="drop" ref={box}>
      <button
        type="button"
        class="icon"
        ref={opener}
        aria-label={model.words.value.menu}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="more" />
      </button>
      {isOpen && <MenuList model={model} onClose={close} />}
    </div>
  );
});
