// One widget on a page: its launcher now, its panel at the first interaction.
import type { PublicWidget } from '../../../shared/widget.ts';
import type { Identity, InitOptions, Panel, PanelModule, Scheme } from '../contract.ts';
import type { Emitter } from './events.ts';
import { createLauncher } from './launcher.ts';
import type { Launcher } from './launcher.ts';
import { forgetSession, storedSession } from './session.ts';

export interface Widget {
  widgetKey: string;
  /** Calls made before the launcher stands wait for it. */
  call(method: string, args: unknown[]): void;
  destroy(): void;
}

type Told = PublicWidget & { unread?: number; error?: { message: string } };

const fetchWidget = async (origin: string, key: string, signal: AbortSignal): Promise<Told> => {
  const session = storedSession(key);
  const headers: Record<string, string> = session === null ? {} : { 'X-Session-Id': session };
  const response = await fetch(`${origin}/w/${encodeURIComponent(key)}`, { signal, headers });
  const told = (await response.json()) as Told;
  if (!response.ok) throw new Error(told.error?.message ?? `HTTP ${response.status}`);
  return told;
};

/** Calls that bring the panel; the panel's others wait until somebody brings it. */
const bringing = new Set(['open', 'send', 'newConversation']);

/** Starts at once. Never throws: a widget that cannot be had is one line on the console. */
export const createWidget = (origin: string, options: InitOptions, { emit }: Emitter): Widget => {
  const { widgetKey, inline = false, container, channel, token, name, email } = options;
  const gone = new AbortController();
  const waiting: [string, unknown[]][] = [];
  let widget: Told | undefined;
  let launcher: Launcher | undefined;
  let panel: Panel | undefined;
  let scheme = options.theme;
  let isOpen = false;
  let code: Promise<PanelModule> | undefined;
  let isMounting = false;

  /** Fetched at the first hint of interest; mounted, and so connected, only by a real one. */
  const load = (): Promise<PanelModule> =>
    (code ??= (import(/* @vite-ignore */ `${origin}/widget/panel.js`) as Promise<PanelModule>).catch((error) => {
      code = undefined;
      throw error;
    }));
  const onUnread = (count: number): void => {
    launcher?.setUnread(count);
    emit('unread', { count });
  };
  const onOpenChange = (value: boolean): void => {
    isOpen = value;
    launcher?.setOpen(value);
    emit(value ? 'open' : 'close', {});
  };

  const mount = async (): Promise<void> => {
    if (isMounting || panel !== undefined || launcher === undefined || widget === undefined) return;
    isMounting = true;
    launcher.setBusy(true);
    try {
      const { mountPanel } = await load();
      if (gone.signal.aborted) return;
      const identity: Identity = {};
      if (token) identity.token = token;
      if (name) identity.name = name;
      if (email) identity.email = email;
      panel = mountPanel({
        root: launcher.root,
        origin,
        widget,
        inline,
        identity,
        ...(channel && { channel }),
        ...(options.locale && { locale: options.locale }),
        ...(scheme && { scheme }),
        emit,
        onUnread,
        onOpenChange,
      });
      for (const [method, args] of waiting.splice(0)) call(method, args);
    } catch (error) {
      waiting.length = 0;
      console.warn('Tiller: the chat could not be loaded', error);
    } finally {
      isMounting = false;
      launcher.setBusy(false);
    }
  };

  const setHidden = (isHidden: boolean): void => {
    if (launcher) launcher.button.hidden = isHidden;
    if (isHidden) panel?.close();
  };

  const call = (method: string, args: unknown[]): void => {
    if (method === 'logout') {
      if (!panel) forgetSession(widgetKey);
      launcher?.setUnread(0);
    }
    if (!launcher || !widget) return void waiting.push([method, args]);
    const [first] = args;
    switch (method) {
      case 'boot':
      case 'show':
        return setHidden(false);
      case 'hide':
        return setHidden(true);
      case 'close':
        return panel?.close();
      case 'toggle':
        return isOpen ? panel?.close() : call('open', args);
      case 'setTheme':
        scheme = first as Scheme;
        launcher.draw(widget, scheme);
        break;
      case 'update':
        widget = (first as { widget?: PublicWidget } | undefined)?.widget ?? widget;
        launcher.draw(widget, scheme);
    }
    if (!panel) {
      waiting.push([method, args]);
      if (bringing.has(method)) void mount();
    } else if (method === 'open') panel.open(first === 'user' ? first : 'script');
    else panel.call(method, args);
  };

  const start = async (): Promise<void> => {
    widget = options.preview ?? (await fetchWidget(origin, widgetKey, gone.signal));
    // A script in the head may be here before there is a body to draw in.
    if (!document.body) await new Promise((done) => addEventListener('DOMContentLoaded', done, { once: true }));
    if (gone.signal.aborted) return;
    const place = typeof container === 'string' ? document.querySelector(container) : container;
    launcher = createLauncher(
      place ?? document.body,
      inline,
      () => (isOpen ? panel?.close() : call('open', ['user'])),
      () => void load().catch(() => undefined),
    );
    launcher.draw(widget, scheme);
    setHidden(options.hidden === true);
    if (widget.unread) onUnread(widget.unread);
    emit('ready', { widgetKey });
    if (inline) call('open', []);
    for (const [method, args] of waiting.splice(0)) call(method, args);
  };
  start().catch((error: Error) => {
    if (!gone.signal.aborted) console.warn(`Tiller: no chat for ${widgetKey}: ${error.message}`);
  });

  return {
    widgetKey,
    call,
    destroy() {
      gone.abort();
      panel?.destroy();
      launcher?.destroy();
      panel = launcher = undefined;
    },
  };
};
