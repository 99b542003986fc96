// The SDK's promises to whoever builds a client on it: the widget, the console, a bot, a test. Types only.
import type {
  CommandInput,
  CommandOutput,
  StaffCommandName,
  VisitorCommandName,
  staffCommands,
  visitorCommands,
} from '../../shared/commands.ts';
import type { ConversationState } from '../../shared/conversation.ts';
import type { WireError } from '../../shared/errors.ts';
import type { Page, VisibleFact } from '../../shared/facts.ts';
import type { InboxCounts, InboxFilter, InboxRow } from '../../shared/inbox.ts';
import type { Signal, ViewingAgent } from '../../shared/signals.ts';
import type { SessionView } from '../../shared/commands.ts';
import type { LiveReply, Reads } from '../../shared/view.ts';
import type { PublicWidget } from '../../shared/widget.ts';

/** A value that changes: no framework needed. `subscribe` calls back on every change, not at once; it returns the undo. */
export interface Observable<T> {
  get(): T;
  subscribe(listener: (value: T) => void): () => void;
}

/**
 * `idle`: not started. `connecting`: first attempt. `online`. `offline`: was online or tried, and tries again by itself
 * (`since` in ms, `retryAt` when the next try is due). `refused`: the server said no for good (bad key, disabled widget,
 * foreign origin, signed out); only `connect()` tries again.
 */
export type Connection =
  | { status: 'idle' }
  | { status: 'connecting' }
  | { status: 'online' }
  | { status: 'offline'; since: number; retryAt: number | null }
  | { status: 'refused'; error: WireError };

/** A message (or another appending command) on its way. FIFO per conversation; survives a reload where storage is given. */
export interface OutboxEntry {
  clientId: string;
  conversationId: string;
  command: VisitorCommandName | StaffCommandName;
  input: Record<string, unknown>;
  createdAt: number;
  /**
   * `queued`: waits for the connection or for an earlier entry. `sending`: asked, no ack yet. `waiting`: refused for now
   * (rate limit, a server that has too much to do), repeated at `retryAt`. `failed`: refused for good; stays until `retry` or `discard`.
   */
  status: 'queued' | 'sending' | 'waiting' | 'failed';
  retryAt?: number;
  error?: WireError;
}

export interface TypingState {
  /** Agents typing to the visitor (for a visitor), colleagues typing (for staff). Expires by itself after 6 s. */
  agents: { agentId: string; name: string }[];
  visitor: boolean;
  /** Staff, where the widget has consent on. */
  preview?: string;
}

/** One conversation as one reader sees it: everything a screen draws, in one immutable snapshot. */
export interface ConversationSnapshot {
  conversationId: string;
  /** False until the first view was applied. */
  isLoaded: boolean;
  state: ConversationState;
  /** Contiguous, oldest first, hidden facts left out. */
  facts: VisibleFact[];
  /** There are facts before the first one held: `loadEarlier()`. */
  hasEarlier: boolean;
  isLoadingEarlier: boolean;
  /** The answer in flight, or null. For visitors only `mode: 'answer'`. `startedAt` is this client's clock, ms. */
  reply: (LiveReply & { startedAt: number }) | null;
  reads: Reads;
  typing: TypingState;
  /** Staff: who else looks at it. */
  viewers: ViewingAgent[];
  /** This conversation's messages that the log does not hold yet, in order. */
  outbox: OutboxEntry[];
  /** Staff: why it cannot be opened (`not_found`, `forbidden`). */
  error?: WireError;
}

/** A small key-value store: `localStorage`, or a Map in Node. One entry per queued message, so that two tabs do not overwrite each other. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  keys(): string[];
}

export interface ClientOptions {
  /** `http(s)://host[:port]` of the server. */
  url: string;
  /** Default `/socket.io`. */
  path?: string;
  /** Where the outbox and the tokens live; in memory where absent. */
  storage?: KeyValueStorage;
  /** Default `['websocket']`. */
  transports?: ('websocket' | 'polling')[];
  /** Waits between reconnects, ms: grows from `min` to `max`, each with full jitter. Default 500 to 8000. */
  backoff?: { min: number; max: number };
  /** How long an ask waits for its ack, ms; default 10,000. */
  ackTimeoutMs?: number;
  /** Extra headers, Node only (tests: Origin, Cookie). */
  extraHeaders?: Record<string, string>;
}

/** What every client has. `ask` never throws: it resolves to the ack, `unavailable` where none came within `timeoutMs` (10,000). */
interface Client<N extends string, Asks extends typeof visitorCommands | typeof staffCommands> {
  readonly connection: Observable<Connection>;
  connect(): void;
  /** Closes the socket; the outbox stays. `connect()` resumes. */
  disconnect(): void;
  ask<K extends N & keyof Asks>(
    command: K,
    input: CommandInput<Asks, K>,
    options?: { timeoutMs?: number },
  ): Promise<{ ok: true; data: CommandOutput<Asks, K> } | { ok: false; error: WireError }>;
  /** Every fact as it is applied to a conversation, once, in order: for sounds, badges, events. */
  onFact(listener: (fact: VisibleFact, how: 'live' | 'loaded') => void): () => void;
  onSignal(listener: (signal: Signal) => void): () => void;
  /** Sends again what failed, with the same clientId. */
  retry(clientId: string): void;
  /** Forgets an entry that failed or still waits. */
  discard(clientId: string): void;
}

/** How something without a result went. */
export type Done = { ok: true } | { ok: false; error: WireError };

export interface VisitorClientOptions extends ClientOptions {
  widgetKey: string;
  /** Read at every session:open. */
  page?: () => Page | undefined;
  identity?: string;
  channel?: 'test';
  /** Keeps the tokens: `vis_`/`sess_` under keys that hold the widget key. Default: `storage`. */
}

export interface VisitorClient extends Client<VisitorCommandName, typeof visitorCommands> {
  /** The session's public view; null before the first `session:open`. */
  readonly widget: Observable<PublicWidget | null>;
  /**
   * The current conversation. Follows `conversation:new` of another tab. Null before the first `session:open`, unless
   * messages wait already: then it has them in its `outbox`, no name (`conversationId: ''`) and `isLoaded: false`.
   */
  readonly conversation: Observable<ConversationSnapshot | null>;
  readonly earlier: Observable<SessionView['earlier']>;
  /** Queues a message: at once in `outbox`, sent when it can be. Returns its clientId. Works before the session is open. */
  send(text: string): string;
  /** Queues any other appending command (handoff, lead, csat, stop). Resolves with its ack when it was given or refused for good. */
  perform<K extends VisitorCommandName>(
    command: K,
    input: Omit<CommandInput<typeof visitorCommands, K>, 'conversationId' | 'clientId'>,
  ): Promise<{ ok: true; data: CommandOutput<typeof visitorCommands, K> } | { ok: false; error: WireError }>;
  loadEarlier(): Promise<void>;
  /** Reads up to the last fact held (no-op where it was read already). */
  markRead(): void;
  /** Call on every keystroke: throttled to the wire, and stops by itself after 4 s. */
  setTyping(isTyping: boolean, preview?: string): void;
  /** Closes the current conversation and begins a new one. Waits for the connection; resolves with why not where refused. */
  newConversation(): Promise<Done>;
  /** Shows one of `earlier` (or the current one: a no-op). */
  openConversation(conversationId: string): Promise<Done>;
  /**
   * Says who the visitor is by a token that the site's owner signed. Works before `connect()`. Resolves with why not where it
   * is refused. Another person than the one who was here: nothing of that one stays on the screen, and their session ends.
   */
  identify(token: string): Promise<{ ok: true } | { ok: false; error: WireError }>;
  /** An identity token was refused, in a handshake or by `identify`, or a signed session has ended: with the reason. */
  onRefused(listener: (error: WireError) => void): () => void;
  /** Whoever was here has signed out, in this tab or another, or was replaced: a screen forgets what it holds of them. */
  onSignedOut(listener: () => void): () => void;
  /** Ends the session on the server, in every tab, and forgets tokens, outbox and conversation: the next `connect()` is a stranger. */
  logout(): void;
}

export interface InboxSnapshot {
  filter: InboxFilter;
  label?: string;
  /** Merged from pages and live rows, newest `head` wins, sorted as the filter sorts; rows that no longer match are gone. */
  rows: InboxRow[];
  counts: InboxCounts;
  hasMore: boolean;
  isLoading: boolean;
  /** Why the list could not be loaded, where that is for good. */
  error?: WireError;
}

export interface StaffClientOptions extends ClientOptions {
  /** An API token; absent: the browser's session cookie. */
  token?: string;
  /** The member who is signed in: what `mine` means. */
  memberId: string;
}

export interface StaffClient extends Client<StaffCommandName, typeof staffCommands> {
  readonly inbox: Observable<InboxSnapshot>;
  /** Chooses list and label and loads the first page; live from then on, also after reconnects. */
  openInbox(filter: InboxFilter, label?: string): void;
  loadMoreInbox(): Promise<void>;
  /** Opens a conversation and keeps it current (through reconnects) until `leave`. The same observable for the same id. */
  open(conversationId: string): Observable<ConversationSnapshot>;
  leave(conversationId: string): void;
  loadEarlier(conversationId: string): Promise<void>;
  send(conversationId: string, text: string): string;
  perform<K extends StaffCommandName>(
    command: K,
    input: Omit<CommandInput<typeof staffCommands, K>, 'clientId'>,
  ): Promise<{ ok: true; data: CommandOutput<typeof staffCommands, K> } | { ok: false; error: WireError }>;
  markRead(conversationId: string): void;
  setTyping(conversationId: string, isTyping: boolean): void;
}
