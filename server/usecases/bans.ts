// Who is not served: the bans in force, kept in memory and at most a second old on every node.
import type { ConversationState } from '../../shared/conversation.ts';
import { ChatError } from '../../shared/errors.ts';
import { newHexId } from '../../shared/ids.ts';
import { isBannedBy, rulesOf } from '../domain/network.ts';
import type { Banned, BanRules } from '../domain/network.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ban, Session } from '../ports/documents.ts';
import { isShared } from '../ports/store.ts';
import type { Store } from '../ports/store.ts';
import type { Log } from '../ports/telemetry.ts';
import { Kept } from './kept.ts';

export interface BansDeps {
  store: Store;
  bus: Bus;
  clock: Clock;
  log: Log;
}

/** Bans of contacts, and bans of addresses and ranges, of one organisation. */
export const bansAtMost = 1000;

/** Changed with every change of any ban: one cheap read tells a node that its lists are old. */
const stampId = 'bans';
/** Several nodes: how often the stamp is read, and how old what is known of it may be, ms. */
const lookEveryMs = 400;
const freshMs = 900;
/** So long a command waits for that look, ms. */
const patienceMs = 250;
/** Several nodes: a list is read again after this in any case (a node died between a ban and its stamp). */
const listMs = 30_000;
const organisationsKept = 5000;

/** Browsers of a person, and sessions of each, that are looked at for where they are. */
const browsersRead = 10;
const sessionsRead = 20;

/** Told of an organisation whose bans changed, or of all (undefined). */
export type BansListener = (orgId: string | undefined) => void;

/** What a banned visitor is told, on every surface: nothing about a ban. */
export const notAvailable = (): ChatError => new ChatError('forbidden', 'This chat is not available');

export class Bans {
  readonly #deps: BansDeps;
  readonly #isShared: boolean;
  readonly #rules: Kept<BanRules>;
  readonly #listeners: BansListener[] = [];
  #stamp: string | undefined;
  #seenAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: BansDeps) {
    this.#deps = deps;
    this.#isShared = isShared(deps.store);
    // Alone, this node makes every change itself and forgets its list then.
    const keptMs = this.#isShared ? listMs : Number.POSITIVE_INFINITY;
    this.#rules = new Kept({ clock: deps.clock, freshMs: keptMs, most: organisationsKept });
    deps.bus.subscribe((delivery) => {
      if (delivery.kind !== 'stale' || delivery.what !== 'bans') return;
      this.#rules.forget();
      this.#tell(delivery.orgId);
    });
  }

  /** Several nodes: looks by itself from now on, so that nobody waits for it and Redis may be gone. */
  start(): void {
    if (!this.#isShared) return;
    this.#timer = setInterval(() => {
      this.#look().catch((error: unknown) => this.#deps.log.warn({ err: error }, 'bans not looked for'));
    }, lookEveryMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Called whenever somebody may be banned who was not: whoever holds connections or speaks looks again then. */
  listen(listener: BansListener): void {
    this.#listeners.push(listener);
  }

  /** Whether a ban of this organisation concerns them now. Costs no question to the store while nothing changes. */
  async isBanned(orgId: string, who: Banned): Promise<boolean> {
    return isBannedBy(await this.#rulesOf(orgId), who, this.#deps.clock.now());
  }

  /** Refuses whoever is banned. @throws ChatError `forbidden` */
  async admit(orgId: string, who: Banned): Promise<void> {
    if (await this.isBanned(orgId, who)) throw notAvailable();
  }

  /**
   * Whether the visitor of a conversation is banned: for what happens without them, an answer above all. By the contact of the
   * log and by where they were last.
   */
  async isBannedIn(orgId: string, { conversationId, contactId }: ConversationState): Promise<boolean> {
    const rules = await this.#rulesOf(orgId);
    if (rules.isEmpty) return false;
    const now = this.#deps.clock.now();
    if (contactId !== null && isBannedBy(rules, { contactId }, now)) return true;
    const [session] = await sessionsIn(this.#deps, orgId, { conversationId, contactId });
    return session !== undefined && isBannedBy(rules, session, now);
  }

  /** A ban was written or taken away: every node hears of it, by the bus or by the stamp. */
  async changed(orgId: string): Promise<void> {
    const { store, clock, bus } = this.#deps;
    const stamp = { id: stampId, orgId: '', createdAt: clock.now(), value: newHexId() };
    await store.documents.settings.update('', stampId, () => stamp);
    bus.publish({ kind: 'stale', what: 'bans', orgId });
  }

  async #rulesOf(orgId: string): Promise<BanRules> {
    if (this.#isShared && this.#deps.clock.monotonic() - this.#seenAt > freshMs) await this.#lookInTime();
    return this.#rules.read(orgId, () => this.#load(orgId));
  }

  async #load(orgId: string): Promise<BanRules> {
    return rulesOf(await bansInForce(this.#deps, orgId));
  }

  /** A store that is slow or away holds nobody up: what is known goes on to hold, and nobody can ban meanwhile either. */
  async #lookInTime(): Promise<void> {
    const looking = this.#look();
    if (this.#stamp === undefined) return looking;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([looking.catch(() => undefined), late]);
    clearTimeout(timer);
  }

  async #look(): Promise<void> {
    this.#looking ??= this.#readStamp().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #readStamp(): Promise<void> {
    const { store, clock } = this.#deps;
    const at = clock.monotonic();
    const value = (await store.documents.settings.get('', stampId))?.value ?? '';
    if (value !== this.#stamp) {
      const isFirst = this.#stamp === undefined;
      this.#stamp = value;
      this.#rules.forget();
      if (!isFirst) this.#tell(undefined);
    }
    this.#seenAt = at;
  }

  #tell(orgId: string | undefined): void {
    for (const listener of this.#listeners) listener(orgId);
  }
}

export const holds = ({ expiresAt }: Pick<Ban, 'expiresAt'>, now: number): boolean =>
  expiresAt === undefined || expiresAt > now;

/** Both kinds together, in the order in which they were made first. */
export const bansInForce = async (
  { store, clock }: Pick<BansDeps, 'store' | 'clock'>,
  orgId: string,
): Promise<Ban[]> => {
  const all = await store.documents.bans.list(orgId, { limit: bansAtMost * 2 });
  return all.filter((ban) => holds(ban, clock.now()));
};

/**
 * The sessions of the person whose conversation this is, those that are in it first, then the latest: of all their browsers,
 * because the log says whose it is and not where it was said.
 */
export const sessionsIn = async (
  { store }: { store: Store },
  orgId: string,
  { conversationId, contactId }: Pick<ConversationState, 'conversationId' | 'contactId'>,
): Promise<Session[]> => {
  if (contactId === null) return [];
  const { visitors, sessions: all } = store.documents;
  const browsers = await visitors.list(orgId, { group: contactId, limit: browsersRead, reverse: true });
  const found = await Promise.all(
    browsers.map(({ id }) => all.list(orgId, { group: id, limit: sessionsRead, reverse: true })),
  );
  const sessions = found.flat();
  const isThere = (session: Session): number => (session.conversationId === conversationId ? 1 : 0);
  return sessions.toSorted((a, b) => isThere(b) - isThere(a) || b.lastSeenAt - a.lastSeenAt);
};
