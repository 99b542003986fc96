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

  it('replaces what is no function, and replays nothing out of it', () => {
    const frame = new Proxy(
      {},
      {
        get: () => {
          throw new Error('another origin');
        },
      },
    );
    for (const taken of [
      { q: [['open']], isTiller: true },
      Object.assign(stub(), { q: { length: 1, 0: ['open'] } }),
      frame,
    ]) {
      const scope: Record<string, unknown> = { Tiller: taken };
      const seen: unknown[] = [];
      expect(installApi(scope, 'Tiller', methods, (method) => seen.push(method))).toBe(true);
      expect(scope['Tiller']).toBeTypeOf('function');
      expect(seen).toEqual([]);
    }
  });

  it('lets the calls behind an entry through that is no call', () => {
    vi.spyOn(console, 'error').mockReturnValue();
    const before = Object.assign(stub(), { q: [null, 5, ['open']] as never });
    const seen: unknown[] = [];
    installApi({ Tiller: before }, 'Tiller', methods, (method) => seen.push(method));
    expect(seen).toEqual(['open']);
  });

  it('does not answer twice when the script is included twice', () => {
    const scope: Record<string, unknown> = {};
    expect(installApi(scope, 'Tiller', methods, () => 1)).toBe(true);
    expect(installApi(scope, 'Tiller', methods, () => 2)).toBe(false);
    expect((scope['Tiller'] as () => unknown as (m: string) => unknown)('open')).toBe(1);
  });
});

describe('where the loader came from', () => {
  const script = (src: string, more: object = {}): HTMLScriptElement =>
    ({ getAttribute: () => src, src: 'https://evil.example/widget.js', id: '', dataset: {}, ...more }) as never;
  const whole = 'https://chat.example/widget/pat-chat.js';
  const stack =
    'Error: here\n    at start (https://chat.example/widget.js:1:2)\n    at https://shop.example/app.js:3:4';
  const keyed = (widgetKey: string): HTMLElement => ({ dataset: { widgetKey } }) as never;

  it('takes the server from the address in the running script', () => {
    expect(locate(script(whole), [], undefined, '')?.origin).toBe('https://chat.example');
    expect(locate(script('HTTP://[::1]:3000/widget.js'), [], undefined, '')?.origin).toBe('HTTP://[::1]:3000');
  });

  it('takes the server from the stack where that address is relative, because a <base> decides what it resolves to', () => {
    for (const src of ['/widget.js', '//evil.example/widget.js', ' ', 'javascript:https://evil.example/'])
      expect(locate(script(src), [], undefined, stack)?.origin, src).toBe('https://chat.example');
  });

  it('takes the server from the stack where no script is the running one, as any browser writes it', () => {
    for (const told of [
      stack,
      'start@https://chat.example/widget/pat-chat.js:1:2\n@https://shop.example/widget.js:1:3',
      'Error\n    at https://chat.example/widget/widget.js?v=1:1:2',
    ])
      expect(locate(null, [], undefined, told)?.origin, told).toBe('https://chat.example');
  });

  it('says nothing where no address of the script is known', () => {
    for (const told of ['', 'undefined', 'Error\n    at eval (eval at run (https://tags.example/tags.js:1:2))'])
      expect(locate(null, [keyed('wgt_1')], 'PatChat', told), told).toBeUndefined();
  });

  it("takes the global's name from the snippet, also a renamed one, and is Tiller otherwise", () => {
    const nameOf = (id: string, snippetName: unknown) => locate(script(whole, { id }), [], snippetName, '')?.name;
    expect(nameOf('PatChat', 'PatChat')).toBe('PatChat');
    expect(nameOf('Help', 'Help')).toBe('Help');
    expect(nameOf('my-script', undefined)).toBe('Tiller');
    expect(nameOf('', '')).toBe('Tiller');
    expect(locate(null, [], 'PatChat', stack)?.name).toBe('PatChat');
  });

  it('takes no name from an element, whatever it says when it is read as a text', () => {
    const element = { toString: () => 'Tiller2' };
    expect(locate(script(whole, { id: 'Tiller2' }), [], element, '')?.name).toBe('Tiller');
    expect(locate(null, [], element, stack)?.name).toBe('Tiller');
  });

  it('takes the key from the running script, and from another one only where it is the only one', () => {
    const running = script(whole, { dataset: { widgetKey: 'wgt_1' } });
    expect(locate(running, [keyed('wgt_2')], undefined, '')?.widgetKey).toBe('wgt_1');
    expect(locate(script(whole), [keyed('wgt_2')], undefined, '')?.widgetKey).toBeUndefined();
    expect(locate(null, [keyed('wgt_1')], undefined, stack)?.widgetKey).toBe('wgt_1');
    expect(locate(null, [keyed('wgt_1'), keyed('wgt_2')], undefined, stack)?.widgetKey).toBeUndefined();
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
