// What is needed rarely, behind three dots.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PanelModel } from '../model.ts';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';

interface Entry {
  icon: IconName;
  text: string;
  run: () => void;
}

const entriesOf = (model: PanelModel): Entry[] => {
  const words = model.words.value;
  const control = model.state.value?.control;
  const hasMessages = !model.isEmpty.value;
  const entries: Entry[] = [];
  const canAsk = control?.agentName == null && control?.agentId == null && control?.waiting == null;
  if (canAsk && model.availability.value === 'online')
    entries.push({ icon: 'person', text: words.talkToPerson, run: () => model.askForPerson() });
  if (hasMessages)
    entries.push({ icon: 'plus', text: words.newConversation, run: () => void model.newConversation() });
  entries.push({ icon: 'history', text: words.earlier, run: () => void (model.view.value = 'earlier') });
  if (hasMessages)
    entries.push({
      icon: 'download',
      text: words.transcript,
      run: () => void import('../lazy/transcript.ts').then(({ downloadTranscript }) => downloadTranscript(model)),
    });
  entries.push(
    model.sound.value
      ? { icon: 'mute', text: words.soundOff, run: () => model.setSound(false) }
      : { icon: 'sound', text: words.soundOn, run: () => model.setSound(true) },
  );
  return entries;
};

export const Menu = ({ model }: { model: PanelModel }) => {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const items = (): HTMLElement[] => [...(box.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];

  useEffect(() => {
    if (!isOpen) return;
    items()[0]?.focus();
    const onOutside = (event: Event): void => {
      if (box.current && !event.composedPath().includes(box.current)) setOpen(false);
    };
    document.addEventListener('pointerdown', onOutside, true);
    return () => document.removeEventListener('pointerdown', onOutside, true);
  }, [isOpen]);

  const close = (): void => {
    setOpen(false);
    opener.current?.focus();
  };
  const onKey = (event: KeyboardEvent): void => {
    const all = items();
    const root = box.current?.getRootNode() as ShadowRoot;
    const at = all.indexOf(root.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all[to % all.length]?.focus();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    } else if (event.key === 'Tab') setOpen(false);
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
      {isOpen && (
        <div class="menu" role="menu" onKeyDown={onKey}>
          {entriesOf(model).map(({ icon, text, run }) => (
            <button
              type="button"
              role="menuitem"
              tabIndex={-1}
              key={icon}
              onClick={() => {
                close();
                run();
              }}
            >
              <Icon name={icon} />
              {text}
            </button>
          ))}
        </div>
      )}
    </div>
  );
};
