// The open menu: what it offers depends on where the conversation stands.
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../components/icon.tsx';
import type { IconName } from '../components/icon.tsx';
import type { PanelModel } from '../model.ts';
import css from '../styles/menu.css?inline';
import { downloadTranscript } from './transcript.ts';
import { tracked } from '../signals.ts';

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
  if (hasMessages) entries.push({ icon: 'plus', text: words.newConversation, run: () => void model.newConversation() });
  entries.push({ icon: 'history', text: words.earlier, run: () => void (model.view.value = 'earlier') });
  if (hasMessages)
    entries.push({
      icon: 'download',
      text: words.transcript,
      run: () => void downloadTranscript(model),
    });
  entries.push(
    model.sound.value
      ? { icon: 'mute', text: words.soundOff, run: () => model.setSound(false) }
      : { icon: 'sound', text: words.soundOn, run: () => model.setSound(true) },
  );
  return entries;
};

/** `onClose`: with `true` the focus goes back to the button that opened it. */
export const MenuList = tracked(
  ({ model, onClose }: { model: PanelModel; onClose: (isReturning: boolean) => void }) => {
    model.adopt(css);
    const box = useRef<HTMLDivElement>(null);
    const items = (): HTMLElement[] => [...(box.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    useEffect(() => items()[0]?.focus(), []);

    const onKey = (event: KeyboardEvent): void => {
      const all = items();
      const at = all.indexOf(event.target as HTMLElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
      if (to !== undefined) {
        event.preventDefault();
        all[to % all.length]?.focus();
      } else if (event.key === 'Escape') {
        event.stopPropagation();
        onClose(true);
      } else if (event.key === 'Tab') onClose(false);
    };

    return (
      <div class="menu" role="menu" ref={box} onKeyDown={onKey}>
        {entriesOf(model).map(({ icon, text, run }) => (
          <button
            type="button"
            role="menuitem"
            tabIndex={-1}
            key={icon}
            onClick={() => {
              onClose(true);
              run();
            }}
          >
            <Icon name={icon} />
            {text}
          </button>
        ))}
      </div>
    );
  },
);
