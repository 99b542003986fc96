// Two customers at one shared browser, with the real widget on somebody's page.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newUuid } from '../../shared/ids.ts';
import { tokenOf } from '../identity/people.ts';
import type { Person, Site } from '../identity/people.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { firstOrganisation } from '../support/tenant.ts';
import { hasChromium, launch, openTab } from './console-page.ts';

const secret = 'a-secret-of-this-test-0123456789-abcdef';

interface Shop {
  url: string;
  stop(): Promise<void>;
}

/** A shop whose page loads the script and leaves the rest to calls. */
const startShop = async (origin: string): Promise<Shop> => {
  const html = `<!doctype html><html lang="en"><head><title>A shop</title></head><body><h1>A shop</h1>
    <script async src="${origin}/widget.js" data-tiller></script></body></html>`;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(html);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () => new Promise((done) => (server.close(() => done()), server.closeAllConnections())),
  };
};

describe.skipIf(!hasChromium)('a shared tablet (needs chromium)', { timeout: 60_000 }, () => {
  let server: TestServer;
  let shop: Shop;
  let browser: Browser;
  let site: Site;
  let context: BrowserContext;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    server = await startServer({ env: { TILLER_SECRET: secret } });
    shop = await startShop(server.url);
    browser = await launch();
    const { widget } = await firstOrganisation(server);
    site = { url: server.url, otherUrl: server.url, widgetKey: widget.widgetKey, widgetId: widget.id, secret };
  });
  afterEach(async () => {
    for (const one of contexts.splice(0)) await one.close();
  });
  afterAll(async () => {
    await browser?.close();
    await shop?.stop();
    await server?.stop();
  });

  const someone = (): Person => ({ sub: `customer-${newUuid()}` });

  /** Opens the shop in a new tab, as somebody or as nobody, and opens the chat. */
  const visit = async (person?: Person | string): Promise<{ page: Page; panel: Locator; told: string[] }> => {
    const page = await context.newPage();
    const told: string[] = [];
    page.on('console', (message) => told.push(message.text()));
    await page.goto(shop.url);
    const token = typeof person === 'object' ? await tokenOf(site, person) : person;
    await page.waitForFunction(() => typeof (window as unknown as { Tiller?: unknown }).Tiller === 'function');
    await call(page, 'on', 'error', 'log');
    await call(page, 'init', { widgetKey: site.widgetKey, ...(token === undefined ? {} : { token }) });
    await call(page, 'open');
    const panel = page.locator('[data-tiller] .panel');
    await panel.locator('form.composer textarea').waitFor();
    return { page, panel, told };
  };
  const call = (page: Page, method: string, first?: unknown, second?: unknown): Promise<void> =>
    page.evaluate(
      ([name, one, two]) => {
        const { Tiller } = window as unknown as { Tiller: (...args: unknown[]) => void };
        // A listener cannot come from here: the page writes what it is told into its title.
        if (two === 'log') Tiller(name, one, ({ message }: { message: string }) => (document.title = message));
        else Tiller(name, one);
      },
      [method, first, second] as const,
    );
  const say = async (panel: Locator, text: string): Promise<void> => {
    const composer = panel.locator('form.composer textarea');
    await composer.fill(text);
    await composer.press('Enter');
    await panel.locator('.msg.visitor', { hasText: text }).waitFor();
    await expect.poll(() => panel.locator('.msg.ai .md').count(), { timeout: 15_000 }).toBeGreaterThan(0);
  };
  const stored = (page: Page): Promise<string> => page.evaluate(() => JSON.stringify(localStorage));
  const open = async (): Promise<void> => {
    ({ context } = await openTab(browser, { viewport: { width: 1000, height: 760 }, locale: 'en-GB' }));
    contexts.push(context);
  };

  it('the second customer, and a page without a token, see nothing of the first', async () => {
    await open();
    const [ann, bob] = [someone(), someone()];
    const first = await visit(ann);
    await say(first.panel, 'My order number is 4711');
    expect(await stored(first.page)).not.toContain('sess_');
    await first.page.close();
    for (const who of [bob, undefined]) {
      const next = await visit(who);
      await next.panel.locator('.welcome, .msg.ai').first().waitFor();
      await say(next.panel, 'Hello');
      expect(await next.panel.innerText()).not.toContain('4711');
      // What a stranger says here would be Ann's: whoever signs in next is taken for who spoke before.
      await call(next.page, 'logout');
      await next.page.close();
    }
    const again = await visit(ann);
    await again.panel.locator('.msg.visitor', { hasText: '4711' }).waitFor();
  });

  it('who signs in keeps what they said, and signing out empties every tab and the storage', async () => {
    await open();
    const ann = someone();
    const one = await visit();
    await say(one.panel, 'I am about to sign in');
    await call(one.page, 'identify', { token: await tokenOf(site, ann) });
    await say(one.panel, 'Now I am signed in');
    expect(await one.panel.innerText()).toContain('I am about to sign in');
    const two = await visit(ann);
    await two.panel.locator('.msg.visitor', { hasText: 'Now I am signed in' }).waitFor();
    await call(one.page, 'logout');
    await expect.poll(() => two.panel.innerText(), { timeout: 15_000 }).not.toContain('signed in');
    await expect.poll(() => stored(one.page)).not.toContain('out:');
    const next = await visit();
    expect(await next.panel.innerText()).not.toContain('signed in');
  });

  it('signing out before the chat was ever opened is signing out too', async () => {
    await open();
    const ann = someone();
    const first = await visit(ann);
    await say(first.panel, 'My order number is 4711');
    await first.page.close();
    const page = await context.newPage();
    await page.goto(shop.url);
    await page.waitForFunction(() => typeof (window as unknown as { Tiller?: unknown }).Tiller === 'function');
    await call(page, 'init', { widgetKey: site.widgetKey, token: await tokenOf(site, ann) });
    await page.locator('[data-tiller] .launcher').waitFor();
    await call(page, 'logout');
    expect(await stored(page)).toBe('{}');
    await page.locator('[data-tiller] .launcher').click();
    const panel = page.locator('[data-tiller] .panel');
    await say(panel, 'Hello');
    expect(await panel.innerText()).not.toContain('4711');
  });

  it('a refused token is an error event and a line on the console, and the chat works on', async () => {
    await open();
    const token = await tokenOf(site, someone(), { expires: Math.floor(Date.now() / 1000) - 600 });
    const { page, panel, told } = await visit(token);
    await say(panel, 'Hello');
    expect(told.join('\n')).toContain('The identity token has expired');
    expect(await page.title()).toContain('The identity token has expired');
  });
});
