// A webchat of contract 002 on a page of another origin: its picture, its colours, and its survey.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectStaff } from '../support/raw-client.ts';
import { formOf, pictures } from '../support/pictures.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { hasChromium, launch, openTab } from './console-page.ts';

describe.skipIf(!hasChromium)('a webchat on somebody’s page (needs chromium)', () => {
  let server: TestServer;
  let site: Server;
  let browser: Browser;
  let page: Page;
  let problems: string[];
  let embedCode = '';
  let id = '';

  const webchats = async (method: string, path: string, body?: object | FormData) => {
    const isForm = body instanceof FormData;
    const response = await fetch(`${server.url}/api/webchats${path}`, {
      method,
      headers: {
        authorization: `Bearer ${server.firstRun.keys.webchats}`,
        ...(isForm ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
    expect(response.ok).toBe(true);
    return ((await response.json()) as { data: Record<string, string> }).data;
  };
  const colorsOf = (selector: string) =>
    page.locator(`[data-tiller] ${selector}`).evaluate((element) => {
      const { backgroundColor, color } = getComputedStyle(element);
      return [backgroundColor, color];
    });

  beforeAll(async () => {
    server = await startServer();
    site = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
      response.end(`<!doctype html><html lang="en"><head><title>A shop</title></head><body>${embedCode}</body></html>`);
    });
    await new Promise<void>((done) => site.listen(0, '127.0.0.1', done));
    const { port } = site.address() as AddressInfo;
    const icon = await webchats('POST', '/icons', formOf(pictures.png));
    const made = await webchats('POST', '', {
      name: 'Shop',
      backgroundColor: '#FFFFFF',
      primaryColor: '#1F2937',
      secondaryColor: '#1D4ED8',
      headerTextColor: '#FFFFFF',
      statusText: 'We typically reply within minutes',
      csatBackgroundColor: '#14532D',
      csatTextColor: '#FFFFFF',
      csatThankYouMessage: 'Merci, that helps!',
      icon: icon['key'],
      promptId: '65b2a1c3d4e5f6a7b8c9d0e1',
      allowedDomains: [`http://127.0.0.1:${port}`],
      initialStage: 'new',
      isAutopilot: true,
    });
    id = made['_id']!;
    embedCode = (await webchats('GET', `/${id}/embed`))['embedCode']!;
    browser = await launch();
    ({ page, problems } = await openTab(browser, { colorScheme: 'light', viewport: { width: 1000, height: 800 } }));
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.locator('[data-tiller] .launcher').click();
  });
  afterAll(async () => {
    await browser?.close();
    site?.closeAllConnections();
    await new Promise((done) => site?.close(done));
    await server?.stop();
  });

  it('shows its picture in the header and before the first word, from an address that does not expire', async () => {
    const pictureOf = (selector: string) => page.locator(`[data-tiller] ${selector} .avatar img`);
    for (const selector of ['.header', '.hero']) {
      await expect.poll(() => pictureOf(selector).evaluate((img) => (img as HTMLImageElement).naturalWidth)).toBe(1);
      expect(await pictureOf(selector).getAttribute('src')).toMatch(/\/w\/wgt_[0-9a-f]{24}\/icon\?v=[0-9a-f]{12}$/);
    }
    expect(await page.locator('[data-tiller] .header .status').innerText()).toBe('We typically reply within minutes');
    expect(problems).toEqual([]);
  });

  it('asks in the colours of the contract how it was, and thanks in its words', async () => {
    const composer = page.locator('[data-tiller] form.composer textarea');
    await composer.fill('What does a day of hire cost?');
    await composer.press('Enter');
    await expect.poll(() => page.locator('[data-tiller] .msg.ai .md').count()).toBe(1);
    const staff = await connectStaff(server.url, server.firstRun.keys.console);
    const inbox = await staff.must<{ conversations: { conversationId: string }[] }>('inbox:open', { filter: 'open' });
    await staff.must('conversation:close', { conversationId: inbox.conversations[0]!.conversationId });
    staff.close();
    const survey = page.locator('[data-tiller] .card.csat');
    await survey.waitFor();
    expect(await colorsOf('.card.csat')).toEqual(['rgb(20, 83, 45)', 'rgb(255, 255, 255)']);
    await survey.getByRole('radio').last().check({ force: true });
    await survey.getByRole('button').last().click();
    await expect.poll(() => page.locator('[data-tiller] .panel').innerText()).toContain('Merci, that helps!');
    expect(problems).toEqual([]);
  });

  it('stays away from a page that is opened after it was switched off', async () => {
    await webchats('PUT', `/${id}`, { isEnabled: false });
    const refused = page.waitForResponse((response) => /\/w\/wgt_[0-9a-f]{24}$/.test(response.url()));
    await page.reload();
    expect((await refused).status()).toBe(403);
    expect(await page.locator('[data-tiller] .launcher').count()).toBe(0);
  });
});
