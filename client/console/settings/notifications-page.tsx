// Sound, desktop notices, the keyboard and the density of the list: on this device.
import { useState } from 'preact/hooks';
import { playSound } from '../alerts.ts';
import { KeyTable, ShortcutSwitch } from '../key-sheet.tsx';
import { hasDesktopNotices, hasSound, isCompact } from '../prefs.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/feedback.tsx';
import { Switch } from '../ui/field.tsx';
import { Card } from './layout.tsx';

const DesktopSwitch = () => {
  const isKnown = 'Notification' in globalThis;
  const [permission, setPermission] = useState(isKnown ? Notification.permission : 'denied');
  const change = async (isOn: boolean): Promise<void> => {
    if (!isOn) {
      hasDesktopNotices.value = false;
      return;
    }
    const answer = await Notification.requestPermission();
    setPermission(answer);
    hasDesktopNotices.value = answer === 'granted';
  };
  return (
    <>
      <Switch
        label="Desktop notifications"
        hint="When a conversation needs a person, or your visitor writes while you look elsewhere."
        isOn={hasDesktopNotices.value && permission === 'granted'}
        disabled={!isKnown || permission === 'denied'}
        onChange={(isOn) => void change(isOn)}
      />
      {permission === 'denied' && (
        <Notice tone="plain" icon="bell">
          {isKnown
            ? 'The browser blocks notifications of this site. Allow them in its settings for this address.'
            : 'This browser shows no notifications here.'}
        </Notice>
      )}
    </>
  );
};

export const NotificationsPage = () => (
  <div class="mx-auto flex w-full max-w-[760px] flex-col gap-6 px-8 py-8 max-md:px-4 max-md:py-6">
    <header>
      <h1 class="text-title font-semibold">Notifications and keys</h1>
      <p class="mt-1 text-text2">Kept on this device.</p>
    </header>
    <Card title="Notifications">
      <Switch
        label="Sound"
        hint="Two soft notes for the same occasions."
        isOn={hasSound.value}
        onChange={(isOn) => {
          hasSound.value = isOn;
          if (isOn) playSound();
        }}
      />
      {hasSound.value && (
        <Button size="small" icon="bell" class="self-start" onClick={playSound}>
          Play it
        </Button>
      )}
      <DesktopSwitch />
    </Card>
    <Card title="List">
      <Switch
        label="Compact rows"
        hint="More conversations on the screen, without labels."
        isOn={isCompact.value}
        onChange={(isOn) => {
          isCompact.value = isOn;
        }}
      />
    </Card>
    <Card title="Keyboard">
      <ShortcutSwitch />
      <KeyTable />
    </Card>
  </div>
);
