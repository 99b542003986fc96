// What the loader imports at the first interaction: the panel with its socket.
import { own, whereabouts } from '../../page.ts';
import type { VisitorClientOptions } from '../../sdk/api.ts';
import { createVisitorClient } from '../../sdk/index.ts';
import { browserStorage, forgiving } from '../../sdk/storage.ts';
import type { Panel, PanelOptions } from '../contract.ts';
import { mountOver } from './mount.tsx';

export const mountPanel = (options: PanelOptions): Panel => {
  const { init } = options;
  const storage = forgiving(browserStorage());
  const told: VisitorClientOptions = {
    url: options.origin,
    widgetKey: options.widget.widgetKey,
    storage,
    page: whereabouts,
    ...(init.token === undefined ? {} : { identity: init.token }),
    ...(init.channel === undefined ? {} : { channel: init.channel }),
  };
  // Own fields alone: what is not said here must not come from `Object.prototype`.
  const client = createVisitorClient(own(told) as VisitorClientOptions);
  return mountOver(client, storage, options);
};
