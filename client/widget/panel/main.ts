// What the loader imports at the first interaction: the panel with its socket.
import { createVisitorClient } from '../../sdk/index.ts';
import { browserStorage, forgiving } from '../../sdk/storage.ts';
import type { Panel, PanelOptions } from '../contract.ts';
import { mountOver } from './mount.tsx';

const page = (): { url: string; title: string; referrer: string } => ({
  url: location.href.slice(0, 2048),
  title: document.title.slice(0, 300),
  referrer: document.referrer.slice(0, 2048),
});

export const mountPanel = (options: PanelOptions): Panel => {
  const { init } = options;
  const storage = forgiving(browserStorage());
  const client = createVisitorClient({
    url: options.origin,
    widgetKey: options.widget.widgetKey,
    storage,
    page,
    ...(init.token === undefined ? {} : { identity: init.token }),
    ...(init.channel === undefined ? {} : { channel: init.channel }),
  });
  return mountOver(client, storage, options);
};
