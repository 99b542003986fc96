// Markdown of messages as DOM nodes, chunk by chunk. Never raw HTML, no images, links of four schemes only: text comes
// from models and from visitors. One renderer for the widget and the console.
import {
  CHECKBOX,
  CODE_BLOCK,
  CODE_FENCE,
  DOCUMENT,
  EQUATION_BLOCK,
  EQUATION_INLINE,
  HREF,
  IMAGE,
  LINK,
  RAW_URL,
  SRC,
  START,
  TABLE,
  TABLE_CELL,
  TABLE_ROW,
  Token,
  parser,
  parser_end,
  parser_write,
} from 'streaming-markdown';
import type { Attr, Renderer } from 'streaming-markdown';
import { make } from './page.ts';
import { safeHref } from '../shared/href.ts';

/** A text that grows in place. */
export interface MarkdownWriter {
  /** Appends a chunk; what is drawn already is not touched, so a selection in it survives. */
  write(chunk: string): void;
  /** No more chunks: draws what was held back. */
  end(): void;
  /** The innermost element that is being written: where a caret stands. */
  tip(): HTMLElement;
}

const tags: Partial<Record<Token, string>> = {
  [Token.Blockquote]: 'blockquote',
  [Token.Paragraph]: 'p',
  [Token.Line_Break]: 'br',
  [Token.Rule]: 'hr',
  [Token.Italic_Ast]: 'em',
  [Token.Italic_Und]: 'em',
  [Token.Strong_Ast]: 'strong',
  [Token.Strong_Und]: 'strong',
  [Token.Strike]: 's',
  [Token.Code_Inline]: 'code',
  [Token.Raw_URL]: 'a',
  [Token.Link]: 'a',
  // An image would be fetched from wherever the text says, and tell that place who reads: it becomes a link.
  [Token.Image]: 'a',
  [Token.List_Unordered]: 'ul',
  [Token.List_Ordered]: 'ol',
  [Token.List_Item]: 'li',
};

const isHeading = (type: Token): boolean => type >= Token.Heading_1 && type <= Token.Heading_6;

interface Open {
  type: Token;
  node: HTMLElement;
}

/** A link that has nowhere to go was brackets in a sentence (`[1]`), or is refused: its words stay, the link goes. */
const unwrap = ({ type, node }: Open, isFinished: boolean): void => {
  const words = [...node.childNodes];
  const wasRefused = node.dataset['refused'] !== undefined;
  const brackets = type !== RAW_URL && !wasRefused;
  node.replaceWith(...(brackets ? [`${type === IMAGE ? '!' : ''}[`, ...words, ...(isFinished ? [']'] : [])] : words));
};

const element = (parent: HTMLElement, type: Token): HTMLElement => {
  const create = (tag: string): HTMLElement => make(tag as keyof HTMLElementTagNameMap);
  if (isHeading(type)) {
    // A heading of a message is not a heading of the page around it.
    const heading = create('p');
    heading.className = `md-heading md-h${type - Token.Heading_1 + 1}`;
    return parent.appendChild(heading);
  }
  switch (type) {
    case CODE_BLOCK:
    case CODE_FENCE: {
      const pre = parent.appendChild(create('pre'));
      // Long lines scroll sideways, so the keyboard must be able to get there.
      pre.tabIndex = 0;
      return pre.appendChild(create('code'));
    }
    case CHECKBOX: {
      const box = create('span');
      box.className = 'md-checkbox';
      box.textContent = '☐ ';
      return parent.appendChild(box);
    }
    case TABLE: {
      // A wide table scrolls by itself, and the keyboard must be able to get there.
      const scroller = parent.appendChild(create('div'));
      scroller.className = 'md-table';
      scroller.tabIndex = 0;
      return scroller.appendChild(create('table'));
    }
    case TABLE_ROW: {
      const isHead = parent.childElementCount === 0;
      const group =
        isHead || parent.childElementCount === 1
          ? parent.appendChild(create(isHead ? 'thead' : 'tbody'))
          : parent.children[1]!;
      return group.appendChild(create('tr'));
    }
    case TABLE_CELL:
      return parent.appendChild(create(parent.parentElement?.tagName === 'THEAD' ? 'th' : 'td'));
    case EQUATION_BLOCK:
    case EQUATION_INLINE: {
      // "$" is money far more often than mathematics: the signs stay as they were written.
      const plain = create('span');
      plain.textContent = '$';
      return parent.appendChild(plain);
    }
  }
  return parent.appendChild(create(tags[type] ?? 'span'));
};

const rendererInto = (target: HTMLElement): Renderer<Open[]> & { closeAll(): void } => {
  const open: Open[] = [{ type: DOCUMENT, node: target }];
  const close = (isFinished: boolean): void => {
    if (open.length === 1) return;
    const last = open.pop()!;
    const { type, node } = last;
    const isLink = type === LINK || type === IMAGE || type === RAW_URL;
    if (isLink && !node.hasAttribute('href')) unwrap(last, isFinished);
    if ((type === EQUATION_BLOCK || type === EQUATION_INLINE) && isFinished) node.append('$');
  };
  return {
    data: open,
    add_token: (_, type) => {
      if (type === DOCUMENT) return;
      open.push({ type, node: element(open.at(-1)!.node, type) });
    },
    end_token: () => close(true),
    add_text: (_, text) => {
      const { node } = open.at(-1)!;
      // One text node that grows, not one for every frame.
      if (node.lastChild instanceof Text) node.lastChild.appendData(text);
      else node.append(text);
    },
    set_attr: (_, type: Attr, value) => {
      const { node, type: token } = open.at(-1)!;
      if (type === HREF || type === SRC) {
        const href = safeHref(value);
        if (href === null) {
          node.dataset['refused'] = '';
          return;
        }
        node.setAttribute('href', href);
        node.setAttribute('target', '_blank');
        node.setAttribute('rel', 'noopener noreferrer nofollow');
        if (node.childNodes.length === 0) node.append(href);
      } else if (type === START && token === Token.List_Ordered && /^\d{1,9}$/.test(value)) {
        node.setAttribute('start', value);
      } else if (token === CHECKBOX) {
        node.textContent = '☑ ';
      }
    },
    closeAll: () => {
      // What never ended keeps its opening sign alone.
      while (open.length > 1) close(false);
    },
  };
};

/**
 * Draws markdown at the end of `target`, which should be empty. Give plain text of visitors and people to a text node
 * instead. Where the parser gives up (absurd nesting), the rest is drawn as plain text: nothing is lost, nothing throws.
 */
export const renderMarkdown = (target: HTMLElement): MarkdownWriter => {
  const renderer = rendererInto(target);
  const state = parser(renderer);
  let plain: HTMLElement | null = null;
  const attempt = (work: () => void, rest: string): void => {
    if (plain === null) {
      try {
        work();
        return;
      } catch {
        plain = target.appendChild(make('p'));
      }
    }
    plain.append(rest);
  };
  return {
    write: (chunk) => attempt(() => parser_write(state, chunk), chunk),
    end: () => {
      attempt(() => parser_end(state), '');
      renderer.closeAll();
    },
    tip: () => plain ?? renderer.data.at(-1)!.node,
  };
};
