// Where the loader came from and which global the page talks to it through. Elements that the page's visitors may have
// written (a `<base>`, a second script with a key) must not decide this.

interface Here {
  /** `http(s)://host[:port]` that served the script: the server. */
  origin: string;
  /** The name of the global function. */
  name: string;
  /** From `data-widget-key`: initialise without a call. */
  widgetKey: string | undefined;
}

/**
 * The server stands in the script's address where that is written whole. A relative one is not resolved: that would
 * follow a `<base>` that came into the page later. Then the stack says what the browser loaded, as it does in a module
 * and in a shadow tree, where no script is the running one.
 * @param script the running script
 * @param keyed the scripts that carry a key; without a running one a key counts where there is no second
 * @param snippetName `window.PatWidget`: the snippet of contract 000 writes the name of its global there and gives it to the script as id
 * @param stack of an error made in this script
 * @returns undefined where nothing says which server it is
 */
export const locate = (
  script: HTMLOrSVGScriptElement | null,
  keyed: Iterable<HTMLElement>,
  snippetName: unknown,
  stack: string,
): Here | undefined => {
  const whole = /^https?:\/\/[^/]+/i.exec(script?.getAttribute('src') ?? '');
  const [origin] = whole ?? /https?:\/\/[^\s/]+(?=\/widget)/.exec(stack) ?? [];
  if (!origin) return undefined;
  const [first, second] = keyed;
  // Only a script can have written a string there: an element of that name is none.
  const isNamed = typeof snippetName === 'string' && (!script || script.id === snippetName);
  return {
    origin,
    name: (isNamed && snippetName) || 'Tiller',
    widgetKey: (script ?? (second ? undefined : first))?.dataset['widgetKey'],
  };
};
