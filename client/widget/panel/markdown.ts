// Markdown to inert nodes while it streams: no HTML, no images, links to http(s), mailto and tel alone.
import {
  CHECKBOX,
  CHECKED,
  HEADING_1,
  HEADING_6,
  HREF,
  IMAGE,
  START,
  TABLE,
  default_renderer,
  parser,
  parser_end,
  parser_write,
} from 'streaming-markdown';
import type { Attr, Default_Renderer, Default_Renderer_Data, Parser, Token } from 'streaming-markdown';
import { safeHref } from './href.ts';

/** The parser takes `$` for mathematics; prices and shell variables are far more common here, so it never sees one. */
const DOLLAR = '\uE024';
const hideDollars = (text: string): string => text.replaceAll('$', DOLLAR);
const showDollars = (text: string): string => text.replaceAll(DOLLAR, '$');

const append = <E extends HTMLElement>(data: Default_Renderer_Data, element: E): E => {
  data.nodes[data.index]!.append(element);
  data.nodes[++data.index] = element;
  return element;
};
const element = (name: string, className = ''): HTMLElement => {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  return made;
};

const addToken = (base: Default_Renderer, data: Default_Renderer_Data, type: Token): void => {
  // The host page owns the outline of headings; a message has bold lines.
  if (type >= HEADING_1 && type <= HEADING_6) append(data, element('p', 'heading'));
  // Its alternative text is what stays of an image.
  else if (type === IMAGE) append(data, element('span'));
  else if (type === CHECKBOX) append(data, element('span')).textContent = '☐ ';
  else if (type === TABLE) {
    const scroller = element('div', 'table');
    scroller.tabIndex = 0;
    data.nodes[data.index]!.append(scroller);
    const table = element('table');
    scroller.append(table);
    data.nodes[++data.index] = table;
  } else base.add_token(data, type);
};

const addText = (data: Default_Renderer_Data, written: string): void => {
  const node = data.nodes[data.index]!;
  const text = showDollars(written);
  // One text node that grows, not one for every frame.
  if (node.lastChild instanceof Text) node.lastChild.appendData(text);
  else node.append(text);
};

const setAttr = (data: Default_Renderer_Data, type: Attr, value: string): void => {
  const node = data.nodes[data.index]!;
  if (type === HREF) {
    const href = safeHref(showDollars(value));
    if (href === null || node.localName !== 'a') return;
    node.setAttribute('href', href);
    node.setAttribute('target', '_blank');
    node.setAttribute('rel', 'noopener noreferrer nofollow');
  } else if (type === CHECKED) node.textContent = '☑ ';
  else if (type === START && /^\d{1,9}$/.test(value)) node.setAttribute('start', value);
  // Everything else (an image's source, a language that would become a class name) is left out.
};

export interface MarkdownStream {
  write(text: string): void;
  /** Nothing follows: what was held back as possible mark-up is shown. */
  end(): void;
  /** The innermost element that is being written: where a caret stands. */
  tip(): HTMLElement;
}

/** Renders into `root`, which must be empty. */
export const streamMarkdown = (root: HTMLElement): MarkdownStream => {
  const base = default_renderer(root);
  const renderer: Default_Renderer = {
    data: base.data,
    add_token: (data, type) => addToken(base, data, type),
    end_token: base.end_token,
    add_text: addText,
    set_attr: setAttr,
  };
  const state: Parser = parser(renderer);
  return {
    write: (text) => parser_write(state, hideDollars(text)),
    end: () => parser_end(state),
    tip: () => base.data.nodes[base.data.index] ?? root,
  };
};
