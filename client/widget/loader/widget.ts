// One widget on a page: its launcher now, its panel at the first interaction.
import type { PublicWidget } from '../../../shared/widget.ts';
import { own, read } from '../../page.ts';
import type { InitOptions, Panel, PanelModule, ProactiveModule, Scheme } from '../contract.ts';
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

/** Calls that bring the panel; the panel's others wait until somebody brings it. */
const bringing = /^(open|send|newC)/;

/** Starts at once. Never throws: a widget that cannot be had is one line on the console. */
export const createWidget = (origin: string, given: InitOptions, emit: Emitter['emit']): Widget => {
  let init = given;
  const { widgetKey, inline = false, container } = init;
  const waiting: [string, unknown[]][] = [];
  let widget: Told;
  let launcher: Launcher | undefined;
  let panel: Panel | undefined;
  let code: Promise<PanelModule> | undefined;
  let scheme = init.theme;
  let isOpen = false;
  let isMounting = false;
  let isGone = false;
  /** Rises where the page says that somebody else is here. */
  let who = 0;

  const warn = (problem: unknown): void => {
    if (!isGone) console.warn(`Tiller: ${widgetKey}`, problem);
  };
  /** Fetched at the first hint of interest; mounted, and so connected, only by a real one. */
  const part = (name: string) => import(/* @vite-ignore */ `${origin}/widget/${name}.js`);
  const load = (): Promise<PanelModule> => (code ??= part('panel'));
  const replay = (): void => {
    for (const [method, args] of waiting.splice(0)) call(method, args);
  };
  const onUnread = (count: number): void => {
    launcher?.setUnread(count);
    emit('unread', { count });
  };
  const onOpenChange = (value: boolean): void => {
    isOpen = value;
    launcher?.setOpen(value);
    emit(value ? 'open' : 'close', { isOpen: value });
  };

  const mount = async (to: Launcher): Promise<void> => {
    if (isMounting) return;
    isMounting = true;
    to.setBusy(true);
    try {
      const { mountPanel } = await load();
      if (isGone) return;
      panel = mountPanel({ root: to.root, origin, widget, init, scheme, emit, onUnread, onOpenChange });
      replay();
    } catch (error) {
      code = undefined;
      waiting.length = 0;
      warn(error);
    }
    isMounting = false;
    to.setBusy(false);
  };

  const setHidden = (isHidden: boolean): void => {
    if (launcher) launcher.button.hidden = isHidden;
    if (isHidden) panel?.close();
  };

  const call = (method: string, args: unknown[]): void => {
    const [first] = args;
    const token = method === 'identify' && own(first as InitOptions).token;
    if (method === 'logout' || token) {
      // What was unread was another's.
      who += 1;
      launcher?.setUnread(0);
    }
    // The panel begins as the person of the last call, not of the first.
    if (token && !panel) init = { ...init, token };
    if (method === 'logout') {
      if (!panel) {
        // Nor does the panel, once somebody opens it, sign in by what the page said before.
        const { token: _token, name: _name, email: _email, ...rest } = init;
        init = rest;
        waiting.length = 0;
        return forgetSession(origin, widgetKey);
      }
    }
    if (!launcher) return void waiting.push([method, args]);
    if (method === 'toggle') method = isOpen ? 'close' : 'open';
    switch (method) {
      case 'boot':
      case 'show':
      case 'hide':
        return setHidden(method === 'hide');
      case 'close':
        return panel?.close();
      case 'setTheme':
        scheme = first as Scheme;
        break;
      case 'update':
        widget = own(first as { widget?: Told }).widget ?? widget;
    }
    launcher.draw(widget, scheme);
    if (panel) {
      if (method === 'open') panel.open(first === 'user' ? first : 'script');
      else panel.call(method, args);
    } else {
      waiting.push([method, args]);
      if (bringing.test(method)) void mount(launcher);
    }
  };

  const start = async (): Promise<void> => {
    const session = storedSession(widgetKey);
    const asked = who;
    const headers: HeadersInit = init.token ? { 'X-Identity': init.token } : session ? { 'X-Session-Id': session } : {};
    widget = init.preview ?? ((await (await fetch(`${origin}/w/${widgetKey}`, { headers })).json()) as Told);
    if (widget.error) throw widget.error.message;
    // A script in the head may be here before there is a body to draw in.
    if (!read('body')) await new Promise((done) => addEventListener('DOMContentLoaded', done));
    if (isGone) return;
    const place = typeof container === 'string' ? read('querySelector')(container) : container;
    launcher = createLauncher(
      place ?? read('body'),
      inline,
      () => call('toggle', ['user']),
      () => void load().catch(() => (code = undefined)),
    );
    launcher.draw(widget, scheme);
    setHidden(!!init.hidden);
    if (widget.unread && asked === who) onUnread(widget.unread);
    emit('ready', { widgetKey });
    if (inline) call('open', []);
    // Where the owner lets the widget speak first: once somebody moves, who may be spoken to.
    else if (widget.isProactive)
      addEventListener(
        'pointermove',
        () => {
          part('proactive').then(
            (it: ProactiveModule) => it.watch({ ...launcher!, origin, widget, scheme, call }),
            warn,
          );
        },
        { once: true },
      );
    replay();
  };
  start().catch(warn);

  return {
    widgetKey,
    call,
    destroy() {
      isGone = true;
      panel?.destroy();
      launcher?.destroy();
    },
  };
};
