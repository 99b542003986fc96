// What the loader and the panel promise each other, and what a host page may ask of the widget.
import type { PublicWidget } from '../../shared/widget.ts';

/** What a host page may call, as `Tiller('open')` or `Tiller.open()`. */
export const widgetMethods =
  'init boot open close toggle show hide identify update logout shutdown send prefill newConversation setLocale setTheme track on off destroy'.split(
    ' ',
  );

/** What a host page may listen to, and what it is told with it. */
export interface WidgetEvents {
  ready: { widgetKey: string };
  open: { isOpen: true };
  close: { isOpen: false };
  'message:sent': { clientId: string; text: string };
  'message:received': { messageId: string; author: 'ai' | 'agent' | 'system'; name?: string; text: string };
  'reply:start': { replyId: string };
  'reply:done': { replyId: string; outcome: string };
  handoff: { agentName: string | null; waiting: boolean };
  unread: { count: number };
  lead: { name?: string; email?: string };
  csat: { rating: number };
  connection: { status: string };
  /** An identity token was refused, with the reason, or a signed session has ended. */
  error: { code: string; message: string };
}
export type WidgetEvent = keyof WidgetEvents;
export type Emit = <E extends WidgetEvent>(event: E, detail: WidgetEvents[E]) => void;

export type Scheme = PublicWidget['scheme'];

/** Who the visitor is: a token signed by the site's owner, or what the page merely says (unverified). */
export interface Identity {
  token?: string;
  name?: string;
  email?: string;
}

export interface InitOptions extends Identity {
  widgetKey: string;
  /** Shown instead of what the server would tell: a preview of unsaved settings. */
  preview?: PublicWidget;
  /** Marks what is said as a trial of the settings. */
  channel?: 'test';
  /** The panel is open from the start and fills `container`; no launcher. */
  inline?: boolean;
  /** An element or a selector; default `document.body`. */
  container?: Element | string;
  /** BCP 47; default the language of the document, then of the browser. */
  locale?: string;
  /** Overrides the widget's own scheme. */
  theme?: Scheme;
  /** Starts without a launcher; `show` brings it. */
  hidden?: boolean;
}

export interface PanelOptions {
  root: ShadowRoot;
  /** `http(s)://host[:port]` of the server. */
  origin: string;
  widget: PublicWidget;
  /** What the page initialised with. */
  init: InitOptions;
  /** The page's wish by now. */
  scheme: Scheme | undefined;
  emit: Emit;
  /** The panel opened or closed; the loader moves focus and redraws the launcher. */
  onOpenChange: (isOpen: boolean) => void;
  onUnread: (count: number) => void;
}

/** The calls of a page that the panel answers; the others are the loader's. */
export type PanelMethod =
  | 'send'
  | 'prefill'
  | 'newConversation'
  | 'identify'
  | 'update'
  | 'setLocale'
  | 'setTheme'
  | 'track'
  | 'logout';

/** What the loader may ask of a mounted panel. */
export interface Panel {
  /** `user`: focus moves into the panel. `script`: it stays where it is. */
  open(by: 'user' | 'script'): void;
  close(): void;
  /** Passes on what the page called, unchecked; what makes no sense does nothing. */
  call(method: string, args: readonly unknown[]): void;
  /** Removes every node, listener and timer. */
  destroy(): void;
}

/** What the part needs that watches the page and speaks first. */
export interface Watching {
  root: ShadowRoot;
  /** `http(s)://host[:port]` of the server. */
  origin: string;
  widget: PublicWidget;
  /** The page's wish by now. */
  scheme: Scheme | undefined;
  /** As the host page calls the widget. */
  call: (method: string, args: unknown[]) => void;
}

export interface ProactiveModule {
  watch: (watching: Watching) => void;
}

export interface PanelModule {
  mountPanel: (options: PanelOptions) => Panel;
}
