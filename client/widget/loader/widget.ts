// One widget on a page: its launcher now, its panel at the first interaction.
import type { PublicWidget } from '../../../shared/widget.ts';
import type { Identity, InitOptions, Panel, PanelModule, Scheme } from '../contract.ts';
import type { Emitter } from './events.ts';
import { createLauncher } from './launcher.ts';
import type { Launcher } from './launcher.ts';
import { forgetSession, storedSession } from './session.ts';

type Args = unknown[];
export interface Widget {
  widgetKey: string;
  call(method: string, args: Args): void;
  destroy(): void;
}

const fetchWidget = async (origin: string, key: string, signal: AbortSignal): Promise<PublicWidget & { unread?: number }> => {
  const session = storedSession(key);
  const response = await fetch(`${origin}/w/${encodeURIComponent(key)}`, {
    signal,
    credentials: 'omit',
    ...(session === null ? {} : { headers: { 'X-Session-Id': session } }),
  });
  const body = (await response.json()) as PublicWidget & { unread?: number; error?: { code: string; message: string } };
  if (!response.ok) throw new Error(body.error === undefined ? `HTTP ${response.status}` : body.error.message);
  return body;
};

const containerOf = (options: InitOptions): Element => {
  const { container } = options;
  const found = typeof container === 'string' ? document.querySelector(container) : container;
  return found ?? document.body;
};

/** Starts at once; what is called before the launcher stands waits for it. */
export const createWidget = (origin: string, options: InitOptions, events: Emitter): Widget => {
  const { widgetKey, inline = false } = options;
  const gone = new AbortController();
  const identity: Identity = {};
  const onPanel: ((panel: Panel) => void)[] = [];
  let widget: PublicWidget;
  let scheme = options.theme;
  let locale = options.locale;
  let isOpen = false;
  let loading: Promise<Panel> | undefined;
  let panel: Panel | undefined;

  for (const field of ['token', 'name', 'email'] as const) if (options[field]) identity[field] = options[field];

  let drawn: Launcher | undefined;

  // Fetched at the first hint of interest, mounted (and connected) only by a real one.
  let code: Promise<PanelModule> | undefined;
  const load = (): Promise<PanelModule> =>
    (code ??= (import(/* @vite-ignore */ `${origin}/widget/panel.js`) as Promise<PanelModule>).catch((error: unknown) => {
      code = undefined;
      throw error;
    }));

  const mount = async (): Promise<Panel> => {
    drawn?.setBusy(true);
    try {
      const { mountPanel } = await load();
      if (gone.signal.aborted || drawn === undefined) throw new Error('destroyed');
      panel = mountPanel({
        root: drawn.root,
        origin,
        widget,
        inline,
        identity,
        ...(options.channel === undefined ? {} : { channel: options.channel }),
        ...(locale === undefined ? {} : { locale }),
        ...(scheme === undefined ? {} : { scheme }),
        emit: events.emit,
        onUnread,
        onOpenChange(value) {
          isOpen = value;
          drawn?.setOpen(value);
          events.emit(value ? 'open' : 'close', {});
        },
      });
      for (const task of onPanel.splice(0)) task(panel);
      return panel;
    } finally {
      drawn?.setBusy(false);
    }
  };
  const onUnread = (count: number): void => {
    drawn?.setUnread(count);
    events.emit('unread', { count });
  };
  /** Runs once the panel is there, and brings it. */
  const withPanel = (task: (panel: Panel) => void): void => {
    if (panel) return task(panel);
    onPanel.push(task);
    loading ??= mount();
    loading.catch((error: unknown) => {
      loading = undefined;
      onPanel.length = 0;
      if (!gone.signal.aborted) console.warn('Tiller: the chat could not be loaded', error);
    });
  };
  /** Runs now where the panel is there, else once somebody brings it. */
  const later = (task: (panel: Panel) => void): void => {
    if (panel) task(panel);
    else onPanel.push(task);
  };
  const open = (by: 'user' | 'script'): void => withPanel((it) => it.open(by));
  const setHidden = (hidden: boolean): void => {
    if (drawn) drawn.button.hidden = hidden;
    if (hidden && isOpen) panel?.close();
  };

  const methods: Record<string, (args: Args) => void> = {
    open: () => open('script'),
    close: () => panel?.close(),
    toggle: () => (isOpen ? panel?.close() : open('script')),
    show: () => setHidden(false),
    hide: () => setHidden(true),
    boot: () => setHidden(false),
    send: ([text]) => typeof text === 'string' && withPanel((it) => it.send(text)),
    prefill: ([text]) => typeof text === 'string' && later((it) => it.prefill(text)),
    newConversation: () => withPanel((it) => it.newConversation()),
    identify: ([who]) => {
      Object.assign(identity, who);
      panel?.identify({ ...(who as Identity) });
    },
    update: ([changes]) => {
      const next = { ...(changes as { widget?: PublicWidget } & Identity) };
      if (next.widget) drawn?.draw((widget = next.widget), scheme);
      later((it) => it.update(next));
    },
    setLocale: ([value]) => {
      locale = String(value);
      panel?.setLocale(locale);
    },
    setTheme: ([value]) => {
      if (value !== 'auto' && value !== 'light' && value !== 'dark') return;
      scheme = value as Scheme;
      drawn?.draw(widget, scheme);
      panel?.setScheme(scheme);
    },
    track: ([type, data]) => typeof type === 'string' && later((it) => it.track(type, data)),
    logout: () => {
      for (const field of ['token', 'name', 'email'] as const) delete identity[field];
      if (panel) panel.logout();
      else forgetSession(widgetKey);
      drawn?.setUnread(0);
    },
  };

  const waiting: [string, Args][] = [];
  let isReady = false;
  const start = async (): Promise<void> => {
    const told = options.preview ?? (await fetchWidget(origin, widgetKey, gone.signal));
    // A script in the head may be here before there is a body to draw in.
    if (document.body === null) await new Promise((done) => document.addEventListener('DOMContentLoaded', done, { once: true }));
    if (gone.signal.aborted) return;
    widget = told;
    drawn = createLauncher(
      containerOf(options),
      inline,
      () => (isOpen ? panel?.close() : open('user')),
      () => void load().catch(() => undefined),
    );
    drawn.draw(widget, scheme);
    drawn.button.hidden = options.hidden === true;
    if ('unread' in told && typeof told.unread === 'number' && told.unread > 0) onUnread(told.unread);
    isReady = true;
    events.emit('ready', { widgetKey });
    if (inline) open('script');
    for (const [method, args] of waiting.splice(0)) methods[method]?.(args);
  };
  start().catch((error: unknown) => {
    if (!gone.signal.aborted) console.warn(`Tiller: no chat for ${widgetKey}: ${error instanceof Error ? error.message : String(error)}`);
  });

  return {
    widgetKey,
    call(method, args) {
      if (isReady || method === 'logout') methods[method]?.(args);
      else waiting.push([method, args]);
    },
    destroy() {
      gone.abort();
      panel?.destroy();
      drawn?.destroy();
      panel = drawn = undefined;
    },
  };
};
