// The page inside the settings' frame: the real widget on an empty page. `?chat`: a real trial conversation, else it
// shows what the settings send before they are saved.
import type { PublicWidget } from '../../shared/widget.ts';
import type { InitOptions } from '../widget/contract.ts';
import './preview.css';

type Api = ((...call: unknown[]) => void) & { q: unknown[][] };

const stub: Api = Object.assign((...call: unknown[]): void => void stub.q.push(call), { q: [] as unknown[][] });
const scope = window as unknown as { Tiller?: Api };
scope.Tiller ??= stub;
/** The queue now, the widget itself once its script ran. */
const tiller = (...call: unknown[]): void => scope.Tiller?.(...call);

const widgetKey = decodeURIComponent(location.pathname.split('/')[2] ?? '');
const options: InitOptions = { widgetKey, inline: true, container: '#widget', channel: 'test' };

const script = document.createElement('script');
script.src = '/widget.js';
script.id = 'Tiller';
// The loader finds its element by this where a module added it.
script.dataset['global'] = 'Tiller';
(window as unknown as { PatWidget?: string }).PatWidget = 'Tiller';
script.addEventListener('error', () => parent.postMessage({ type: 'tiller:preview-failed' }, location.origin));
document.head.append(script);

if (new URLSearchParams(location.search).has('chat')) {
  tiller('init', options);
} else {
  let isStarted = false;
  addEventListener('message', (event: MessageEvent<{ type?: string; widget?: PublicWidget } | null>) => {
    if (event.origin !== location.origin || event.source !== parent) return;
    const widget = event.data?.widget;
    if (event.data?.type !== 'tiller:preview' || widget === undefined) return;
    if (isStarted) tiller('update', { widget });
    else tiller('init', { ...options, preview: widget });
    isStarted = true;
  });
}
parent.postMessage({ type: 'tiller:preview-ready' }, location.origin);
