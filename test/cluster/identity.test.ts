// docs/identity.md on two nodes: each field of its table is what happens, and what one node ends is ended on the other.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { rotateTwice } from '../identity/rotation.ts';
import { say, tokenOf } from '../identity/people.ts';
import type { Site } from '../identity/people.ts';
import { expectedOf, fieldsOfTable, playField } from '../identity/table.ts';
import { openVisitor } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { callWidgetApi } from '../support/widget-api.ts';
import { canCluster, startCluster } from './cluster.ts';
import type { TestCluster } from './cluster.ts';

const secret = 'a-secret-of-this-test-0123456789-abcdef';

describe.skipIf(!canCluster)(
  'identities on two nodes (needs redis-server) (needs mongodb)',
  { timeout: 60_000 },
  () => {
    let cluster: TestCluster;
    let site: Site;
    const open: RawClient[] = [];

    beforeAll(async () => {
      cluster = await startCluster({ env: { TILLER_SECRET: secret, AI_BUILTIN_WORDS_PER_SECOND: '0' } });
      const [here, there] = cluster.nodes;
      const { widgetKey, store } = cluster;
      const widget = await store.documents.widgets.find(`key:${widgetKey}`);
      site = { url: here!.url, otherUrl: there!.url, widgetKey, widgetId: widget!.id, secret };
      await rotateTwice(here!.url, cluster.token, widget!.id);
    });
    afterEach(() => {
      for (const client of open.splice(0)) client.close();
    });
    afterAll(() => cluster?.close());

    it.each(fieldsOfTable())('$who by $by, $where: $outcome', async (field) => {
      expect(await playField(site, field)).toEqual(expectedOf(field));
    });

    it('who signs in on one node ends the anonymous sessions of the same visitor on the other', async () => {
      const first = await openVisitor(site.url, site.widgetKey);
      open.push(first.client);
      await say(first.client, first.conversationId, 'Hello');
      const other = await openVisitor(site.otherUrl, site.widgetKey, { visitorToken: first.view.visitorToken });
      open.push(other.client);
      expect(other.conversationId).toBe(first.conversationId);
      const gone = new Promise<string>((resolve) => other.client.socket.once('disconnect', resolve));
      const token = await tokenOf(site, { sub: 'siblings' }, { secretVersion: 2 });
      await first.client.must('visitor:identify', { token });
      expect(await gone).toBe('io server disconnect');
      const call = { key: site.widgetKey, session: other.view.sessionToken };
      expect((await callWidgetApi(site.otherUrl, 'GET messages', call)).status).toBe(404);
    });

    it('who signs out on one node is signed out on the other', async () => {
      const token = await tokenOf(site, { sub: 'tabs' }, { secretVersion: 2 });
      const one = await openVisitor(site.url, site.widgetKey, { identity: token });
      const { visitorToken } = one.view;
      const two = await openVisitor(site.otherUrl, site.widgetKey, { identity: token, visitorToken });
      open.push(one.client, two.client);
      const gone = new Promise<string>((resolve) => two.client.socket.once('disconnect', resolve));
      await one.client.must('visitor:logout', {});
      expect(await gone).toBe('io server disconnect');
      for (const session of [one.view.sessionToken, two.view.sessionToken]) {
        const read = await callWidgetApi(site.otherUrl, 'GET messages', { key: site.widgetKey, session });
        expect(read.status).toBe(404);
      }
    });
  },
);
