// A strip over the list once the connection has been gone for two seconds; shorter gaps are nobody's concern.
import { useEffect, useState } from 'preact/hooks';
import type { PanelModel } from '../model.ts';
import { Icon } from './icon.tsx';
import { tracked } from '../signals.ts';

const PATIENCE_MS = 2000;

export const Strip = tracked(({ model, onRetry }: { model: PanelModel; onRetry: () => void }) => {
  const connection = model.connection.value;
  const words = model.words.value;
  const isLost = connection.status === 'offline' || connection.status === 'connecting';
  const since = connection.status === 'offline' ? connection.since : 0;
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!isLost) return setLong(false);
    const passed = since === 0 ? 0 : Date.now() - since;
    const timer = setTimeout(() => setLong(true), Math.max(0, PATIENCE_MS - passed));
    return () => clearTimeout(timer);
  }, [isLost, since]);

  if (model.isShut.value) return null;
  if (connection.status === 'refused' || model.isBroken.value)
    return (
      <div class="strip" role="alert">
        <Icon name="alert" />
        {words.unavailable}
        <button type="button" onClick={onRetry}>
          {words.tryAgain}
        </button>
      </div>
    );
  if (!isLost || !isLong) return null;
  return (
    <div class="strip">
      <Icon name="alert" />
      {model.outbox.value.length > 0 ? words.lostKeep : words.lost}
    </div>
  );
});
