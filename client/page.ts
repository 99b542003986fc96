// The only file of the widget that reads the host page. HTML alone can give an element the name of anything that
// `document` has: after `<img name="body">`, `document.body` is that picture. Such HTML may come from a visitor of the page.
// The prototypes have no named elements, so everything is read and called through them. Lint keeps other files to this one.

/** What the document itself has under `name`, whatever elements are called. Methods come bound to the document. */
export const read = <K extends keyof Document>(name: K): Document[K] => {
  const found: Document[K] = Reflect.get(Document.prototype, name, document);
  return typeof found === 'function' ? found.bind(document) : found;
};

/** Whether nobody sees the page now. A program without a page is never hidden. */
export const isHidden = (): boolean => typeof document !== 'undefined' && read('hidden');

/** A new element, which is nowhere in the page yet. */
export const make = <K extends keyof HTMLElementTagNameMap>(tag: K, className = ''): HTMLElementTagNameMap[K] => {
  const made = read('createElement')(tag);
  if (className) made.className = className;
  return made;
};

/** The methods of a document that a renderer asks for; the build gives them to Preact. */
export const nodes: Pick<Document, 'createElementNS' | 'createTextNode'> = {
  get createElementNS() {
    return read('createElementNS');
  },
  get createTextNode() {
    return read('createTextNode');
  },
};

/** Puts `node` at the end of an element of the page: a field of a form may be called `append`. Throws where `place` is no element. */
export const put = (place: Element, node: Element): void => Element.prototype.append.call(place, node);

/** Applies a style sheet to the whole page until the returned undo. */
export const adoptSheet = (sheet: CSSStyleSheet): (() => void) => {
  const set = (sheets: CSSStyleSheet[]): boolean =>
    Reflect.set(Document.prototype, 'adoptedStyleSheets', sheets, document);
  set([...read('adoptedStyleSheets'), sheet]);
  return () => void set(read('adoptedStyleSheets').filter((other) => other !== sheet));
};

/** Where the visitor is, within the limits of the server. */
export const whereabouts = (): { url: string; title: string; referrer: string } => ({
  url: location.href.slice(0, 2048),
  title: read('title').slice(0, 300),
  referrer: read('referrer').slice(0, 2048),
});

/** What the page gave as options, by its own fields: `Object.prototype.token` is not the page's word. Nothing has no fields. */
export const own = <T>(given: T): Partial<T & object> => ({ __proto__: null, ...given });

/** The globals of the page. An element answers to each name that no script has taken, so every value must be checked. */
export const globals = globalThis as unknown as Record<string, unknown>;
