// Edits at the same moment on several nodes: none undoes another, what serves once serves once, what ended stays ended.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectServer } from '../../server/adapters/store/mongo-server.ts';
import type { Server } from '../../server/adapters/store/mongo-server.ts';
import type { LockDocument } from '../../server/adapters/store/mongo-schema.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Credential, Pipeline } from '../../server/ports/documents.ts';
import { grant } from '../../server/usecases/secret.ts';
import { newHexId, newId, newSecret } from '../../shared/ids.ts';
import type { Widget } from '../../shared/widget.ts';
import { addTenant } from '../support/tenant.ts';
import type { TestServer } from '../support/server.ts';
import { canCluster, startCluster } from './cluster.ts';
import type { TestCluster, TestNode } from './cluster.ts';

interface Answer<T> {
  status: number;
  body: T;
}

describe.skipIf(!canCluster)('edits on several nodes (needs redis-server) (needs mongodb)', { timeout: 60_000 }, () => {
  let cluster: TestCluster;
  let a: TestNode;
  let b: TestNode;
  let c: TestNode;
  let server: Server;
  let orgId: string;

  const ask = async <T = unknown>(
    node: TestNode,
    route: string,
    body?: unknown,
    token = cluster.token,
  ): Promise<Answer<T>> => {
    const [method = '', path = ''] = route.split(' ');
    const response = await fetch(`${node.url}/api/console${path}`, {
      method,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  };
  const statuses = (answers: Answer<unknown>[]): number[] =>
    answers.map(({ status }) => status).toSorted((x, y) => x - y);

  beforeAll(async () => {
    cluster = await startCluster({ nodes: 3 });
    [a, b, c] = cluster.nodes as [TestNode, TestNode, TestNode];
    server = await connectServer(cluster.mongoUrl, systemClock);
    const widget = await cluster.store.documents.widgets.find(`key:${cluster.widgetKey}`);
    ({ orgId } = widget!);
  });
  afterAll(async () => {
    a?.thaw();
    await server?.close();
    await cluster?.close();
  });

  it('[S13] two edits of one widget at the same moment on two nodes both hold, fifty times', async () => {
    const { widgets } = cluster.store.documents;
    const race = async (id: string): Promise<void> => {
      for (let round = 1; round <= 10; round++) {
        const [name, dailyAnswers] = [`Widget ${round}`, round];
        const edits = [ask(a, `PATCH /widgets/${id}`, { name }), ask(b, `PATCH /widgets/${id}`, { dailyAnswers })];
        expect(statuses(await Promise.all(edits))).toEqual([200, 200]);
        expect(await widgets.get(orgId, id)).toMatchObject({ name, dailyAnswers });
      }
    };
    const made = Array.from({ length: 5 }, () => ask<{ widget: Widget }>(a, 'POST /widgets', { name: 'Widget 0' }));
    await Promise.all((await Promise.all(made)).map(({ body }) => race(body.widget.id)));
  });

  it('[S13] a one-time link that is used on two nodes at once signs one in, with one password', async () => {
    for (let round = 0; round < 5; round++) {
      const email = `${newHexId()}@example.com`;
      const invited = await ask<{ link: string }>(a, 'POST /members', { name: 'Ida', email, role: 'agent' });
      const token = invited.body.link.split('#token=')[1]!;
      const passwords = ['first choice of words', 'second choice of words'];
      const used = await Promise.all(
        [a, b].map((node, i) => ask(node, 'POST /link', { token, name: 'Ida', email, password: passwords[i] }, '')),
      );
      expect(statuses(used)).toEqual([200, 404]);
      const signedIn = await Promise.all(passwords.map((password) => ask(c, 'POST /login', { email, password }, '')));
      expect(signedIn.map(({ status }) => status)).toEqual(used.map(({ status }) => (status === 200 ? 200 : 401)));
      expect((await ask(c, 'POST /link/read', { token }, '')).status).toBe(404);
    }
  });

  it('[S13] a key that is revoked on one node while another writes down its use stays revoked', async () => {
    const { credentials, members } = cluster.store.documents;
    const [owner] = await members.list(orgId);
    const made: { key: Credential; secret: string }[] = [];
    for (let round = 0; round < 30; round++) {
      const secret = newSecret('con');
      const of = { orgId, memberId: owner!.id, kind: 'token', name: 'race', secret } as const;
      made.push({ key: await grant({ store: cluster.store, clock: systemClock }, of), secret });
    }
    const race = async ({ key, secret }: { key: Credential; secret: string }): Promise<void> => {
      const [revoked] = await Promise.all([
        ask(a, `DELETE /keys/${key.id}`),
        ...[b, c, b, c].map((node) => ask(node, 'GET /labels', undefined, secret)),
      ]);
      expect(revoked.status).toBe(200);
      expect(await credentials.get(orgId, key.id)).toBeUndefined();
    };
    for (let i = 0; i < made.length; i += 5) await Promise.all(made.slice(i, i + 5).map(race));
    const late = await Promise.all(made.map(({ secret }) => ask(b, 'GET /labels', undefined, secret)));
    expect(new Set(statuses(late))).toEqual(new Set([401]));
  });

  it('[S13] a key that is rotated on three nodes at once is rotated once', async () => {
    for (const graceSeconds of [0, 0, 60, 60]) {
      const secret = newSecret('con');
      const [owner] = await cluster.store.documents.members.list(orgId);
      const of = { orgId, memberId: owner!.id, kind: 'token', name: newId('key'), secret } as const;
      const key = await grant({ store: cluster.store, clock: systemClock }, of);
      const rotated = await Promise.all(
        [a, b, c].map((node) => ask(node, `POST /keys/${key.id}/rotate`, { graceSeconds })),
      );
      expect(rotated.filter(({ status }) => status === 200)).toHaveLength(1);
      const all = await cluster.store.documents.credentials.list(orgId);
      expect(all.filter(({ id, name }) => name === key.name && id !== key.id)).toHaveLength(1);
    }
  });

  it('[S12] whatever is changed about pipelines on three nodes at once, one is the default', async () => {
    const pipelines = await pipelinesOf(cluster.token, orgId);
    const ids = pipelines.map(({ id }) => id);
    for (let round = 0; round < 10; round++) {
      const changes = [a, b, c].map((node, i) =>
        ask(node, `PATCH /pipelines/${ids[(round + i) % 3]}`, { isDefault: true }),
      );
      expect(statuses(await Promise.all(changes))).toEqual([200, 200, 200]);
      expect(await defaultsOf(orgId)).toHaveLength(1);
    }
  });

  /** At least three. */
  const pipelinesOf = async (token: string, org: string): Promise<Pipeline[]> => {
    const { pipelines } = cluster.store.documents;
    for (let have = (await pipelines.list(org)).length; have < 3; have++) {
      const stages = [{ key: 'new', name: 'New' }];
      await ask(b, 'POST /pipelines', { name: `Pipeline ${have}`, stages }, token);
    }
    return pipelines.list(org);
  };
  const defaultsOf = async (org: string): Promise<string[]> =>
    (await cluster.store.documents.pipelines.list(org)).filter(({ isDefault }) => isDefault).map(({ id }) => id);

  /** Freezes a node in the middle of a change of pipelines; `told`: its last caller has an answer. */
  const freezeInTurn = async (node: TestNode, token: string, org: string): Promise<{ told: Promise<unknown> }> => {
    const [one, two] = (await pipelinesOf(token, org)) as [Pipeline, Pipeline, Pipeline];
    const locks = server.collection<LockDocument>('locks');
    const key = `task/pipelines/${org}`;
    const halt = new AbortController();
    const calling = (async () => {
      let last: Answer<unknown> | undefined;
      for (let i = 0; !halt.signal.aborted; i++) {
        last = await ask(node, `PATCH /pipelines/${(i % 2 === 0 ? one : two).id}`, { isDefault: true }, token);
      }
      return last;
    })().catch(() => undefined);
    for (;;) {
      const held = await locks.findOne({ key });
      if (held === null) continue;
      node.freeze();
      // What it had sent before may still be on its way.
      for (let looks = 0; looks < 20; looks++) await locks.findOne({ key });
      if ((await locks.findOne({ key }))?._id === held._id) break;
      node.thaw();
    }
    halt.abort();
    return { told: calling };
  };

  it('[S12] a node that is killed and one that is frozen in a turn hold the others up for 12 s at most, and write nothing late', async () => {
    const other = await addTenant({ node: { store: cluster.store } } as unknown as TestServer);
    const frozen = await freezeInTurn(a, cluster.token, orgId);
    await freezeInTurn(c, other.token, other.orgId);
    await c.kill();
    const began = performance.now();
    const choose = async (token: string, org: string): Promise<string> => {
      const third = (await pipelinesOf(token, org))[2]!.id;
      expect((await ask(b, `PATCH /pipelines/${third}`, { isDefault: true }, token)).status).toBe(200);
      return third;
    };
    const [mine, theirs] = await Promise.all([choose(cluster.token, orgId), choose(other.token, other.orgId)]);
    expect(performance.now() - began).toBeLessThan(12_000);
    expect(await defaultsOf(other.orgId)).toEqual([theirs]);
    a.thaw();
    await frozen.told;
    expect(await defaultsOf(orgId)).toEqual([mine]);
    // What it writes now is as good as anybody's.
    const [first] = await pipelinesOf(cluster.token, orgId);
    expect((await ask(a, `PATCH /pipelines/${first!.id}`, { isDefault: true })).status).toBe(200);
    expect(await defaultsOf(orgId)).toEqual([first!.id]);
  });
});
