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
  origin: new URL(script.src, script.baseURI).origin,
  name: script.id !== '' && script.id === snippetName ? script.id : (script.dataset['global'] ?? 'Tiller'),
  widgetKey: script.dataset['widgetKey'],
});

/** The running script; where a bundler or a tag manager hid it, the element that the snippet named, or any that carries a key. */
export const findScript = (document: Document, snippetName: unknown): HTMLScriptElement | null => {
  const isScript = (node: Element | null): node is HTMLScriptElement => node?.localName === 'script';
  const current = document.currentScript;
  if (isScript(current) && current.src !== '') return current;
  const named = typeof snippetName === 'string' ? document.getElementById(snippetName) : null;
  return isScript(named) ? named : document.querySelector<HTMLScriptElement>('script[data-widget-key][src]');
};
