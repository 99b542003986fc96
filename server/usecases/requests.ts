// Requests that carry an `Idempotency-Key`: each is done once, and whoever asks again within a day gets the first answer.
import { ChatError } from '../../shared/errors.ts';
import { newHexId } from '../../shared/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { RememberedRequest } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import type { Log } from '../ports/telemetry.ts';
import { pause } from './stall.ts';

export interface RequestsDeps {
  store: Store;
  clock: Clock;
  log: Log;
}

/** What a request is known by, both digests. */
export interface Keyed {
  orgId: string;
  /** Of who asked for what, and of the key. */
  digest: string;
  /** Another body under the same key is a mistake. */
  bodyHash: string;
}

export interface RequestAnswer {
  status: number;
  body: unknown;
}

const keptMs = 24 * 3_600_000;
/** No call takes as long: whoever began it is gone. */
const abandonedMs = 60_000;
/** How long a caller waits for a call that another node is busy with. */
const patienceMs = 5000;
const looksEveryMs = 100;
/** Between tries to write an answer down. */
const writeAgainMs = [50, 200, 1000, 5000, 15_000, 30_000] as const;
/** An answer that cannot be written down for so long is given all the same: what it tells of has happened. */
const writtenWithinMs = 2000;

/** Calls in flight on one node; each is held by a connection, so that there are far fewer while the store answers. */
const flightsAtMost = 5000;

type Given = RequestAnswer | undefined;

interface Flight {
  bodyHash: string;
  answer: Promise<Given>;
}

/** Calls in flight on this node, with those whose answers are not written down yet. */
const flights = new WeakMap<Store, Map<string, Flight>>();

const flightsOf = (store: Store): Map<string, Flight> => {
  let map = flights.get(store);
  if (map === undefined) flights.set(store, (map = new Map()));
  return map;
};

const otherBody = (): ChatError =>
  new ChatError('conflict', 'This Idempotency-Key was used with another request', {
    details: [{ path: 'Idempotency-Key', message: 'Was used with another request', where: 'header' }],
  });

const tooMany = (): ChatError =>
  new ChatError('unavailable', 'Too many requests with an Idempotency-Key are under way', { retryAfterMs: 1000 });

const stillRunning = (): ChatError =>
  new ChatError('unavailable', 'The first request with this Idempotency-Key has not ended yet: repeat it');

/** After these codes the caller should try again, and then it must be tried. */
const isPassing = (status: number): boolean => status >= 500 || status === 429;

/**
 * Performs a request, or gives the answer that it got before. A call in flight is joined, on this node and on others;
 * what a process that died had begun is begun again after a minute. Answers of 5xx and 429 are not remembered.
 * @param perform resolves to the answer, refusals included, or to undefined where it answered by itself (a stream: nothing
 *   is remembered then, and nobody can join it); it rejects where the outcome is not to be remembered
 * @param mayClaim asked where nothing is known of the request, before anything is written down: throws where it may not be
 * @throws ChatError `conflict` for another body, `unavailable` where the store does not answer (nothing was begun then), too many
 *   calls are under way or the first call takes too long, and whatever `mayClaim` and `perform` throw
 */
export const performOnce = async (
  deps: RequestsDeps,
  keyed: Keyed,
  perform: () => Promise<Given>,
  mayClaim: () => Promise<void> = async () => undefined,
): Promise<Given> => {
  const here = flightsOf(deps.store);
  const flight = here.get(keyed.digest);
  if (flight !== undefined) {
    if (flight.bodyHash !== keyed.bodyHash) throw otherBody();
    const joined = await flight.answer;
    if (joined === undefined) throw stillRunning();
    return joined;
  }
  if (here.size >= flightsAtMost) throw tooMany();
  // Claiming and performing are one flight, so that two calls of one tick are one.
  const answer = begin(deps, keyed, { perform, mayClaim }, () => here.delete(keyed.digest));
  here.set(keyed.digest, { bodyHash: keyed.bodyHash, answer });
  return answer;
};

const begin = async (
  deps: RequestsDeps,
  keyed: Keyed,
  { perform, mayClaim }: { perform: () => Promise<Given>; mayClaim: () => Promise<void> },
  land: () => void,
): Promise<Given> => {
  let written: Promise<void> | undefined;
  try {
    const claim = await claimOrAnswer(deps, keyed, mayClaim);
    if ('answer' in claim) return claim.answer;
    const forget = (): Promise<void> => forgetClaim(deps, claim.mine);
    let answer: Given;
    try {
      answer = await perform();
    } catch (error) {
      await forget();
      throw error;
    }
    if (answer === undefined || isPassing(answer.status)) await forget();
    else {
      const { status, body } = answer;
      // As text: key order, and names that a store could take for its own, come back as they were.
      written = remember(deps, { ...claim.mine, state: 'done', status, body: JSON.stringify(body) });
      await Promise.race([written, pause(writtenWithinMs, undefined)]);
    }
    return answer;
  } finally {
    // A repeat that comes before the answer is written down gets it from here.
    if (written === undefined) land();
    else void written.then(land);
  }
};

/** Writes an answer down, again and again for a while: what was done must not be done twice. Never rejects. */
const remember = async ({ store, log }: RequestsDeps, request: RememberedRequest): Promise<void> => {
  for (const waitMs of [...writeAgainMs, 0]) {
    try {
      // Taken for abandoned, and begun again by another node: its answer stands.
      await store.documents.requests.update(request.orgId, request.id, (before) =>
        before?.claim === request.claim ? request : undefined,
      );
      return;
    } catch (error) {
      if (waitMs === 0) log.error({ err: error }, 'the answer to a keyed request could not be kept');
      else await pause(waitMs, undefined);
    }
  }
};

/** What is known of a request that is over is no answer any more. */
const isOver = ({ state, createdAt, expiresAt }: RememberedRequest, now: number): boolean =>
  (expiresAt ?? 0) <= now || (state === 'running' && now - createdAt >= abandonedMs);

/** One for each request, so that there can be only one: a claim that was cut off half-way is in nobody's way but its own. */
const idOf = (digest: string): string => `req_${digest}`;

/** Gives a claim up. Another call's later claim stays; where this fails, it counts as abandoned after its minute. */
const forgetClaim = async ({ store }: RequestsDeps, { orgId, id, claim }: RememberedRequest): Promise<void> => {
  const { requests } = store.documents;
  try {
    // Nobody else claims it within that minute, which is longer than both steps.
    if ((await requests.get(orgId, id))?.claim === claim) await requests.delete(orgId, id);
  } catch {
    // Then nobody waits for it for long.
  }
};

/** This node's claim, durable before anything is done; or the answer that another call got. */
const claimOrAnswer = async (
  deps: RequestsDeps,
  keyed: Keyed,
  mayClaim: () => Promise<void>,
): Promise<{ mine: RememberedRequest } | { answer: RequestAnswer }> => {
  const { store, clock } = deps;
  const { requests } = store.documents;
  const { orgId, digest, bodyHash } = keyed;
  const id = idOf(digest);
  const began = clock.monotonic();
  let isAllowed = false;
  let isOlder = false;
  for (;;) {
    const held = isOlder ? await requests.find(`digest:${digest}`) : await requests.get(orgId, id);
    const now = clock.now();
    if (held !== undefined && !isOver(held, now)) {
      if (held.bodyHash !== bodyHash) throw otherBody();
      if (held.state === 'done') {
        return { answer: { status: held.status ?? 200, body: JSON.parse(held.body as string) as unknown } };
      }
      if (clock.monotonic() - began > patienceMs) throw stillRunning();
      await pause(looksEveryMs, undefined);
      continue;
    }
    if (!isAllowed) await mayClaim();
    isAllowed = true;
    if (held !== undefined && held.id !== id) await requests.delete(held.orgId, held.id);
    const times = { createdAt: now, expiresAt: now + keptMs };
    const mine: RememberedRequest = { id, orgId, ...times, digest, bodyHash, state: 'running', claim: newHexId() };
    try {
      const stored = await requests.update(orgId, id, (before) =>
        before === undefined || isOver(before, now) ? mine : undefined,
      );
      if (stored?.claim === mine.claim) return { mine };
    } catch (error) {
      // An older version was first, under an id of its own: it is found by its lookup.
      if (!(error instanceof ChatError) || error.code !== 'conflict') {
        // It may be stored all the same, and nothing will be done for it.
        void forgetClaim(deps, mine);
        throw error;
      }
      if (isOlder) await pause(looksEveryMs, undefined);
      isOlder = true;
    }
    if (clock.monotonic() - began > patienceMs) throw stillRunning();
  }
};
