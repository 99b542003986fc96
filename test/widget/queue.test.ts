// The global function of a host page: what it called before the loader came, and under which name.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createEmitter } from '../../client/widget/loader/events.ts';
import { installApi } from '../../client/widget/loader/queue.ts';
import { locate } from '../../client/widget/loader/script.ts';

type Stub = ((...args: unknown[]) => void) & { q?: ArrayLike<unknown>[] };
const stub = (): Stub => {
  const made: Stub = function (...args: unknown[]) {
    (made.q ??= []).push(args);
  };
  return made;
};
const methods = ['init', 'open', 'on'];

afterEach(() => vi.restoreAllMocks());

describe('the queue of a page', () => {
  it('replays what was called before the loader came, in order', () => {
    const before = stub();
    before('init', { widgetKey: 'wgt_1' });
    before('open');
    const seen: unknown[] = [];
    installApi({ PatChat: before }, 'PatChat', methods, (method, args) => seen.push([method, ...args]));
    expect(seen).toEqual([['init', { widgetKey: 'wgt_1' }], ['open']]);
  });

  it('answers both ways of calling afterwards, and returns what the method returns', () => {
    const scope: Record<string, unknown> = {};
    installApi(scope, 'Tiller', methods, (method, args) => `${method}:${String(args[0])}`);
    const api = scope['Tiller'] as ((...args: unknown[]) => unknown) & Record<string, (...args: unknown[]) => unknown>;
    expect(api('on', 'ready')).toBe('on:ready');
    expect(api['open']?.('now')).toBe('open:now');
  });

  it('lets the calls behind a failing one through', () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    const before = stub();
    before('init');
    before('open');
    const seen: string[] = [];
    installApi({ Chat: before }, 'Chat', methods, (method) => {
      if (method === 'init') throw new Error('bad options');
      seen.push(method);
    });
    expect(seen).toEqual(['open']);
    expect(error).toHaveBeenCalledTimes(1);
  });

  it('does not answer twice when the script is included twice', () => {
    const scope: Record<string, unknown> = {};
    expect(installApi(scope, 'Tiller', methods, () => 1)).toBe(true);
    expect(installApi(scope, 'Tiller', methods, () => 2)).toBe(false);
    expect((scope['Tiller'] as () => unknown as (m: string) => unknown)('open')).toBe(1);
  });
});

describe('where the loader came from', () => {
  const script = (more: object): HTMLScriptElement =>
    ({
      src: 'https://chat.example/widget/pat-chat.js',
      baseURI: 'https://shop.example/',
      id: '',
      dataset: {},
      ...more,
    }) as HTMLScriptElement;

  it('takes the server from its own address', () => {
    expect(locate(script({}), undefined).origin).toBe('https://chat.example');
  });

  it("takes the global's name from the snippet, also a renamed one, and is Tiller otherwise", () => {
    expect(locate(script({ id: 'PatChat' }), 'PatChat').name).toBe('PatChat');
    expect(locate(script({ id: 'Help' }), 'Help').name).toBe('Help');
    expect(locate(script({ id: 'my-script' }), undefined).name).toBe('Tiller');
    expect(locate(script({ dataset: { widgetKey: 'wgt_1' } }), undefined)).toMatchObject({
      name: 'Tiller',
      widgetKey: 'wgt_1',
    });
  });
});

describe("the page's listeners", () => {
  it('calls each, also behind one that throws, until it is taken off', () => {
    vi.spyOn(console, 'error').mockReturnValue();
    const events = createEmitter();
    const heard: unknown[] = [];
    events.on('unread', () => {
      throw new Error('theirs');
    });
    const off = events.on('unread', (detail: unknown) => heard.push(detail));
    events.emit('unread', 1);
    off();
    events.emit('unread', 2);
    expect(heard).toEqual([1]);
  });
});
