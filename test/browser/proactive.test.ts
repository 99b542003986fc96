// The widget speaks first: in a real browser, on a page of another origin, where the owner lets it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import type { Widget } from '../../shared/widget.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { addTenant, firstOrganisation } from '../support/tenant.ts';
import { hasChromium, launch, openTab, violationsOf } from './console-page.ts';
import { startHostSite } from './host-page.ts';
import type { HostSite } from './host-page.ts';

const message = 'I see you’re interested in our trips. Shall I explain them?';
const proactive: Widget['proactive'] = {
  isEnabled: true,
  cooldownSeconds: 300,
  triggers: [{ type: 'scroll_depth', percent: 90, message }],
};
const tall = '<button id="own">Own button</button><div id="tall"></div>';
const css = '#tall{height:4000px}';

describe.skipIf(!hasChromium)('a widget that speaks first (needs chromium)', () => {
  let server: TestServer;
  let site: HostSite;
  let browser: Browser;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    server = await startServer();
    const { widget } = await firstOrganisation(server);
    await server.node.store.documents.widgets.put({ ...widget, proactive });
    site = await startHostSite();
    browser = await launch();
  });
  afterAll(async () => {
    for (const context of contexts) await context.close();
    await browser?.close();
    await site?.stop();
    await server?.stop();
  });

  const visit = async (
    more: Partial<Parameters<HostSite['page']>[0]> = {},
    { hasClock = false }: { hasClock?: boolean } = {},
  ) => {
    const tab = await openTab(browser, { viewport: { width: 1280, height: 800 } });
    if (hasClock) await tab.page.clock.install();
    contexts.push(tab.context);
    const asked: string[] = [];
    tab.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    tab.page.on('websocket', () => asked.push('websocket'));
    const page = { origin: server.url, widgetKey: server.firstRun.widgetKey, embed: { kind: 'own' } as const };
    await tab.page.goto(site.page({ ...page, body: tall, css, strict: true, ...more }));
    return { ...tab, asked };
  };
  const launcher = (page: Page): Locator => page.locator('[data-tiller] .launcher');
  const bubble = (page: Page): Locator => page.locator('[data-tiller] .offer');
  const panel = (page: Page): Locator => page.locator('[data-tiller] .panel');
  const stored = (page: Page): Promise<string[]> =>
    page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('tiller:')));
  const scrollDown = async (page: Page): Promise<void> => {
    await page.mouse.move(400, 400);
    await page.mouse.move(410, 410);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  };

  it('sends and stores nothing before its rule holds, and then speaks without taking the focus', async () => {
    const { page, problems, asked } = await visit({}, { hasClock: true });
    await launcher(page).waitFor();
    await page.clock.runFor(60_000);
    expect(asked).not.toContain('/widget/proactive.js');
    // Somebody is there: the part that watches comes, and keeps what it sees to itself.
    await page.mouse.move(300, 300);
    await page.mouse.move(310, 310);
    await expect.poll(() => asked.includes('/widget/proactive.js')).toBe(true);
    await page.locator('#own').focus();
    await page.clock.runFor(120_000);
    expect(asked.filter((path) => path.startsWith('/api/') || path === 'websocket')).toEqual([]);
    expect(await stored(page)).toEqual([]);
    await scrollDown(page);
    await page.clock.runFor(1000);
    await bubble(page).waitFor();
    await page.clock.runFor(1000);
    expect(await bubble(page).locator('.text').innerText()).toBe(message);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('own');
    expect(await bubble(page).locator('.chip').allInnerTexts()).toEqual(['Tell me more', 'No thanks']);
    await expect.poll(() => page.locator('[data-tiller] .said').innerText()).toContain(message);
    // Asked for, not taken part in: the session is in the page's memory alone, and there is no socket.
    expect(await stored(page)).toEqual([]);
    expect(asked).not.toContain('websocket');
    expect(problems).toEqual([]);
  });

  it('goes when it is told to, and is not said again to this visitor', async () => {
    const { page, context } = await visit();
    await launcher(page).waitFor();
    await scrollDown(page);
    await bubble(page).getByText('No thanks').click();
    await bubble(page).waitFor({ state: 'detached' });
    expect(await panel(page).count()).toBe(0);
    expect((await stored(page)).length).toBeGreaterThan(0);
    // The same visitor on the next page.
    const next = await context.newPage();
    const answers: number[] = [];
    next.on('response', async (response) => {
      if (!response.url().endsWith('/api/widget/proactive')) return;
      const body = (await response.json()) as { message: unknown };
      answers.push(body.message === null ? 0 : 1);
    });
    await next.goto(page.url());
    await launcher(next).waitFor();
    await scrollDown(next);
    await expect.poll(() => answers, { timeout: 10_000 }).toEqual([0]);
    expect(await bubble(next).count()).toBe(0);
  });

  it('Escape within it dismisses it and gives the focus to the launcher', async () => {
    const { page, context } = await visit();
    await launcher(page).waitFor();
    await scrollDown(page);
    await bubble(page).waitFor();
    expect(await violationsOf(context, page)).toEqual([]);
    await bubble(page).locator('.text').focus();
    await page.keyboard.press('Escape');
    await bubble(page).waitFor({ state: 'detached' });
    expect(
      await page.evaluate(() => document.querySelector('[data-tiller]')?.shadowRoot?.activeElement?.className),
    ).toBe('launcher');
  });

  it('an answer opens the chat, with the offer before it in the conversation', async () => {
    const { page, problems } = await visit();
    await launcher(page).waitFor();
    await scrollDown(page);
    await bubble(page).getByText('Tell me more').click();
    await panel(page).locator('.msg.visitor .bubble').waitFor();
    expect(await panel(page).locator('.msg.visitor .bubble').innerText()).toContain('Tell me more');
    await expect.poll(() => panel(page).locator('.msg.ai .md').count(), { timeout: 15_000 }).toBe(2);
    expect(await panel(page).locator('.msg.ai .md').first().innerText()).toBe(message);
    expect(await bubble(page).count()).toBe(0);
    const { orgId } = await firstOrganisation(server);
    const inbox = await server.node.store.inbox({ orgId, filter: 'open', memberId: '', limit: 10 });
    const facts = await server.node.store.factsAfter(inbox.rows[0]!.conversationId, 0, 50);
    const said = facts.flatMap((fact) => (fact.type === 'message.created' ? [fact.author.kind] : []));
    expect(said).toEqual(['ai', 'visitor', 'ai']);
    expect(problems).toEqual([]);
  });

  it('what a socket was offered, because the page itself tracked something, is shown once the panel is closed', async () => {
    const tenant = await addTenant(server);
    const triggers: Widget['proactive']['triggers'] = [{ type: 'exit_intent', message: 'Before you go' }];
    await server.node.store.documents.widgets.put({ ...tenant.widget, proactive: { ...proactive, triggers } });
    const { page, asked } = await visit({ widgetKey: tenant.widget.widgetKey });
    await launcher(page).click();
    await panel(page).locator('form.composer textarea').waitFor();
    await expect.poll(() => asked).toContain('/widget/proactive.js');
    await page.evaluate(() => (window as unknown as Record<string, { close(): void }>)['Tiller']!.close());
    await panel(page).waitFor({ state: 'hidden' });
    await page.evaluate(() =>
      (window as unknown as Record<string, (verb: string, type: string) => void>)['Tiller']!('track', 'exit_intent'),
    );
    await expect.poll(() => bubble(page).locator('.text').innerText()).toBe('Before you go');
  });

  it('the message itself opens the chat, which greets with it', async () => {
    const { page } = await visit();
    await launcher(page).waitFor();
    await scrollDown(page);
    await bubble(page).locator('.text').click();
    await panel(page).getByText(message).waitFor();
    expect(await bubble(page).count()).toBe(0);
  });

  it('a widget whose owner has not asked for it loads none of this', async () => {
    const tenant = await addTenant(server);
    const { page, asked } = await visit({ widgetKey: tenant.widget.widgetKey }, { hasClock: true });
    await launcher(page).waitFor();
    await scrollDown(page);
    await page.clock.runFor(120_000);
    expect(asked.some((path) => path.includes('proactive') || path.startsWith('/api/'))).toBe(false);
  });
});
