// What a visitor of a host page may write into it as HTML, and what old libraries leave behind: the loader's server, its
// tokens and its key do not follow. Nothing here may ask Playwright for an element: its selectors go through `document`, too.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { hasChromium, launch } from './console-page.ts';
import { startSite } from './host-page.ts';
import type { Site } from './host-page.ts';

const question = 'What does a day of hire cost?';
const evil = 'http://evil.example';
/** What the attacker's own loader would be, were it ever run. */
const evilScript = 'globalThis.isPwned = true';

/** Everything that `document` has, of which the browser lets an element take the name. */
const documentNames = (): string[] => {
  const names = new Set<string>();
  for (let level: object | null = document; level !== null; level = Object.getPrototypeOf(level) as object | null)
    for (const name of Object.getOwnPropertyNames(level)) names.add(name);
  return [...names].filter((name) => name !== 'location' && !name.startsWith('__'));
};
const windowNames = (): string[] => [
  ...Object.getOwnPropertyNames(window),
  ...Object.getOwnPropertyNames(EventTarget.prototype),
];

interface Visit {
  page: Page;
  /** Addresses that were asked for, but of the site and of Tiller. */
  foreign: string[];
  /** Paths that Tiller was asked for. */
  asked: string[];
  told: string[];
  sockets: string[];
  /** Frames that left the page over sockets. */
  sent: string[];
}

describe.skipIf(!hasChromium)('a host page that is not trusted (needs chromium)', () => {
  let server: TestServer;
  let site: Site;
  let browser: Browser;
  let names: { document: string[]; window: string[] };
  let pages = 0;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    server = await startServer();
    site = await startSite();
    browser = await launch();
    const page = await browser.newPage();
    names = { document: await page.evaluate(documentNames), window: await page.evaluate(windowNames) };
    await page.close();
  });
  afterAll(async () => {
    for (const context of contexts) await context.close();
    await browser?.close();
    await site?.stop();
    await server?.stop();
  });
  beforeEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });

  const own = (more = ''): string =>
    `<script src="${server.url}/widget.js" data-widget-key="${server.firstRun.widgetKey}" ${more}></script>`;
  const snippet = (): string => server.firstRun.embed;

  /** Goes to a page of this HTML: on the site, or at `on`. */
  const visit = async (body: string, { head = '', on = '' } = {}): Promise<Visit> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
    contexts.push(context);
    const path = `/${(pages += 1)}`;
    site.put(path, body, head);
    const here = `http://127.0.0.1:${site.port}`;
    const page = await context.newPage();
    const seen: Visit = { page, foreign: [], asked: [], told: [], sockets: [], sent: [] };
    await context.route(`${evil}/**`, (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        headers: { 'Access-Control-Allow-Origin': '*' },
        body: evilScript,
      }),
    );
    if (on !== '')
      await context.route(on, async (route) => {
        const html = await (await fetch(here + path)).text();
        await route.fulfill({ contentType: 'text/html', body: html });
      });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin === server.url) seen.asked.push(url.pathname);
      else if (url.origin !== here) seen.foreign.push(url.href);
    });
    page.on('websocket', (socket) => {
      if (!socket.url().startsWith(server.url.replace('http', 'ws'))) seen.foreign.push(socket.url());
      seen.sockets.push(socket.url());
      socket.on('framesent', ({ payload }) => seen.sent.push(String(payload)));
    });
    page.on('console', (message) => seen.told.push(message.text()));
    page.on('pageerror', (error) => seen.told.push(String(error)));
    await page.goto(on === '' ? here + path : on);
    return seen;
  };

  /** What is inside the widget's shadow root, past whatever the page calls `querySelector`. */
  const within = <T>(page: Page, selector: string, what: 'text' | 'box' | 'count'): Promise<T> =>
    page.evaluate(
      ([inside, wanted]) => {
        const host = Document.prototype.querySelector.call(document, '[data-tiller]');
        const found = [...(host?.shadowRoot?.querySelectorAll<HTMLElement>(inside) ?? [])];
        if (wanted === 'count') return found.length;
        if (wanted === 'text') return found.map((node) => node.innerText).join('\n');
        const { x, y, width, height } = found[0]!.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      },
      [selector, what] as const,
    ) as Promise<T>;
  const shows = async (page: Page, selector: string): Promise<void> => {
    await expect.poll(() => within<number>(page, selector, 'count'), { timeout: 15_000 }).toBe(1);
  };
  const click = async (page: Page, selector: string): Promise<void> => {
    await shows(page, selector);
    const { x, y } = await within<{ x: number; y: number }>(page, selector, 'box');
    await page.mouse.click(x, y);
  };
  const noForeign = ({ foreign }: Visit): void =>
    expect(foreign.filter((url) => !url.startsWith(`${evil}/picture`))).toEqual([]);
  const isPwned = ({ page }: Visit): Promise<boolean> => page.evaluate(() => 'isPwned' in globalThis);

  /** The launcher opens the panel, which connects to Tiller. */
  const opens = async (seen: Visit): Promise<void> => {
    await click(seen.page, '.launcher');
    await shows(seen.page, 'form.composer textarea');
    await expect.poll(() => seen.sockets.length).toBeGreaterThan(0);
    noForeign(seen);
    expect(await isPwned(seen)).toBe(false);
  };

  /** The launcher opens the panel, the panel chats, and only Tiller is asked for anything. */
  const answerOn = async (seen: Visit): Promise<string> => {
    const { page } = seen;
    await opens(seen);
    await click(page, 'form.composer textarea');
    await page.keyboard.type(question);
    await page.keyboard.press('Enter');
    await expect.poll(() => within<string>(page, '.msg.ai .md', 'text'), { timeout: 15_000 }).not.toBe('');
    noForeign(seen);
    expect(await isPwned(seen)).toBe(false);
    return within<string>(page, '.msg.ai .md', 'text');
  };

  it('tries the names of everything', () => {
    expect(names.document).toEqual(expect.arrayContaining(['currentScript', 'createElement', 'addEventListener']));
    expect(names.window).toEqual(expect.arrayContaining(['fetch', 'localStorage', 'addEventListener']));
  });

  const tags: Record<string, (name: string) => string> = {
    img: (name) => `<img name="${name}" id="${name}" src="${evil}/picture.js" data-widget-key="wgt_evil">`,
    form: (name) => `<form name="${name}"><input name="src" value="${evil}/widget.js"><input name="call"></form>`,
    embed: (name) => `<embed name="${name}">`,
    object: (name) => `<object name="${name}" id="${name}"></object>`,
  };
  for (const [tag, write] of Object.entries(tags))
    it(`chats on a page where an <${tag}> has the name of everything that the document has`, async () => {
      const seen = await visit(`<div hidden>${names.document.map(write).join('')}</div>${own()}`);
      expect(await answerOn(seen)).toContain('£');
      expect(await seen.page.evaluate(() => Object.prototype.toString.call(document.body))).not.toContain('Body');
    });

  it('chats on a page where elements and frames have the names of its globals', async () => {
    const anchors = names.window.map((name) => `<a id="${name}" name="${name}" href="${evil}"></a>`).join('');
    const frames = ['fetch', 'localStorage', 'addEventListener', 'Reflect', 'globalThis', 'Tiller', 'PatWidget']
      .map((name) => `<iframe name="${name}"></iframe>`)
      .join('');
    expect(await answerOn(await visit(`<div hidden>${anchors}${frames}</div>${own()}`))).toContain('£');
  });

  for (const [what, html] of [
    ['a form with a field q', '<form id="Tiller"><input name="q"><input name="isTiller"></form>'],
    ['two anchors', `<a id="Tiller"></a><a id="Tiller" name="isTiller" href="${evil}"></a>`],
    ['a frame of another origin', `<iframe name="Tiller" src="${evil}/picture.html"></iframe>`],
  ] as const)
    it(`takes its global from ${what}`, async () => {
      // After the page has loaded, so that the frame is not the empty one any more that every frame begins as.
      const late = `<script>onload = () => {
        const script = document.createElement('script');
        script.src = '${server.url}/widget.js';
        script.dataset.widgetKey = '${server.firstRun.widgetKey}';
        document.head.append(script);
      }</script>`;
      const seen = await visit(`<div hidden>${html}</div><a id="PatWidget" href="Tiller2"></a>${late}`);
      await shows(seen.page, '.launcher');
      expect(await seen.page.evaluate(() => typeof (window as unknown as Record<string, unknown>)['Tiller'])).toBe(
        'function',
      );
      noForeign(seen);
    });

  it('chats by the snippet of contract 000 beside scripts of the same id that never ran', async () => {
    const inert = `<script id=PatChat src=${evil}/widget/pat-chat.js data-widget-key=wgt_evil><\\/script>`;
    const insert = `<div id="content"></div><script>content.innerHTML='${inert}<img name=currentScript src=${evil}/picture.js>'</script>`;
    expect(await answerOn(await visit(`${snippet()}${insert}`))).toContain('£');
  });

  describe('where a <base> comes into the page', () => {
    it('asks the server that its script came from, although the address of the script is relative', async () => {
      const relative = `<script defer src="/widget.js" data-widget-key="${server.firstRun.widgetKey}"></script>`;
      const seen = await visit(`<p>Comment: <base href="${evil}/"></p>`, {
        head: relative,
        on: `${server.url}/a-page-with-a-comment`,
      });
      // No further: a page that a test makes up may not open a socket to this machine.
      await opens(seen);
      expect(seen.asked).toContain(`/w/${server.firstRun.widgetKey}`);
      expect(await seen.page.evaluate(() => document.baseURI)).toBe(`${evil}/`);
    });

    it('fetches every lazy part of the panel from the server', async () => {
      const seen = await visit(`<base href="${evil}/" target="evil">${own()}`);
      expect(await answerOn(seen)).toContain('£');
      await click(seen.page, '.panel [aria-haspopup=menu]');
      await shows(seen.page, '[role=menu]');
      expect(seen.asked.filter((path) => path.includes('/chunks/menu-list'))).toHaveLength(1);
      noForeign(seen);
    });
  });

  describe('where no script is the running one', () => {
    const module = (): string => own('type="module"');

    it('works as a module', async () => {
      expect(await answerOn(await visit(module()))).toContain('£');
    });

    it('knows its server beside scripts of others, and takes no key while several are named', async () => {
      const other = `<script type="text/plain" src="${evil}/widget.js" data-widget-key="wgt_evil"></script>`;
      const seen = await visit(`${other}${module()}<script type="module">Tiller('on', 'ready', () => {});</script>`);
      expect(seen.asked.filter((path) => path.startsWith('/w/'))).toEqual([]);
      await seen.page.evaluate((widgetKey) => {
        const { Tiller } = window as unknown as { Tiller: (...call: unknown[]) => void };
        Tiller('init', { widgetKey });
      }, server.firstRun.widgetKey);
      expect(await answerOn(seen)).toContain('£');
      expect(seen.told.join()).not.toContain('evil');
    });

    it('knows its server in a shadow tree, beside a script that names another', async () => {
      const other = `<script type="text/plain" id="PatChat" src="${evil}/widget.js" data-widget-key="wgt_evil"></script>`;
      const shadow = `<div id="tree"></div><script>
        PatWidget = 'PatChat';
        PatChat = function () { (PatChat.q = PatChat.q || []).push(arguments) };
        PatChat('init', { widgetKey: '${server.firstRun.widgetKey}' });
        const script = document.createElement('script');
        script.src = '${server.url}/widget.js';
        tree.attachShadow({ mode: 'open' }).append(script);
      </script>`;
      expect(await answerOn(await visit(`${other}${shadow}`))).toContain('£');
    });

    it('says one line and does nothing where its code was copied into another script', async () => {
      const code = await (await fetch(`${server.url}/widget.js`)).text();
      const seen = await visit(
        `<script data-widget-key="wgt_1" src="${evil}/picture.js" type="text/plain"></script><script>setTimeout(${JSON.stringify(code)})</script>`,
      );
      await expect.poll(() => seen.told).toEqual([expect.stringContaining('whole address')]);
      noForeign(seen);
    });
  });

  describe('what the page gives as options', () => {
    it('is read by its own fields: what lies on Object.prototype names no key, token, place or preview', async () => {
      const polluted = `<div id="elsewhere"></div><script>
        for (const [name, value] of Object.entries({ widgetKey: 'wgt_evil', token: 'evil-token', container: '#elsewhere',
          hidden: true, inline: true, theme: 'dark', channel: 'test', preview: { texts: {} }, widget: { texts: {} }, name: 'Eve' }))
          Object.defineProperty(Object.prototype, name, { value, writable: true, configurable: true });
      </script>`;
      const seen = await visit(`${polluted}${own()}`);
      expect(await answerOn(seen)).toContain('£');
      await seen.page.evaluate(() => {
        const { Tiller } = window as unknown as { Tiller: (...call: unknown[]) => void };
        Tiller('init', {});
        Tiller('update', {});
        Tiller('identify', {});
        Tiller('identify');
        Tiller('send', 'Thank you');
      });
      await expect.poll(() => seen.sent.filter((frame) => frame.includes('Thank you')).length).toBeGreaterThan(0);
      expect(seen.sent.filter((frame) => /evil|Eve|identify|"channel"/.test(frame))).toEqual([]);
      expect(seen.asked.filter((path) => path.startsWith('/w/'))).toEqual([`/w/${server.firstRun.widgetKey}`]);
      expect(
        await seen.page.evaluate(() => document.querySelector('[data-tiller]')?.parentElement === document.body),
      ).toBe(true);
    });

    const into = (container: string): string =>
      `<script src="${server.url}/widget.js"></script><script>Tiller('init', { widgetKey: '${server.firstRun.widgetKey}', container: ${container} })</script>`;

    it('may be a form whose fields have the names of methods', async () => {
      const form = '<form id="place"><input name="append"><input name="appendChild"><input name="isConnected"></form>';
      const seen = await visit(`${form}${into("'#place'")}`);
      expect(await answerOn(seen)).toContain('£');
      expect(await seen.page.evaluate(() => document.querySelector('[data-tiller]')?.parentElement?.id)).toBe('place');
    });

    for (const [what, container] of [
      ['no selector', "'##'"],
      ['no element', '{ append() {} }'],
    ] as const)
      it(`says one line and draws nothing where the container is ${what}`, async () => {
        const seen = await visit(into(container));
        await expect.poll(() => seen.told).toEqual([expect.stringContaining(server.firstRun.widgetKey)]);
        expect(await seen.page.evaluate(() => document.querySelector('[data-tiller]'))).toBeNull();
      });
  });

  it('keeps its addresses where libraries of the page have replaced globals', async () => {
    const libraries = `<script>
      URL = class extends URL {
        get origin() { return '${evil}' }
        get host() { return 'evil.example' }
        get protocol() { return 'http:' }
      };
      Object.defineProperty(document, 'currentScript', { value: { src: '${evil}/widget.js', dataset: {}, getAttribute: () => '${evil}/widget.js' } });
      document.querySelector = document.getElementById = () => ({ src: '${evil}/widget.js', dataset: {} });
    </script>`;
    expect(await answerOn(await visit(`${libraries}${own()}`))).toContain('£');
  });
});
