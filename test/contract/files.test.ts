// Both keepers of files held to one promise (`server/ports/files.ts`), the bucket over a real HTTP server that checks signatures.
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDiskFiles } from '../../server/adapters/files/disk.ts';
import { openS3Files } from '../../server/adapters/files/s3.ts';
import type { Files } from '../../server/ports/files.ts';
import { formOf, pictures } from '../support/pictures.ts';
import { startServer } from '../support/server.ts';
import { startBucket } from './bucket.ts';
import type { Bucket } from './bucket.ts';

let folder = '';
let bucket: Bucket;
const keepers: { name: string; open: () => Files }[] = [
  { name: 'disk', open: () => openDiskFiles(join(folder, 'files')) },
  { name: 's3', open: () => openS3Files(bucket.config) },
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiller-files-'));
  bucket = await startBucket();
});
afterAll(async () => {
  await bucket.stop();
  await rm(folder, { recursive: true, force: true });
});

const everyByte = new Uint8Array(1024).map((_, index) => index % 256);

describe.each(keepers)('the $name keeper', ({ name, open }) => {
  test('[F1] gives back every byte and the type, also to whoever opens it anew', async () => {
    const key = `orgs/0123456789abcdef01234567/webchat/${name}_1.a-b.png`;
    await open().put(key, { bytes: everyByte, mediaType: 'image/png' });
    const read = await open().get(key);
    expect(Buffer.from(read!.bytes).equals(Buffer.from(everyByte))).toBe(true);
    expect(read!.mediaType).toBe('image/png');
  });

  test('[F1] a second put replaces the first, an empty file is a file', async () => {
    const files = open();
    await files.put('a/b.gif', { bytes: everyByte, mediaType: 'image/png' });
    await files.put('a/b.gif', { bytes: new Uint8Array(), mediaType: 'image/gif' });
    expect(await files.get('a/b.gif')).toMatchObject({ mediaType: 'image/gif' });
    expect((await files.get('a/b.gif'))!.bytes).toHaveLength(0);
  });

  test('[F1] puts at once leave one of them whole', async () => {
    const files = open();
    const sizes = [10, 20_000, 300_000];
    await Promise.all(
      sizes.map((size) =>
        files.put('race/x.png', { bytes: new Uint8Array(size).fill(size % 251), mediaType: 'image/png' }),
      ),
    );
    const { bytes } = (await files.get('race/x.png'))!;
    expect(sizes).toContain(bytes.length);
    expect(new Set(bytes)).toEqual(new Set([bytes.length % 251]));
  });

  test.each([
    '',
    '/etc/passwd',
    '../up.png',
    'a/../../up.png',
    'a//b.png',
    'a/',
    '.hidden',
    'a/.hidden',
    'A.png',
    'a b.png',
    'a\\b.png',
    'a%2fb.png',
    'a?b.png',
    'a~type',
    'ä.png',
    'a\n.png',
    `${'a'.repeat(300)}.png`,
  ])('[F2] %j is no key for any call, and nothing is kept', async (key) => {
    const files = open();
    const bytes = new Uint8Array([1]);
    for (const call of [
      () => files.put(key, { bytes, mediaType: 'x/y' }),
      () => files.get(key),
      () => files.delete(key),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'invalid' });
    }
  });

  test('[F3] a missing key is undefined, a part of a key too; deleting it is fine, deleting twice too', async () => {
    const files = open();
    await files.put('tree/leaf.png', { bytes: everyByte, mediaType: 'image/png' });
    for (const key of ['none.png', 'tree', 'tree/leaf.png/more.png', 'tree/none.png']) {
      expect([key, await files.get(key)]).toEqual([key, undefined]);
      await files.delete(key === 'tree' ? 'none.png' : key);
    }
    await files.delete('tree/leaf.png');
    await files.delete('tree/leaf.png');
    expect(await files.get('tree/leaf.png')).toBeUndefined();
  });
});

test('[F1] on disk nothing half-written is left behind, and nobody else may read', async () => {
  const files = openDiskFiles(join(folder, 'tidy'));
  await files.put('x/y.png', { bytes: everyByte, mediaType: 'image/png' });
  expect((await readdir(join(folder, 'tidy/x'))).sort()).toEqual(['y.png', 'y.png~type']);
  expect((await stat(join(folder, 'tidy/x/y.png'))).mode & 0o077).toBe(0);
  expect((await stat(join(folder, 'tidy/x'))).mode & 0o077).toBe(0);
});

test('[F3] a disk that cannot be written to is unavailable, with its cause', async () => {
  await writeFile(join(folder, 'a-file'), '');
  const files = openDiskFiles(join(folder, 'a-file', 'files'));
  const put = files.put('a.png', { bytes: everyByte, mediaType: 'image/png' });
  await expect(put).rejects.toMatchObject({ code: 'unavailable', cause: expect.anything() });
});

describe('the bucket', () => {
  test('every request is signed (AWS v4) for exactly what it sends, and a wrong secret is refused', async () => {
    bucket.seen.length = 0;
    const files = openS3Files(bucket.config);
    await files.put('signed/a.png', { bytes: everyByte, mediaType: 'image/png' });
    await files.get('signed/a.png');
    await files.delete('signed/a.png');
    expect(bucket.seen.map(({ method, path, isSigned }) => [method, path, isSigned])).toEqual([
      ['PUT', '/tiller-files/signed/a.png', true],
      ['GET', '/tiller-files/signed/a.png', true],
      ['DELETE', '/tiller-files/signed/a.png', true],
    ]);
    const wrong = openS3Files({ ...bucket.config, secretAccessKey: 'not-the-secret' });
    const put = wrong.put('signed/b.png', { bytes: everyByte, mediaType: 'image/png' });
    await expect(put).rejects.toMatchObject({
      code: 'unavailable',
      cause: { message: expect.stringContaining('403') },
    });
    expect(await files.get('signed/b.png')).toBeUndefined();
  });

  test('[F3] a bucket that is not there is unavailable, not a missing file', async () => {
    const files = openS3Files({ ...bucket.config, bucket: 'another-bucket' });
    await expect(files.get('a.png')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(files.delete('a.png')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('[F3] a passing failure is tried again, a lasting one is unavailable, a redirect is not followed', async () => {
    const files = openS3Files(bucket.config);
    bucket.fail(2, 503);
    await files.put('again.png', { bytes: everyByte, mediaType: 'image/png' });
    expect((await files.get('again.png'))!.bytes).toHaveLength(everyByte.length);
    bucket.fail(3, 500);
    await expect(files.get('again.png')).rejects.toMatchObject({ code: 'unavailable' });
    bucket.fail(1, 307);
    await expect(files.get('again.png')).rejects.toMatchObject({ code: 'unavailable' });
    expect((await files.get('again.png'))!.bytes).toHaveLength(everyByte.length);
    const nobody = openS3Files({ ...bucket.config, endpoint: 'http://127.0.0.1:1' });
    await expect(nobody.get('again.png')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

test('an installation that is given a bucket keeps its pictures there, and serves them itself, signed the same way', async () => {
  bucket.seen.length = 0;
  const { endpoint, bucket: name, accessKeyId, secretAccessKey } = bucket.config;
  const server = await startServer({
    env: {
      FILES_S3_ENDPOINT: `${endpoint}/`,
      FILES_S3_BUCKET: name,
      FILES_S3_ACCESS_KEY_ID: accessKeyId,
      FILES_S3_SECRET_ACCESS_KEY: secretAccessKey,
    },
  });
  try {
    const uploaded = await fetch(`${server.url}/api/webchats/icons`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.firstRun.keys.webchats}` },
      body: formOf(pictures.webp, { name: 'x.webp' }),
    });
    const { data } = (await uploaded.json()) as { data: { key: string; url: string } };
    expect(data.url.startsWith(`${server.url}/files/${data.key}?`)).toBe(true);
    const read = await fetch(data.url);
    expect(Buffer.from(await read.arrayBuffer()).equals(Buffer.from(pictures.webp))).toBe(true);
    expect(read.headers.get('content-type')).toBe('image/webp');
    expect(bucket.seen.map(({ method, path }) => [method, path])).toEqual([
      ['PUT', `/${name}/${data.key}`],
      ['GET', `/${name}/${data.key}`],
    ]);
    expect(await readdir(server.dataDir)).not.toContain('files');
  } finally {
    await server.stop();
  }
});
