// Says when what is shown is old: after two seconds without a connection, and never in the way of typing.
import { useEffect, useState } from 'preact/hooks';
import type { Connection } from '../sdk/api.ts';
import { clockTime } from './format.ts';
import { useObservable } from './observable.ts';
import { loadSession, signedIn } from './session.ts';
import { Icon } from './ui/icons.tsx';

const graceMs = 2000;

const useLost = (connection: Connection): boolean => {
  const [isLost, setLost] = useState(false);
  const isOff = connection.status === 'offline' || connection.status === 'connecting';
  useEffect(() => {
    if (!isOff) {
      setLost(false);
      return;
    }
    const timer = setTimeout(() => setLost(true), graceMs);
    return () => clearTimeout(timer);
  }, [isOff]);
  return isOff && isLost;
};

export const ConnectionStrip = () => {
  const { client } = signedIn();
  const connection = useObservable(client.connection);
  const isLost = useLost(connection);
  useEffect(() => {
    // A session that ended elsewhere: find out, and show the sign-in page.
    if (connection.status === 'refused' && connection.error.code === 'unauthenticated') void loadSession();
  }, [connection]);
  if (connection.status !== 'refused' && !isLost) return null;
  const text =
    connection.status === 'refused'
      ? `Disconnected: ${connection.error.message}`
      : connection.status === 'offline'
        ? `Showing ${clockTime(connection.since)}. Reconnecting`
        : 'Connecting';
  const again = (): void => {
    // A client that waits for its next try ignores `connect`: it must be idle to begin at once.
    client.disconnect();
    client.connect();
  };
  return (
    <div
      role="status"
      class="flex h-7 shrink-0 items-center justify-center gap-2 bg-warn-soft px-4 text-small text-warn"
    >
      <Icon name="alert" size={14} />
      <span class="truncate">{text}</span>
      <button type="button" class="font-semibold underline underline-offset-2" onClick={again}>
        Try now
      </button>
    </div>
  );
};
