// Three real nodes behind a real nginx with the configuration that is shipped: what it must pass on, and what it must survive.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check, violations } from '../chaos/checker.ts';
import { seeded, startLoad } from '../chaos/load.ts';
import { newWidgetKey } from '../../shared/ids.ts';
import { freePort } from '../support/child-server.ts';
import { formOf, pictures } from '../support/pictures.ts';
import { openWidgetSession } from '../support/widget-api.ts';
import { getAs } from '../support/raw-http.ts';
import { canCluster, startCluster, startNodeProcess } from './cluster.ts';
import type { TestCluster, TestNode } from './cluster.ts';
import { hasNginx, shipped, startNginx } from './nginx.ts';
import type { Nginx } from './nginx.ts';
import { eventually, peopleOf } from './people.ts';

const root = resolve(import.meta.dirname, '../..');

describe.skipIf(!canCluster || !hasNginx)(
  'nodes behind nginx (needs nginx) (needs redis-server) (needs mongodb)',
  { timeout: 90_000 },
  () => {
    let cluster: TestCluster;
    let nginx: Nginx;
    /** As nginx knows them by their places; some are made anew. */
    let nodes: TestNode[];
    const people = peopleOf(() => cluster);
    /** A node as it is seen through the proxy. */
    const through = (): TestNode => ({ ...cluster.nodes[0]!, url: nginx.url });

    beforeAll(async () => {
      const port = await freePort();
      const env = {
        PUBLIC_URL: `http://127.0.0.1:${port}`,
        TRUST_PROXY: '1',
        LOG_LEVEL: 'debug',
        AI_BUILTIN_WORDS_PER_SECOND: '100',
      };
      cluster = await startCluster({ nodes: 3, env });
      nodes = [...cluster.nodes];
      const ports = nodes.map((node) => node.port);
      nginx = await startNginx(port, ports);
    }, 60_000);
    afterAll(async () => {
      people.leave();
      await nginx?.close();
      await cluster?.close();
    });

    it('satisfies the doctor: pages, headers, Host and Origin, and WebSocket', async () => {
      const env = { PATH: process.env['PATH'], DATA_DIR: join(tmpdir(), 'none'), MONGODB_URL: '', REDIS_URL: '' };
      const [code, text] = await new Promise<[unknown, string]>((done) => {
        execFile(process.execPath, [join(root, 'scripts/doctor.mjs'), nginx.url], { env }, (error, stdout) =>
          done([error?.code, stdout]),
        );
      });
      expect(text).toContain('✓ WebSocket passes through the proxy');
      expect([text.match(/^✗.*$/gm), code]).toEqual([null, undefined]);
    });

    it('spreads sockets over all nodes, and visitor and staff on different ones read the same', async () => {
      const visitors = await Promise.all([1, 2, 3, 4, 5, 6].map(() => people.visitor(through())));
      // There is nothing to open before the first message, and what was said before is in the view.
      await visitors[0]!.say('Hello');
      await visitors[0]!.client.untilFact('message.created', ({ author }) => author.kind === 'ai');
      const staff = await people.staff(through(), visitors[0]!.conversationId);
      const { seq } = await visitors[0]!.say('What does it cost?');
      const answer = await staff.untilFact('message.created', (fact) => fact.author.kind === 'ai' && fact.seq > seq);
      await visitors[0]!.client.untilFact('message.created', ({ messageId }) => messageId === answer.messageId);
      const counts = await Promise.all(
        cluster.nodes.map(async ({ port }) => {
          const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
          return Number(/^tiller_connections\{[^}]*widget[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0);
        }),
      );
      expect(counts.every((count) => count >= 1)).toBe(true);
      people.leave();
    });

    it('passes an answer on as it is written, not when it is whole', async () => {
      const { session_id } = await openWidgetSession(nginx.url, cluster.widgetKey);
      const at: number[] = [];
      const headers = {
        'x-api-key': cluster.widgetKey,
        'content-type': 'application/json',
        accept: 'text/event-stream',
      };
      const text = await new Promise<string>((done, fail) => {
        const sent = request(`${nginx.url}/api/widget/message`, { method: 'POST', headers }, (response) => {
          let all = '';
          response.on('data', (chunk: Buffer) => {
            all += chunk.toString();
            if (chunk.includes('event: delta')) at.push(performance.now());
          });
          response.once('end', () => done(all));
        });
        sent.on('error', fail);
        sent.end(JSON.stringify({ session_id, message: 'What does it cost?' }));
      });
      expect(text).toContain('event: done');
      expect(at.length).toBeGreaterThan(4);
      // A hundred words a second: an answer that was held back would come within a few milliseconds.
      expect(at.at(-1)! - at[0]!).toBeGreaterThan(300);
    });

    it('passes on the largest picture, long headers in and the longest list of domains out', async () => {
      const facts = cluster.nodes.find(({ facts: { keys } }) => keys !== undefined)!.facts;
      const upload = (size: number): Promise<Response> => {
        const bytes = new Uint8Array(size);
        bytes.set(pictures.png);
        const headers = { authorization: `Bearer ${facts.keys!.webchats}` };
        return fetch(`${nginx.url}/api/webchats/icons`, { method: 'POST', headers, body: formOf(bytes) });
      };
      expect((await upload(512 * 1024)).status).toBe(201);
      const refused = await upload(512 * 1024 + 1);
      expect([refused.status, refused.headers.get('content-type')]).toEqual([413, 'application/json; charset=utf-8']);
      expect((await upload(3 * 1024 * 1024)).status).toBe(413);

      expect((await fetch(`${nginx.url}/healthz`, { headers: { cookie: `a=${'x'.repeat(7000)}` } })).status).toBe(200);
      const widget = await cluster.store.documents.widgets.find(`key:${cluster.widgetKey}`);
      const allowedDomains = Array.from({ length: 100 }, (_, i) => `${'long.'.repeat(50)}${i}.example`);
      const allow = async (domains: readonly string[]): Promise<void> => {
        const changed = await fetch(`${nginx.url}/api/console/widgets/${widget!.id}`, {
          method: 'PATCH',
          headers: { authorization: `Bearer ${cluster.token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ allowedDomains: domains }),
        });
        expect(changed.status, await changed.clone().text()).toBe(200);
      };
      await allow(allowedDomains);
      try {
        await eventually(async () => {
          const options = { maxHeaderSize: 64 * 1024 };
          const asked = request(`${nginx.url}/frame/${cluster.widgetKey}`, options).end();
          const [page] = (await once(asked, 'response')) as [IncomingMessage];
          page.resume();
          expect(page.statusCode).toBe(200);
          expect(page.headers['content-security-policy']!.length).toBeGreaterThan(25_000);
        });
      } finally {
        await allow(widget!.allowedDomains);
      }
    });

    it('passes no metrics on, however they are asked for, and no console under a foreign host', async () => {
      for (const path of ['/metrics', '/metrics/', '/metrics?x', '/%6detrics', '//metrics', '/w/../metrics']) {
        const { status, body } = await getAs(nginx.url, path, '127.0.0.1');
        expect([path, status]).toEqual([path, 404]);
        expect(body).not.toContain('tiller_');
      }
      const { status, body } = await getAs(nginx.url, '/console', 'rebound.example');
      expect([status, body.includes('TILLER_HOSTS')]).toEqual([403, true]);
    });

    it('tells the nodes who asks, whatever the caller says, and its own log names neither people nor keys', async () => {
      const headers = { 'x-forwarded-for': '203.0.113.9' };
      const asked = request(`${nginx.url}/w/none?api_key=very-secret`, { headers, localAddress: '127.9.8.7' });
      const [response] = (await once(asked.end(), 'response')) as [IncomingMessage];
      response.resume();
      const logs = (): string => cluster.nodes.map((node) => node.log()).join('');
      await eventually(() => expect(logs()).toContain('127.9.8.0'));
      expect(logs()).not.toContain('203.0.113');
      await eventually(() => expect(nginx.log()).toContain('GET /w/none'));
      expect(nginx.log()).not.toMatch(/very-secret|127\.9\.8\.7/);
    });

    it('keeps a silent socket for longer than its ping takes, and gives up a kept connection before the node does', () => {
      const seconds = (pattern: RegExp): number => Number(pattern.exec(shipped)?.[1]);
      expect(seconds(/location \/socket\.io\/ \{[^}]*proxy_read_timeout (\d+)s/)).toBeGreaterThanOrEqual(60);
      expect(seconds(/upstream tiller \{[^}]*keepalive_timeout (\d+)s/)).toBeLessThan(10);
    });

    it('hands on what the nodes say while MongoDB is away, and is back the moment it is', async () => {
      const ask = (): Promise<Response> => fetch(`${nginx.url}/w/${newWidgetKey()}`);
      expect((await ask()).status).toBe(404);
      await cluster.mongo.block();
      try {
        const began = performance.now();
        const [refused, ready] = await Promise.all([ask(), fetch(`${nginx.url}/readyz`)]);
        expect([refused.status, refused.headers.get('content-type')]).toEqual([503, 'application/json; charset=utf-8']);
        expect(ready.status).toBe(503);
        // One node takes up to 5 s; three of them one after the other would take 15.
        expect(performance.now() - began).toBeLessThan(10_000);
        // What needs no store is served.
        for (let i = 0; i < 6; i += 1) expect((await fetch(`${nginx.url}/widget.js`)).status).toBe(200);
      } finally {
        await cluster.mongo.unblock();
      }
      await eventually(async () => expect((await ask()).status).toBe(404));
    });

    it('[R1] [R2] [R3] [R7] a kill -9 and restarts under load, until no node is left that it began with, lose, double and reorder nothing', async () => {
      const widget = await cluster.store.documents.widgets.find(`key:${cluster.widgetKey}`);
      const [owner] = await cluster.store.documents.members.list(widget!.orgId);
      const load = startLoad({
        url: nginx.url,
        widgetKey: cluster.widgetKey,
        token: cluster.token,
        memberId: owner!.id,
        visitors: 6,
        messages: 10,
        thinkMs: 300,
        watchers: 2,
        random: seeded(11),
      });
      const reached = async (count: number): Promise<void> =>
        void (await eventually(() => expect(load.acked()).toBeGreaterThanOrEqual(count), 30_000));
      await reached(8);
      await nodes[1]!.kill();
      await reached(16);
      expect(await nodes[0]!.terminate()).toBe(0);
      nodes[0] = await cluster.startNode({ port: nodes[0]!.port });
      expect(await nodes[2]!.terminate()).toBe(0);
      await load.done;
      await load.converged(cluster.store, 15_000);
      const verdict = check(await load.history(cluster.store));
      load.close();
      expect(violations(verdict)).toEqual([]);
      expect(verdict.acked).toBe(60);
    });

    it('sends nobody to a node that waits for its store', async () => {
      await nodes[1]!.kill();
      const { port } = nodes[1]!;
      const env = { MONGODB_URL: 'mongodb://127.0.0.1:1/nowhere', DATA_DIR: join(tmpdir(), 'tiller-nowhere') };
      const over = new AbortController();
      startNodeProcess({ ...env, PORT: String(port) }, { signal: over.signal }).catch(() => undefined);
      try {
        const url = `http://127.0.0.1:${port}`;
        await eventually(async () => expect((await fetch(`${url}/healthz`)).status).toBe(200));
        expect((await fetch(`${url}/readyz`)).status).toBe(503);
        for (let i = 0; i < 9; i += 1) expect((await fetch(`${nginx.url}/readyz`)).status).toBe(200);
      } finally {
        over.abort();
      }
    });
  },
);
