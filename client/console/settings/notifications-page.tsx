// Sound, desktop notices, the keyboard and the density of the list: on this device.
import type { Signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { playSound } from '../alerts.ts';
import { KeyTable, ShortcutSwitch } from '../key-sheet.tsx';
import { hasDesktopNotices, hasSound, isCompact } from '../prefs.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/feedback.tsx';
import { Switch } from '../ui/field.tsx';
import { Card, Page } from './layout.tsx';

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

/** A switch that is a preference of this device. */
const PrefSwitch = ({
  pref,
  onTurnedOn,
  ...rest
}: {
  pref: Signal<boolean>;
  label: string;
  hint: string;
  onTurnedOn?: () => void;
}) => (
  <Switch
    {...rest}
    isOn={pref.value}
    onChange={(isOn) => {
      pref.value = isOn;
      if (isOn) onTurnedOn?.();
    }}
  />
);

export const NotificationsPage = () => (
  <Page isOwn title="Notifications and keys" lead="Kept on this device.">
    <Card title="Notifications">
      <PrefSwitch pref={hasSound} label="Sound" hint="Two soft notes for the same occasions." onTurnedOn={playSound} />
      {hasSound.value && (
        <Button size="small" icon="bell" class="self-start" onClick={playSound}>
          Play it
        </Button>
      )}
      <DesktopSwitch />
    </Card>
    <Card title="List">
      <PrefSwitch pref={isCompact} label="Compact rows" hint="More conversations on the screen, without labels." />
    </Card>
    <Card title="Keyboard">
      <ShortcutSwitch />
      <KeyTable />
    </Card>
  </Page>
);
