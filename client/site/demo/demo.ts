// The demo page's own use of the widget's JS API: chips ask a question, buttons open the chat or begin a message.
/** The widget's JS API in its queue form. */
export type Tiller = ((...call: unknown[]) => void) & { q?: unknown[][] };
declare global {
  interface Window {
    Tiller?: Tiller;
  }
}

/** Calls made before the widget has loaded wait in `q`, from where the widget takes them. */
const queue: Tiller = (...call) => {
  (queue.q ??= []).push(call);
};
window.Tiller ??= queue;
const tell = (...call: unknown[]): void => window.Tiller?.(...call);

for (const button of document.querySelectorAll<HTMLElement>('[data-ask], [data-prefill]')) {
  button.addEventListener('click', () => {
    tell('open');
    const { ask, prefill } = button.dataset;
    if (ask !== undefined) tell('send', ask);
    if (prefill !== undefined) tell('prefill', prefill);
  });
}
