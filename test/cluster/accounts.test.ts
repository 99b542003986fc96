// Staff accounts on several nodes: tries are counted together, what ends on one node ends on all, pictures are on each.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newHexId } from '../../shared/ids.ts';
import type { KeyView } from '../../shared/console-provisioning.ts';
import { startBucket } from '../contract/bucket.ts';
import type { Bucket } from '../contract/bucket.ts';
import { formOf, pictures } from '../support/pictures.ts';
import { connectStaff } from '../support/raw-client.ts';
import { canCluster, startCluster } from './cluster.ts';
import type { TestCluster, TestNode } from './cluster.ts';

const right = 'correct horse battery';

describe.skipIf(!canCluster)('accounts on two nodes (needs redis-server) (needs mongodb)', { timeout: 60_000 }, () => {
  let cluster: TestCluster;
  let bucket: Bucket;
  let a: TestNode;
  let b: TestNode;

  const send = (node: TestNode, route: string, body: unknown, headers: Record<string, string> = {}) => {
    const [method = '', path = ''] = route.split(' ');
    const isForm = body instanceof FormData;
    return fetch(`${node.url}/api/console${path}`, {
      method,
      headers: { ...(isForm ? {} : { 'content-type': 'application/json' }), ...headers },
      body: isForm ? body : JSON.stringify(body),
    });
  };
  const from = (address: string) => ({ 'x-forwarded-for': address });
  const login = async (node: TestNode, email: string, password: string, address: string): Promise<number> =>
    (await send(node, 'POST /login', { email, password }, from(address))).status;
  const cookieOf = (response: Response): string => response.headers.get('set-cookie')!.split(';')[0]!;

  /** An admin who used the invitation on `a`. */
  const newcomer = async (): Promise<{ email: string; cookie: string }> => {
    const email = `${newHexId()}@example.com`;
    const owner = { authorization: `Bearer ${cluster.token}` };
    const invited = await send(a, 'POST /members', { name: 'Ida', email, role: 'admin' }, owner);
    const { link } = (await invited.json()) as { link: string };
    const token = link.split('#token=')[1]!;
    const used = await send(a, 'POST /link', { token, name: 'Ida', email, password: right }, from('192.0.2.1'));
    expect(used.status).toBe(200);
    return { email, cookie: cookieOf(used) };
  };

  beforeAll(async () => {
    bucket = await startBucket();
    const { endpoint, bucket: name, region, accessKeyId, secretAccessKey } = bucket.config;
    cluster = await startCluster({
      env: {
        TILLER_LIMITS: 'default',
        TRUST_PROXY: 'true',
        FILES_S3_ENDPOINT: endpoint,
        FILES_S3_BUCKET: name,
        FILES_S3_REGION: region,
        FILES_S3_ACCESS_KEY_ID: accessKeyId,
        FILES_S3_SECRET_ACCESS_KEY: secretAccessKey,
      },
    });
    [a, b] = cluster.nodes as [TestNode, TestNode];
  });
  afterAll(async () => {
    await cluster?.close();
    await bucket?.stop();
  });

  it('counts wrong passwords of all nodes together, per account and address, and forgets them after a right one', async () => {
    const { email } = await newcomer();
    const both = (i: number) => (i % 2 === 0 ? a : b);
    for (let i = 0; i < 5; i += 1) expect(await login(both(i), email, 'wrong', '203.0.113.1')).toBe(401);
    for (const node of [a, b]) expect(await login(node, email, right, '203.0.113.1')).toBe(429);
    for (let i = 0; i < 30; i += 1) {
      expect(await login(both(i), email, i % 5 === 4 ? right : 'wrong', '203.0.113.2')).toBe(i % 5 === 4 ? 200 : 401);
    }
  });

  it('lets a member in from an address known to another node while the account is being guessed at', async () => {
    const { email } = await newcomer();
    for (let i = 0; i < 30; i += 1)
      expect(await login(i % 2 === 0 ? a : b, email, 'wrong', `198.51.100.${i}`)).toBe(401);
    expect(await login(b, email, right, '198.51.100.99')).toBe(429);
    expect(await login(b, email, right, '192.0.2.1')).toBe(200);
  });

  it('ends sessions and keys of a member on the other node too, within a second', async () => {
    const { email, cookie } = await newcomer();
    const made = await send(a, 'POST /keys', { kind: 'token', name: 'Bot' }, { cookie });
    const { secret } = (await made.json()) as { key: KeyView; secret: string };
    const other = cookieOf(await send(b, 'POST /login', { email, password: right }, from('192.0.2.7')));
    const live = [
      await connectStaff(b.url, secret),
      await connectStaff(b.url, undefined as unknown as string, { cookie: other }),
    ];
    const ends = Promise.all(live.map((client) => new Promise((resolve) => client.socket.once('disconnect', resolve))));
    const body = { currentPassword: right, password: 'another long one', revokeKeys: true };
    const changed = await send(a, 'PATCH /me', body, { cookie });
    const began = performance.now();
    expect(await changed.json()).toMatchObject({ revokedKeys: 1 });
    await ends;
    expect(performance.now() - began).toBeLessThan(1000);
    expect((await send(b, 'POST /logout/everywhere', {}, { cookie: other })).status).toBe(401);
    expect((await send(b, 'POST /logout/everywhere', {}, { cookie })).status).toBe(200);
    live.forEach((client) => client.close());
  });

  it('serves a picture that was uploaded on another node', async () => {
    const { cookie } = await newcomer();
    const uploaded = await send(a, 'POST /me/avatar', formOf(pictures.gif), { cookie });
    const { avatarUrl } = ((await uploaded.json()) as { member: { avatarUrl: string } }).member;
    const shown = await fetch(`${b.url}${avatarUrl}`);
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/gif']);
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(Buffer.from(pictures.gif));
  });
});
