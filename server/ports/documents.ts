// What is kept beside the logs, one table: the shape of each kind, and the lookups by which it is found without its id.
import type { Action, Page } from '../../shared/facts.ts';
import type { SignedField } from '../../shared/identity.ts';
import type { PublicIds } from '../../shared/ids.ts';
import type { Widget } from '../../shared/widget.ts';
import type { Collection } from './store.ts';

export interface Base {
  id: string;
  orgId: string;
  createdAt: number;
  /** When `purge` may remove it, ms. */
  expiresAt?: number;
}

export interface Organisation extends Base, PublicIds {
  name: string;
  /** What kind of business it is, in its own words (`saas`, `kayak hire`); contract 003 tells it to the page. */
  businessType: string;
  /** Answers of the AI a day over all widgets; absent: no limit. Beyond it a person is asked for. */
  dailyAnswers?: number;
}

export type Role = 'owner' | 'admin' | 'agent';

export interface Member extends Base, PublicIds {
  name: string;
  email: string;
  /** The path of an uploaded picture (`shared/avatars.ts`); any other address was stored by an older version and is not shown. */
  avatarUrl?: string;
  role: Role;
  /** argon2id; absent until the one-time link was used. */
  passwordHash?: string;
  /**
   * The one-time link (a credential's id) that set this name and password. Written with them in one step, so that of two who
   * use it at once one is refused, and it opens nothing any more even where it could not be taken away.
   */
  usedLink?: string;
  /**
   * Invited, and the link was not used yet. Until then the e-mail is a note of this organisation: it claims nothing, so that an
   * invitation neither tells nor hinders what exists elsewhere.
   */
  isInvited?: true;
  /** Addresses from which they signed in, latest first (`usecases/known-addresses.ts`). */
  knownFrom?: { tag: string; at: number }[];
  isDisabled: boolean;
}

/**
 * A hashed secret that stands for a member: a console session, a one-time link, or a key. Each kind of key opens one
 * surface: `token` the console's REST and sockets, `functions`, `v1` and `webchats` the contract of that name.
 */
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

export interface Assistant extends Base, PublicIds {
  name: string;
  /** What it is to visitors (`AI assistant`). */
  role: string;
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

/** Stages in their order; the first is where contacts enter unless a widget says otherwise. */
export interface Pipeline extends Base, PublicIds {
  name: string;
  isDefault: boolean;
  stages: Stage[];
  updatedAt: number;
}

export interface Stage extends PublicIds {
  id: string;
  /** Unique within its pipeline: `new`. */
  key: string;
  name: string;
}

/** Who left an address, at the time of leaving it. Its id (`lead_…`) is the one that the visitor's side was told. */
export interface Lead extends Base {
  contactId: string;
  conversationId: string;
  widgetId: string;
  name?: string;
  email?: string;
  phone?: string;
  company?: string;
  customFields?: Record<string, string>;
  /** 0 to 100, `leadScore` of the domain, when it was captured or last changed. */
  score: number;
  updatedAt: number;
  /** Its conversation is marked as spam: it is in no list and no export. */
  isSpam?: true;
}

/** Something this organisation uploaded; the bytes are with the `Files` port under `key`. */
export interface StoredFile extends Base {
  key: string;
  /** As read from its first bytes. */
  mediaType: string;
  size: number;
  createdBy: string;
}

/** The answer to a request that carried an `Idempotency-Key`, kept for 24 h; `running` until there is one. */
export interface RememberedRequest extends Base {
  /** Digest of credential, session, route and key. */
  digest: string;
  /** Digest of the body: another body under the same key is a mistake. */
  bodyHash: string;
  state: 'running' | 'done';
  /** The token of the call that performs it. Absent in what older builds wrote. */
  claim?: string;
  status?: number;
  body?: unknown;
}

/** A message with which the widget spoke first. */
export interface Offer {
  /** Of the trigger. */
  type: string;
  at: number;
  /** `msg_…`; the visitor's answer brings it into the log under this id. */
  messageId: string;
  /** Absent while it is being worded. */
  content?: string;
  actions?: Action[];
  /** The page has it with its actions; before that it was only announced. */
  isTaken?: boolean;
}

/** Answers of the AI that one node counted for one widget on one day. */
export interface Tally extends Base {
  /** `2026-11-21`, UTC. */
  day: string;
  widgetId: string;
  count: number;
}

/** What a session's visitor did on the page, as far as a score and the triggers need it. Its id is the session's. */
export interface Engagement extends Base {
  /** Milliseconds on pages, capped by the wall time of the session. */
  timeOnPage: number;
  /** Percent, the deepest of the page in view. */
  scrollDepth: number;
  clicks: number;
  pages: number;
  /** The page in view as it last reported itself: a lower report is another page's. */
  timeHere: number;
  clicksHere: number;
  /** 0 to 100. */
  score: number;
  /** What was offered to the visitor without being asked, oldest first. */
  offers: Offer[];
  /** Digests of the latest events, so that a repeat counts once. */
  seen: string[];
  updatedAt: number;
}

export interface Contact extends Base {
  widgetId: string;
  /** Absent until the first word; where the contact stands since. */
  pipelineId?: string;
  stageId?: string;
  /** Where the contact stood before all their conversations were marked as spam; set while they are in no list. */
  stoodAt?: { pipelineId?: string; stageId: string };
  leadId?: string;
  name?: string;
  email?: string;
  phone?: string;
  company?: string;
  customFields?: Record<string, string>;
  /** The site's owner has signed who this is. */
  verified: boolean;
  /** The fields that were signed: staff and forms may change the others. Absent in older documents (`signedFieldsOf`). */
  signed?: SignedField[];
  /** The owner's own id of this person, from a signed identity. */
  subject?: string;
  lastSeenAt: number;
  visits: number;
  /** The latest engagement score of a session, 0 to 100; absent where none was ever reported. */
  engagement?: number;
  page?: Page;
  locale?: string;
  userAgent?: string;
}

/**
 * A person as the site's owner names them: one per organisation and `sub`, whichever widget's token says it. Its id is a
 * digest of both, so that there can be only one.
 */
export interface KnownPerson extends Base {
  subject: string;
  /** The one contact of this person. */
  contactId: string;
  /** Where they last began to talk, by widget: a conversation whose log may not have begun. */
  latest?: Record<string, string>;
}

/** One browser or app. */
export interface Visitor extends Base {
  widgetId: string;
  contactId: string;
  /** The person who is signed in there. The token opens nothing then, unless an identity token of the same person comes along. */
  subject?: string;
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
  /** Signed in as this person. */
  subject?: string;
  /** The version of the widget's identity secret that signed it: the session ends with that secret. */
  secretVersion?: number;
  /** Somebody is signing in on it: its token opens nothing until then, ms. */
  lockedUntil?: number;
  page?: Page;
  /** Where it was last used from: an IPv4 or IPv6 address in its shortest form. For bans; gone with the session. */
  address?: string;
  /** The `clientId` of the last `conversation:new`, so that a repeat of it begins nothing. */
  newKey?: string;
  /** The conversation that it left then. */
  left?: string;
}

/** Which visitor may read a conversation before its log begins. From then on the log says whose it is. */
export interface Ownership extends Base {
  visitorId: string;
  widgetId: string;
  contactId: string;
}

/** Who is not served. It ends by itself at `expiresAt`; without one it holds until it is lifted. */
export interface Ban extends Base {
  kind: 'contact' | 'address' | 'range';
  /** A contact's id; else a network in its canonical form: `203.0.113.7`, `2001:db8:1:2::/64`, `203.0.113.0/24`. */
  value: string;
  /** In staff's own words; may be empty. */
  reason: string;
  /** The member who banned, or who changed the ban last. */
  createdBy: string;
  /** Where it was decided. */
  conversationId?: string;
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
  persons: KnownPerson;
  visitors: Visitor;
  sessions: Session;
  ownerships: Ownership;
  settings: Setting;
  pipelines: Pipeline;
  leads: Lead;
  files: StoredFile;
  requests: RememberedRequest;
  engagements: Engagement;
  tallies: Tally;
  bans: Ban;
}

export type Kind = keyof Documents;
export type DocumentOf<K extends Kind> = Documents[K];
export type Collections = { [K in Kind]: Collection<Documents[K]> };

const publicIds = ({ uuid, hexId }: PublicIds): string[] => [`uuid:${uuid}`, `hex:${hexId}`];

/** Values by which a document is found over all organisations; each is unique within its kind. */
export const lookups: { [K in Kind]: (document: Documents[K]) => string[] } = {
  organisations: publicIds,
  members: ({ orgId, email, isInvited, ...member }) => [
    isInvited === true ? `invited:${orgId}:${email.toLowerCase()}` : `email:${email.toLowerCase()}`,
    ...publicIds(member),
  ],
  credentials: (credential) => [`hash:${credential.hash}`],
  assistants: publicIds,
  articles: () => [],
  widgets: (widget) => [
    `key:${widget.widgetKey}`,
    `key:${widget.catyKey}`,
    ...(widget.oldKeys ?? []).map(({ key }) => `key:${key}`),
    ...publicIds(widget),
  ],
  contacts: () => [],
  persons: () => [],
  visitors: (visitor) => [`hash:${visitor.hash}`],
  sessions: (session) => [`hash:${session.hash}`, `open:${session.widgetId}:${session.openKey}`],
  ownerships: (ownership) => [`conversation:${ownership.id}`],
  settings: (setting) => [`name:${setting.id}`],
  pipelines: (pipeline) => [
    ...publicIds(pipeline),
    ...pipeline.stages.flatMap((stage) => publicIds(stage).map((lookup) => `stage-${lookup}`)),
  ],
  leads: () => [],
  files: (file) => [`key:${file.key}`],
  requests: (request) => [`digest:${request.digest}`],
  engagements: () => [],
  tallies: () => [],
  bans: (ban) => [`of:${ban.orgId}:${ban.kind}:${ban.value}`],
};

/**
 * The group that `list` narrows to: articles of an assistant, credentials of a member, contacts of a stage, tallies of a day,
 * bans of a kind.
 */
export const groups: { [K in Kind]: (document: Documents[K]) => string } = {
  organisations: () => '',
  members: () => '',
  credentials: (credential) => credential.memberId,
  assistants: () => '',
  articles: (article) => article.assistantId,
  widgets: () => '',
  contacts: (contact) => contact.stageId ?? '',
  persons: () => '',
  visitors: (visitor) => visitor.contactId,
  sessions: (session) => session.visitorId,
  ownerships: (ownership) => ownership.visitorId,
  settings: () => '',
  pipelines: () => '',
  leads: (lead) => lead.contactId,
  files: () => '',
  requests: () => '',
  engagements: () => '',
  tallies: (tally) => tally.day,
  bans: (ban) => ban.kind,
};

export const kinds = Object.keys(lookups) as Kind[];
