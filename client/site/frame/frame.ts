// A widget as a whole page: by a link, or in a frame on a page that the widget's allowed domains name. `?locale=` and
// `?theme=light|dark` overrule what the browser and the widget's settings say.
import type { Tiller } from '../demo/demo.ts';

/** What the page itself may have to say: switched off, not loaded, again. */
const texts: Record<string, [off: string, failed: string, again: string]> = {
  en: ['This chat is switched off at the moment.', 'The chat could not be loaded.', 'Try again'],
  de: ['Dieser Chat ist zurzeit abgeschaltet.', 'Der Chat konnte nicht geladen werden.', 'Noch einmal versuchen'],
  fr: ['Ce chat est désactivé pour le moment.', 'Le chat n’a pas pu être chargé.', 'Réessayer'],
  es: ['Este chat está desactivado por el momento.', 'No se pudo cargar el chat.', 'Reintentar'],
  ar: ['هذه المحادثة متوقفة حاليًا.', 'تعذّر تحميل المحادثة.', 'أعد المحاولة'],
  zh: ['此聊天目前已关闭。', '无法加载聊天。', '重试'],
};
const patienceMs = 15_000;

const asked = new URLSearchParams(location.search);
const locale = asked.get('locale') ?? navigator.language;
const language = locale.slice(0, 2).toLowerCase();
const known = language in texts ? language : 'en';
const [off, failed, again] = texts[known]!;
document.documentElement.lang = known;
document.documentElement.dir = known === 'ar' ? 'rtl' : 'ltr';

const theme = ['light', 'dark'].find((one) => one === asked.get('theme')) ?? null;
if (theme !== null) document.documentElement.dataset['theme'] = theme;

const note = document.querySelector<HTMLElement>('main.note')!;
const button = note.querySelector('button')!;
const say = (text: string, mayRetry: boolean): void => {
  note.querySelector('p')!.textContent = text;
  button.textContent = again;
  button.hidden = !mayRetry;
  note.hidden = false;
};
button.addEventListener('click', () => location.reload());

const start = (): void => {
  const scope = window as unknown as { Tiller?: Tiller };
  const queue: Tiller = (...call) => void (queue.q ??= []).push(call);
  scope.Tiller ??= queue;
  const tell = (...call: unknown[]): void => scope.Tiller?.(...call);

  const late = setTimeout(() => say(failed, true), patienceMs);
  tell('on', 'ready', () => {
    clearTimeout(late);
    note.hidden = true;
  });
  tell('init', {
    widgetKey: decodeURIComponent(location.pathname.split('/')[2] ?? ''),
    inline: true,
    container: '#widget',
    locale,
    ...(theme === null ? {} : { theme }),
  });

  const script = document.createElement('script');
  script.src = '/widget.js';
  // The loader finds itself by this name where a module added it.
  script.id = 'Tiller';
  (window as unknown as { PatWidget?: string }).PatWidget = 'Tiller';
  script.addEventListener('error', () => say(failed, true));
  document.head.append(script);
};

if (document.body.dataset['state'] === 'off') say(off, false);
else start();
