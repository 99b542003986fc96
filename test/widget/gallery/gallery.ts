// Shows one scene: `?scene=takeover&brand=%23FFD400&scheme=dark&width=…`. The launcher and the panel are the real ones.
import type { PublicWidget } from '../../../shared/widget.ts';
import { deriveTheme } from '../../../shared/theme.ts';
import { createLauncher } from '../../../client/widget/loader/launcher.ts';
import { mountOver } from '../../../client/widget/panel/mount.tsx';
import { scenes } from './scenes.ts';
import { scriptedClient } from './scripted-client.ts';
import type { Script } from './scripted-client.ts';

declare global {
  interface Window {
    script: Script;
    isReady?: true;
    told: { event: string; detail: unknown }[];
    /** As settings do: other colours and words for the open panel. */
    restyle: (brand: string, title: string) => void;
  }
}

const asked = new URLSearchParams(location.search);
const scene = scenes[asked.get('scene') ?? 'empty'] ?? {};
const texts = {
  title: 'Selwick Kayaks',
  welcome: 'Hi! Ask me about trips, hire or the weather on the river.',
  offline: '',
  status: '',
  placeholder: '',
  bubble: '',
  csatThanks: '',
};
const widget: PublicWidget = {
  widgetKey: 'wgt_gallery',
  position: asked.get('position') === 'bottom-left' ? 'bottom-left' : 'bottom-right',
  offsetX: 24,
  offsetY: 24,
  zIndex: 9999,
  scheme: (asked.get('scheme') ?? 'light') as PublicWidget['scheme'],
  theme: deriveTheme({ primary: asked.get('brand') ?? scene.brand ?? '#0f766e' }),
  form: { name: false, email: false, when: 'never' },
  openingMessages: ['Which trip suits beginners?', 'What does a day of hire cost?', 'Can children come along?'],
  actionButtons: [{ label: 'Talk to a person', action: 'handoff' }],
  typingPreview: false,
  hideBranding: false,
  privacyUrl: 'https://example.com/privacy',
  isProactive: false,
  assistantName: 'Skipper',
  isAutopilot: true,
  availability: 'online',
  ...scene.widget,
  texts:
    scene.locale === undefined ? { ...texts, bubble: asked.get('bubble') ?? '' } : { ...texts, welcome: '', title: '' },
};

const script = scriptedClient(widget, Date.now() - 4 * 60_000);
window.script = script;
window.told = [];
const isInline = asked.get('inline') === '1';
const memory = new Map<string, string>();
const launcher = createLauncher(
  isInline ? (document.querySelector('#host') ?? document.body) : document.body,
  isInline,
  () => panel.open('user'),
  () => undefined,
);
launcher.draw(widget, undefined);
const panel = mountOver(
  script.client,
  {
    getItem: (key) => memory.get(key) ?? null,
    setItem: (key, value) => void memory.set(key, value),
    removeItem: (key) => void memory.delete(key),
    keys: () => [...memory.keys()],
  },
  {
    root: launcher.root,
    origin: location.origin,
    widget,
    init: { widgetKey: widget.widgetKey, inline: isInline, locale: scene.locale ?? 'en' },
    scheme: undefined,
    emit: (event, detail) => void window.told.push({ event, detail }),
    onOpenChange: (isOpen) => launcher.setOpen(isOpen),
    onUnread: (count) => launcher.setUnread(count),
  },
);
window.restyle = (primary, title) =>
  panel.call('update', [{ widget: { ...widget, theme: deriveTheme({ primary }), texts: { ...widget.texts, title } } }]);
await scene.play?.(script);
if (scene.isClosed !== true) panel.open('script');
const frame = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => done()));
for (const selector of (scene.click ?? '').split('|').filter(Boolean)) {
  while (launcher.root.querySelector(selector) === null) await frame();
  launcher.root.querySelector<HTMLElement>(selector)?.click();
}
await frame();
window.isReady = true;
