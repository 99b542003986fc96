// Contract 002's upload: what is no picture, too large or no form at all, and files that cannot be kept.
import { describe, expect, test } from 'vitest';
import { ChatError } from '../../shared/errors.ts';
import { formOf, pictures } from '../support/pictures.ts';
import { startServer } from '../support/server.ts';
import { provisioned } from './provisioned.ts';

const world = provisioned();

const upload = (form: FormData | undefined, init: RequestInit = {}) =>
  fetch(`${world.server.url}/api/webchats/icons`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.keys.webchats}` },
    ...(form === undefined ? {} : { body: form }),
    ...init,
  });

test('where files cannot be kept, an upload is 503 and is not known of afterwards', async () => {
  const down = async (): Promise<never> => {
    throw new ChatError('unavailable', 'Files cannot be kept right now', { cause: new Error('a secret reason') });
  };
  const logged: string[] = [];
  const note = (fields: object, message: string): void => void logged.push(message + JSON.stringify(fields));
  const log = { debug: note, info: note, warn: note, error: note };
  const server = await startServer({ log, files: { put: down, get: down, delete: down } });
  try {
    const answer = await fetch(`${server.url}/api/webchats/icons`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.firstRun.keys.webchats}` },
      body: formOf(pictures.png),
    });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await answer.json()).toEqual({ message: 'Files cannot be kept right now', errors: [] });
    const { documents } = server.node.store;
    const widget = await documents.widgets.find(`key:${server.firstRun.widgetKey}`);
    expect(await documents.files.list(widget!.orgId)).toEqual([]);
    expect(logged.some((line) => line.includes('request failed'))).toBe(true);
  } finally {
    await server.stop();
  }
});

describe('uploads', () => {
  const filesOf = async () => world.server.node.store.documents.files.list((await world.widgets())[0]!.orgId);
  const refused = async (answer: Response, status: number): Promise<{ path: string }[]> => {
    const json = (await answer.json()) as { message: string; errors: { path: string }[] };
    expect([answer.status, Object.keys(json)]).toEqual([status, ['message', 'errors']]);
    return json.errors;
  };
  const text = (words: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(words);

  test.each([
    ['SVG', text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ['SVG after a declaration', text('<?xml version="1.0"?><svg/>')],
    ['HTML', text('<!doctype html><script>alert(1)</script>')],
    ['text', text('hello')],
    ['PDF', text('%PDF-1.7\n1 0 obj')],
    ['BMP', new Uint8Array([0x42, 0x4d, 0x1e, 0, 0, 0, 0, 0, 0, 0, 0x1a, 0, 0, 0])],
    ['a GIF that is a page as well', new Uint8Array([...pictures.gif, ...text('<script>alert(1)</script>')])],
    ['a GIF by its first bytes alone', text('GIF89a<html><body onload=alert(1)>')],
    ['a PNG with a drawing behind it', new Uint8Array([...pictures.png, ...text('<svg onload="alert(1)">')])],
  ])('%s is 415 whatever it is called, and nothing is stored', async (_what, bytes) => {
    const before = await filesOf();
    await refused(await upload(formOf(bytes, { name: 'icon.png', type: 'image/png' })), 415);
    expect(await filesOf()).toEqual(before);
  });

  test('512 KiB pass, one byte more is 413', async () => {
    const sized = (size: number): Uint8Array<ArrayBuffer> => {
      const bytes = new Uint8Array(size);
      bytes.set(pictures.png);
      return bytes;
    };
    expect((await upload(formOf(sized(512 * 1024)))).status).toBe(201);
    const before = await filesOf();
    for (const size of [512 * 1024 + 1, 5 * 1024 * 1024]) await refused(await upload(formOf(sized(size))), 413);
    expect(await filesOf()).toEqual(before);
  });

  test('no form, no file, two files, another field, an empty file and a broken form are told apart', async () => {
    await refused(await upload(undefined), 415);
    const key = { authorization: `Bearer ${world.keys.webchats}` };
    await refused(
      await upload(undefined, { headers: { ...key, 'content-type': 'application/json' }, body: '{}' }),
      415,
    );
    await refused(
      await upload(undefined, { headers: { ...key, 'content-type': 'image/png' }, body: pictures.png }),
      415,
    );
    const words = new FormData();
    words.set('name', 'x');
    expect(await refused(await upload(words), 400)).toEqual([{ path: 'file', message: 'Required' }]);
    const twice = formOf(pictures.png);
    twice.append('file', new Blob([pictures.gif]), 'two.gif');
    expect((await refused(await upload(twice), 400))[0]!.path).toBe('file');
    expect((await refused(await upload(formOf(pictures.png, { field: 'canary' })), 400))[0]!.path).toBe('file');
    expect(await refused(await upload(formOf(new Uint8Array())), 400)).toEqual([{ path: 'file', message: 'Is empty' }]);
    for (const [type, body] of [
      ['multipart/form-data', 'x'],
      [
        'multipart/form-data; boundary=b',
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf',
      ],
      ['multipart/form-data; boundary=b', 'nothing of the kind'],
    ] as const) {
      const errors = await refused(await upload(undefined, { headers: { ...key, 'content-type': type }, body }), 400);
      expect(errors[0]!.path).toBe('file');
    }
  });
});
