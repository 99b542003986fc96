// Where the loader came from and which global the page talks to it through.

interface Here {
  /** `http(s)://host[:port]` that served the script: the server. */
  origin: string;
  /** The name of the global function. */
  name: string;
  /** From `data-widget-key`: initialise without a call. */
  widgetKey: string | undefined;
}

/** The snippet of contract 000 writes the name of its global into `window.PatWidget` and gives it to the script as id. */
export const locate = (script: HTMLScriptElement, snippetName: unknown): Here => ({
  origin: new URL(script.src).origin,
  name: script.id && script.id === snippetName ? script.id : 'Tiller',
  widgetKey: script.dataset['widgetKey'],
});

/** The running script; where a tag manager hid it, the element that the snippet named, or one that carries a key. */
export const findScript = (document: Document, snippetName: unknown): HTMLScriptElement | null =>
  (document.currentScript ??
    document.getElementById(snippetName as string) ??
    document.querySelector('script[data-widget-key]')) as HTMLScriptElement | null;
