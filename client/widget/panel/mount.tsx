// Puts a panel into a shadow root, over whatever client it is given, and takes all of it away again.
import { make } from '../../page.ts';
import { computed, effect, signal } from './signals.ts';
import { render } from 'preact';
import type { KeyValueStorage, VisitorClient } from '../../sdk/api.ts';
import type { Panel, PanelMethod, PanelOptions } from '../contract.ts';
import { answerCall } from './calls.ts';
import { App } from './components/app.tsx';
import { relayEvents } from './events.ts';
import { panelMemory } from './memory.ts';
import { PanelModel } from './model.ts';
import { chime } from './sound.ts';
import cards from './styles/cards.css?inline';
import composer from './styles/composer.css?inline';
import list from './styles/list.css?inline';
import base from './styles/panel.css?inline';
import { themeCss } from './theme.ts';
import { watchViewport } from './viewport.ts';

/** Connects at once: whoever mounts a panel was asked for it. */
export const mountOver = (client: VisitorClient, storage: KeyValueStorage, options: PanelOptions): Panel => {
  const { root, init } = options;
  const inline = init.inline === true;
  const sheets = new Map<string, CSSStyleSheet>();
  const adopt = (css: string): void => {
    if (sheets.has(css)) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    sheets.set(css, sheet);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  };
  const model = new PanelModel(client, panelMemory(storage, options.widget.widgetKey), adopt, options);
  const theme = new CSSStyleSheet();
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, theme];
  adopt(base + list + composer + cards);

  const dark = matchMedia('(prefers-color-scheme: dark)');
  const isDarkSystem = signal(dark.matches);
  const onScheme = (): void => void (isDarkSystem.value = dark.matches);
  dark.addEventListener('change', onScheme);
  const isDark = computed(() => {
    const scheme = model.scheme.value ?? model.widget.value.scheme;
    return scheme === 'auto' ? isDarkSystem.value : scheme === 'dark';
  });
  const viewport = watchViewport(root, model.isOpen, inline);
  const host = make('div');
  root.append(host);

  const setOpen = (isOpen: boolean): void => {
    if (model.isOpen.peek() === isOpen) return;
    // First the page's side, which moves the focus out before what holds it is hidden.
    options.onOpenChange(isOpen);
    model.isOpen.value = isOpen;
  };
  const close = (): void => {
    if (!inline) setOpen(false);
  };

  let isGone = false;
  let loadParts = (): void => undefined;
  const undo = [
    effect(() => theme.replaceSync(themeCss(model.widget.value.theme))),
    relayEvents(client, options.emit, () => {
      if (model.sound.peek() && !(model.isOpen.peek() && model.isVisible.peek())) chime();
    }),
  ];
  render(
    <App
      model={model}
      isFull={viewport.isFull}
      isDark={isDark}
      onClose={close}
      onRegions={(polite, assertive) => {
        loadParts = () => {
          model.isBroken.value = false;
          import('./lazy/conversation.ts').then(
            (parts) => {
              if (isGone) return;
              undo.push(parts.equip(model, polite, assertive));
              model.parts.value = parts;
            },
            () => void (model.isBroken.value = true),
          );
        };
        loadParts();
      }}
      onRetry={() => {
        if (model.isBroken.peek()) loadParts();
        client.connect();
      }}
    />,
    host,
  );
  client.connect();
  // A signed identity went with the handshake.
  const { token: _, ...said } = init;
  model.identify(said);

  return {
    open(by) {
      if (client.connection.get().status === 'idle') client.connect();
      setOpen(true);
      model.jump.value += 1;
      if (by === 'script') return;
      // A phone's keyboard would cover what the panel has to say: there the heading takes the focus.
      requestAnimationFrame(() => {
        if (viewport.isFull.peek()) root.querySelector<HTMLElement>('.root h2')?.focus();
        else model.focus.value += 1;
      });
    },
    close,
    call: (method, args) => answerCall(model, method as PanelMethod, args[0], args[1], close),
    destroy() {
      isGone = true;
      for (const stop of undo) stop();
      viewport.dispose();
      dark.removeEventListener('change', onScheme);
      render(null, host);
      host.remove();
      root.adoptedStyleSheets = root.adoptedStyleSheets.filter(
        (sheet) => sheet !== theme && ![...sheets.values()].includes(sheet),
      );
      model.dispose();
      client.disconnect();
    },
  };
};
