// What is kept beside the logs, one table: the shape of each kind, and the lookups by which it is found without its id.
import type { Page } from '../../shared/facts.ts';
import type { Widget } from '../../shared/widget.ts';
import type { Collection } from './store.ts';

export interface Base {
  id: string;
  orgId: string;
  createdAt: number;
  /** When `purge` may remove it, ms. */
  expiresAt?: number;
}

export interface Organisation extends Base {
  name: string;
}

export type Role = 'owner' | 'admin' | 'agent';

export interface Member extends Base {
  name: string;
  email: string;
  avatarUrl?: string;
  role: Role;
  /** argon2id; absent until the one-time link was used. */
  passwordHash?: string;
  isDisabled: boolean;
}

/** A console session, an API token or a one-time link: a hashed secret that stands for a member. */
export interface Credential extends Base {
  kind: 'cookie' | 'token' | 'link' | 'functions' | 'v1' | 'webchats';
  memberId: string;
  /** SHA-256 of the secret, hex. */
  hash: string;
  name: string;
  /** The last four characters, to be told apart in a list. */
  hint: string;
  lastUsedAt?: number;
  idleMs?: number;
}

export interface Assistant extends Base {
  name: string;
  instructions: string;
  tone: string;
  /** Empty: the installation's model (`AI_MODEL`). */
  model: string;
  updatedAt: number;
}

/** A piece of an assistant's knowledge: markdown, found by `knowledge`, named as the source of an answer. */
export interface Article extends Base {
  assistantId: string;
  title: string;
  text: string;
  url?: string;
  updatedAt: number;
}

export interface Contact extends Base {
  widgetId: string;
  name?: string;
  email?: string;
  phone?: string;
  company?: string;
  customFields?: Record<string, string>;
  verified: boolean;
  /** The owner's own id of this person, from a signed identity. */
  subject?: string;
  lastSeenAt: number;
  visits: number;
  page?: Page;
  locale?: string;
  userAgent?: string;
}

export interface Visitor extends Base {
  widgetId: string;
  contactId: string;
  /** SHA-256 of the `vis_` token, hex. */
  hash: string;
}

export interface Session extends Base {
  widgetId: string;
  visitorId: string;
  contactId: string;
  /** The conversation it is in; its log may not have begun. */
  conversationId: string;
  /** SHA-256 of the `sess_` token, hex. */
  hash: string;
  /** The `clientId` of the `session:open` that made it: a repeat finds it. */
  openKey: string;
  lastSeenAt: number;
  channel: 'widget' | 'test';
  page?: Page;
  /** The `clientId` of the last `conversation:new`, so that a repeat of it begins nothing. */
  newKey?: string;
  /** The conversation that it left then. */
  left?: string;
}

/** Which visitor may read a conversation, written before its log begins. */
export interface Ownership extends Base {
  visitorId: string;
  widgetId: string;
  contactId: string;
}

/** Installation-wide values, in the organisation `''`: the signing secret, the schema version, the seed's mark. */
export interface Setting extends Base {
  value: string;
}

export interface Documents {
  organisations: Organisation;
  members: Member;
  credentials: Credential;
  assistants: Assistant;
  articles: Article;
  widgets: Widget;
  contacts: Contact;
  visitors: Visitor;
  sessions: Session;
  ownerships: Ownership;
  settings: Setting;
}

export type Kind = keyof Documents;
export type DocumentOf<K extends Kind> = Documents[K];
export type Collections = { [K in Kind]: Collection<Documents[K]> };

/** Values by which a document is found over all organisations; each is unique within its kind. */
export const lookups: { [K in Kind]: (document: Documents[K]) => string[] } = {
  organisations: () => [],
  members: (member) => [`email:${member.email.toLowerCase()}`],
  credentials: (credential) => [`hash:${credential.hash}`],
  assistants: () => [],
  articles: () => [],
  widgets: (widget) => [`key:${widget.widgetKey}`, `key:${widget.catyKey}`],
  contacts: () => [],
  visitors: (visitor) => [`hash:${visitor.hash}`],
  sessions: (session) => [`hash:${session.hash}`, `open:${session.widgetId}:${session.openKey}`],
  ownerships: (ownership) => [`conversation:${ownership.id}`],
  settings: (setting) => [`name:${setting.id}`],
};

/** The group that `list` narrows to: articles of an assistant, credentials of a member, conversations of a visitor. */
export const groups: { [K in Kind]: (document: Documents[K]) => string } = {
  organisations: () => '',
  members: () => '',
  credentials: (credential) => credential.memberId,
  assistants: () => '',
  articles: (article) => article.assistantId,
  widgets: () => '',
  contacts: () => '',
  visitors: (visitor) => visitor.contactId,
  sessions: (session) => session.visitorId,
  ownerships: (ownership) => ownership.visitorId,
  settings: () => '',
};

export const kinds = Object.keys(lookups) as Kind[];
