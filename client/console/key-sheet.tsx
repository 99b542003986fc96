// The help sheet: every key of the key map.
import { signal } from '@preact/signals';
import { hasShortcuts } from './prefs.ts';
import { keyMap } from './shortcuts.ts';
import { Dialog } from './ui/dialog.tsx';
import { Switch } from './ui/field.tsx';

const isOpen = signal(false);
export const openKeySheet = (): void => {
  isOpen.value = true;
};

const Key = ({ text }: { text: string }) => (
  <kbd class="inline-flex h-6 min-w-6 items-center justify-center rounded-[4px] border border-line bg-sunken px-1.5 font-sans text-meta font-semibold">
    {text}
  </kbd>
);

const more: readonly [string, string][] = [
  ['Enter', 'Send'],
  ['Shift+Enter', 'New line'],
  ['Esc', 'Leave the field, close a dialog'],
];

export const KeyTable = () => (
  <dl class="grid grid-cols-1 gap-x-8 gap-y-2 sm:grid-cols-2">
    {[...Object.entries(keyMap).map(([key, text]) => [key.toUpperCase(), text] as const), ...more].map(
      ([key, text]) => (
        <div key={key} class="flex items-center gap-3">
          <dt class="w-24 shrink-0">
            <Key text={key} />
          </dt>
          <dd>{text}</dd>
        </div>
      ),
    )}
  </dl>
);

export const ShortcutSwitch = () => (
  <Switch
    label="Single-key shortcuts"
    hint="Off where a screen reader or voice control uses single keys."
    isOn={hasShortcuts.value}
    onChange={(isOn) => {
      hasShortcuts.value = isOn;
    }}
  />
);

export const KeySheet = () =>
  isOpen.value ? (
    <Dialog
      title="Keyboard"
      width="wide"
      onClose={() => {
        isOpen.value = false;
      }}
    >
      <div class="flex flex-col gap-6 overflow-y-auto px-5 pb-5">
        <KeyTable />
        <div class="border-t border-line pt-4">
          <ShortcutSwitch />
        </div>
      </div>
    </Dialog>
  ) : null;
