// `/docs` and `/docs/sockets` as the server serves them, under its own policy.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { staffCommands, visitorCommands } from '../../shared/commands.ts';
import { factTypes } from '../../shared/facts.ts';
import { signalTypes } from '../../shared/signals.ts';
import { hasChromium, launch, violationsOf } from '../support/browser.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

describe.each(['/docs', '/docs/sockets'])('%s', (path) => {
  it('is a page under a policy without exceptions, and loads nothing from elsewhere', async () => {
    const response = await fetch(`${server.url}${path}`);
    const html = await response.text();
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe-|\*/);
    expect(html).not.toMatch(/(?:src|srcset|href)="(?:https?:)?\/\//);
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|__[A-Z]+__/);
  });

  it('takes no other method', async () => {
    const response = await fetch(`${server.url}${path}`, { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

describe('/docs/sockets', () => {
  it('names every command, fact and signal, each under an address of its own', async () => {
    const html = await (await fetch(`${server.url}/docs/sockets`)).text();
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(
      expect.arrayContaining([
        ...Object.keys(visitorCommands).map((name) => `widget-${name}`),
        ...Object.keys(staffCommands).map((name) => `console-${name}`),
        ...factTypes.map((type) => `facts-${type}`),
        ...signalTypes.map((type) => `signals-${type}`),
      ]),
    );
  });
});

describe.skipIf(!hasChromium)('in a browser (needs chromium)', { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  const looks = [
    { width: 1280, height: 800, colorScheme: 'light' },
    { width: 1280, height: 800, colorScheme: 'dark' },
    { width: 390, height: 844, colorScheme: 'light' },
    { width: 390, height: 844, colorScheme: 'dark' },
  ] as const;

  /** Opens a page, does something with it, and gives what the browser complained about. */
  const visit = async (
    path: string,
    { width, height, colorScheme }: (typeof looks)[number],
    act: (page: Page) => Promise<void>,
  ): Promise<string[]> => {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('requestfailed', (request) => complaints.push(request.url()));
    await page.goto(`${server.url}${path}`);
    await act(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await context.close();
    return complaints;
  };

  const [first, , , last] = looks;

  it.each([first, last])('REST opens at $width px in $colorScheme, and nothing of it is refused', async (look) => {
    const complaints = await visit('/docs', look, async (page) => {
      await page.locator('.opblock-tag').first().click();
      await page.locator('.opblock-summary-control').first().click();
      await page.locator('.opblock-body .responses-table').first().waitFor();
      await page.getByRole('button', { name: 'Try it out' }).click();
      await page.locator('.opblock-body textarea').first().waitFor();
    });
    expect(complaints).toEqual([]);
  });

  it.each(looks)('the sockets read at $width px in $colorScheme, by everybody', async (look) => {
    const complaints = await visit('/docs/sockets', look, async (page) => {
      for (const index of [0, 1]) await page.locator('details').nth(index).locator('summary').click();
      expect(await violationsOf(page.context(), page)).toEqual([]);
    });
    expect(complaints).toEqual([]);
  });
});
