// The snippet as the API hands it out, and the frame, in pages of other origins: on the widget's domains, and on none of them.
import type { Browser, BrowserContext, Frame, FrameLocator, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { hasChromium, launch, openTab } from './console-page.ts';
import { startSite } from './host-page.ts';
import type { Site } from './host-page.ts';

const question = 'What does a day of hire cost?';

describe.skipIf(!hasChromium)('a widget on other people’s pages (needs chromium)', () => {
  let server: TestServer;
  let site: Site;
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  let made: { id: string; widget_key: string; embed_code: string };
  let home: string;
  let elsewhere: string;

  const functions = async <T>(method: string, path: string, body: object): Promise<T> => {
    const response = await fetch(`${server.url}/functions/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${server.firstRun.keys.functions}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.ok).toBe(true);
    return (await response.json()) as T;
  };
  const settings = async (change: object): Promise<void> => {
    const widget = await server.node.store.documents.widgets.find(`key:${made.widget_key}`);
    const response = await fetch(`${server.url}/api/console/widgets/${widget!.id}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${server.firstRun.keys.console}`, 'content-type': 'application/json' },
      body: JSON.stringify(change),
    });
    expect(response.status).toBe(200);
  };

  beforeAll(async () => {
    server = await startServer();
    site = await startSite();
    browser = await launch();
    home = `http://127.0.0.1:${site.port}`;
    elsewhere = `http://localhost:${site.port}`;
    made = await functions('POST', 'create-chat-widget', {
      agent_id: '550e8400-e29b-41d4-a716-446655440000',
      name: 'On one site',
      allowed_domains: [`127.0.0.1:${site.port}`],
    });
    site.put('/snippet', `<h1>A shop</h1>${made.embed_code}`);
    site.put('/frame', `<iframe src="${server.url}/frame/${made.widget_key}" width="420" height="640"></iframe>`);
  });
  afterAll(async () => {
    for (const context of contexts) await context.close();
    await browser?.close();
    await site?.stop();
    await server?.stop();
  });

  const visit = async (url: string) => {
    const tab = await openTab(browser, { viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
    contexts.push(tab.context);
    const told: string[] = [];
    const sockets: string[] = [];
    tab.page.on('console', (message) => told.push(message.text()));
    tab.page.on('websocket', (socket) => sockets.push(socket.url()));
    const response = await tab.page.goto(url);
    return { ...tab, told, sockets, status: response?.status() };
  };
  const panelOf = (where: Page | FrameLocator): Locator => where.locator('[data-tiller] .panel');
  const chat = async (panel: Locator): Promise<void> => {
    const composer = panel.locator('form.composer textarea');
    await composer.fill(question);
    await composer.press('Enter');
    await expect.poll(() => panel.locator('.msg.ai .md').count(), { timeout: 15_000 }).toBe(1);
    await expect.poll(() => panel.locator('.msg.ai .md').innerText(), { timeout: 15_000 }).toContain('£');
  };
  const framed = (page: Page): Frame => page.frames()[1]!;

  it('the snippet of contract 000 loads on the widget’s domain, and chats', async () => {
    const { page, problems } = await visit(`${home}/snippet`);
    await page.locator('[data-tiller] .launcher').click();
    await chat(panelOf(page));
    expect(problems).toEqual([]);
  });

  it('the same snippet is refused on a foreign domain: no launcher, no socket, and a line that says why', async () => {
    const { page, told, sockets } = await visit(`${elsewhere}/snippet`);
    await expect.poll(() => told.join('\n'), { timeout: 15_000 }).toContain('not allowed on this page');
    expect(await page.locator('[data-tiller]').count()).toBe(0);
    expect(sockets).toEqual([]);
  });

  it('a socket that a foreign page opens by itself is refused at the upgrade', async () => {
    const open = (address: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = new WebSocket(address);
        socket.addEventListener('open', () => (resolve('open'), socket.close()));
        socket.addEventListener('error', () => resolve('refused'));
      });
    const address = `${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket&widgetKey=${made.widget_key}`;
    const foreign = await visit(`${elsewhere}/snippet`);
    expect(await foreign.page.evaluate(open, address)).toBe('refused');
    const own = await visit(`${home}/snippet`);
    expect(await own.page.evaluate(open, address)).toBe('open');
  });

  it('the frame works on the widget’s domain', async () => {
    const { page, problems } = await visit(`${home}/frame`);
    await chat(panelOf(page.frameLocator('iframe')));
    expect(problems).toEqual([]);
  });

  it('the frame is refused on a foreign domain, by the browser, before anything of it runs', async () => {
    const { page, told, sockets } = await visit(`${elsewhere}/frame`);
    await expect.poll(() => told.join('\n'), { timeout: 15_000 }).toContain('frame-ancestors');
    expect(framed(page).url()).toMatch(/^chrome-error:/);
    expect(sockets).toEqual([]);
  });

  it('the frame works everywhere where the list is empty, and follows the list when that changes', async () => {
    await settings({ allowedDomains: [] });
    const open = await visit(`${elsewhere}/frame`);
    await panelOf(open.page.frameLocator('iframe')).waitFor();
    await settings({ allowedDomains: [`localhost:${site.port}`] });
    const allowed = await visit(`${elsewhere}/frame`);
    await panelOf(allowed.page.frameLocator('iframe')).waitFor();
    const refused = await visit(`${home}/frame`);
    await expect.poll(() => framed(refused.page).url()).toMatch(/^chrome-error:/);
    await settings({ allowedDomains: [`127.0.0.1:${site.port}`] });
  });

  it('the same page is a link: it fills the window and speaks the browser’s language', async () => {
    const { page, problems } = await visit(`${server.url}/frame/${made.widget_key}?locale=de&theme=dark`);
    const panel = panelOf(page);
    await panel.waitFor();
    await chat(panel);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
    expect((await panel.boundingBox())?.height).toBe(800);
    expect(problems).toEqual([]);
  });

  it('a widget that is switched off says so, and an unknown one is not there', async () => {
    await settings({ isEnabled: false });
    const off = await visit(`${server.url}/frame/${made.widget_key}`);
    expect(off.status).toBe(403);
    await off.page.getByText('This chat is switched off at the moment.').waitFor();
    expect(off.sockets).toEqual([]);
    await settings({ isEnabled: true });
    const unknown = await visit(`${server.url}/frame/wgt_000000000000000000000000`);
    expect(unknown.status).toBe(404);
  });

  it('a page whose script does not come says so, and tries again when asked', async () => {
    const { page } = await visit('about:blank');
    await page.route('**/widget.js', (route) => route.abort());
    await page.goto(`${server.url}/frame/${made.widget_key}`);
    await page.getByText('The chat could not be loaded.').waitFor();
    await page.unroute('**/widget.js');
    await page.getByRole('button', { name: 'Try again' }).click();
    await panelOf(page).waitFor();
    expect(await page.getByText('The chat could not be loaded.').isVisible()).toBe(false);
  });
});
