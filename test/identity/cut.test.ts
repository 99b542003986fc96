// A sign-in that is cut at any of its writes: whoever repeats it is in, and nothing half-done stays open to anybody.
import { expect, it } from 'vitest';
import { openMemoryStore } from '../../server/adapters/store/memory.ts';
import type { Collections, Kind } from '../../server/ports/documents.ts';
import type { Collection, Store } from '../../server/ports/store.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { SessionView } from '../../shared/commands.ts';
import { ChatError } from '../../shared/errors.ts';
import { connectVisitor, openVisitor } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import { firstOrganisation } from '../support/tenant.ts';
import { say, textOf, tokenOf } from './people.ts';
import type { Site } from './people.ts';

const secret = 'a-secret-of-this-test-0123456789-abcdef';

/** A store whose writes of documents fail from the n-th on, as long as it is told so. */
const faultyStore = async (clock: typeof systemClock) => {
  const store = await openMemoryStore({ clock });
  let left = Number.POSITIVE_INFINITY;
  const counted = async <R>(work: () => Promise<R>): Promise<R> => {
    left -= 1;
    if (left < 0) throw new ChatError('unavailable', 'The store is away');
    return work();
  };
  const faulty = <T>(of: Collection<T>): Collection<T> => ({
    ...of,
    put: (document) => counted(() => of.put(document)),
    update: (orgId, id, change) => counted(() => of.update(orgId, id, change)),
    delete: (orgId, id) => counted(() => of.delete(orgId, id)),
  });
  const kinds = Object.keys(store.documents) as Kind[];
  const documents = Object.fromEntries(kinds.map((kind) => [kind, faulty(store.documents[kind] as never)]));
  return {
    store: { ...store, documents: documents as unknown as Collections } satisfies Store,
    failAfter: (writes: number) => (left = writes),
    mend: () => (left = Number.POSITIVE_INFINITY),
    isSpent: () => left < 0,
  };
};

it('can be repeated after it was cut at any write, and keeps what was said', { timeout: 60_000 }, async () => {
  let later = 0;
  const clock = { now: () => systemClock.now() + later, monotonic: () => systemClock.monotonic() + later };
  const { store, failAfter, mend, isSpent } = await faultyStore(clock);
  const server = await startServer({ env: { TILLER_SECRET: secret }, store, clock });
  try {
    const { widget } = await firstOrganisation(server);
    const { url } = server;
    const site: Site = { url, otherUrl: url, widgetKey: widget.widgetKey, widgetId: widget.id, secret };
    // Ann is known already, so that contacts are merged, and her anonymous self has a sibling session.
    const home = await openVisitor(url, site.widgetKey, { identity: await tokenOf(site, { sub: 'ann' }) });
    await say(home.client, home.conversationId, 'From home');
    home.client.close();
    let cuts = 0;
    for (let writes = 0; ; writes += 1) {
      const { client, view, conversationId } = await openVisitor(url, site.widgetKey);
      const mine = `Mine ${writes}`;
      await say(client, conversationId, mine);
      client.close();
      const { sessionToken, visitorToken } = view;
      const sibling = await openVisitor(url, site.widgetKey, { visitorToken });
      const identity = await tokenOf(site, { sub: 'ann' });
      const coming = await connectVisitor(url, site.widgetKey, { sessionToken, visitorToken, identity });
      failAfter(writes);
      const first = await coming.ask<SessionView>('session:open', {});
      const wasCut = isSpent();
      mend();
      coming.close();
      if (wasCut) cuts += 1;
      // As after a crash: the lock of the sign-in has run out.
      later += 11_000;
      const again = await connectVisitor(url, site.widgetKey, { sessionToken, visitorToken, identity });
      const opened = first.ok ? first.data : await again.must<SessionView>('session:open', {});
      expect(textOf(opened)).toContain(mine);
      expect(opened.isSigned).toBe(true);
      // What was anonymous opens nothing of Ann's any more.
      for (const tokens of [{ visitorToken }, { sessionToken }, { sessionToken: sibling.view.sessionToken }]) {
        const stranger = await openVisitor(url, site.widgetKey, tokens);
        expect(textOf(stranger.view)).not.toContain(mine);
        stranger.client.close();
      }
      again.close();
      sibling.client.close();
      if (!wasCut) break;
    }
    // Every write of a sign-in was cut once.
    expect(cuts).toBeGreaterThan(8);
  } finally {
    await server.stop();
  }
});
