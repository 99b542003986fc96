// What a widget is before anybody changed it, and the code that puts it on a page. On which pages: `allowed-domains.ts`.
import type { WidgetSettings } from '../../shared/widget.ts';

/** The settings of a new widget but for its name and assistant; texts and colours follow contract 000's documented defaults. */
export const widgetDefaults: Omit<WidgetSettings, 'assistantId'> = {
  name: 'Website Chat',
  description: '',
  type: 'chat',
  isEnabled: true,
  isAutopilot: true,
  position: 'bottom-right',
  offsetX: 24,
  offsetY: 24,
  zIndex: 9999,
  scheme: 'auto',
  colors: { primary: '#6366f1' },
  texts: {
    title: 'Chat with us',
    welcome: 'Hi! How can I help you today?',
    offline: "Leave a message and we'll get back to you.",
    status: '',
    placeholder: 'Write a message',
    bubble: '',
    csatThanks: 'Thank you for your feedback.',
  },
  form: { name: true, email: true, when: 'after-answer' },
  openingMessages: [],
  actionButtons: [],
  allowedDomains: [],
  typingPreview: false,
  hideBranding: false,
  proactive: { isEnabled: false, cooldownSeconds: 300, triggers: [] },
};

/** A link that a page may offer: http(s), mail, phone, or a path of the page's own site. Never `//`, `\` or another scheme. */
export const isSafeLink = (url: string): boolean => {
  if (/[\\\s]/.test(url) || url.startsWith('//')) return false;
  if (url.startsWith('/')) return true;
  return /^(https?:\/\/|mailto:|tel:)/i.test(url) && URL.canParse(url);
};

/** The one-line embed code in the queue form: calls made before the script has loaded are kept and replayed. */
export const embedCode = (baseUrl: string, widgetKey: string): string =>
  "<script>(function(w,d,s,o,f,js,fjs){w['PatWidget']=o;w[o]=w[o]||function(){(w[o].q=w[o].q||[]).push(arguments)};" +
  'js=d.createElement(s);fjs=d.getElementsByTagName(s)[0];js.id=o;js.src=f;js.async=1;fjs.parentNode.insertBefore(js,fjs);' +
  `}(window,document,'script','PatChat','${baseUrl}/widget/pat-chat.js'));PatChat('init',{widgetKey:'${widgetKey}'});</script>`;

/** The short embed code: one tag, for pages that need no queue. */
export const shortEmbedCode = (baseUrl: string, widgetKey: string): string =>
  `<script async src="${baseUrl}/widget.js" data-widget-key="${widgetKey}"></script>`;
