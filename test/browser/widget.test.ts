// The widget in a real browser, on a page of another origin, against a real server.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { createStaffClient } from '../../client/sdk/index.ts';
import type { StaffClient } from '../../client/sdk/api.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { hasChromium, launch, openTab } from './console-page.ts';
import { startHostSite, startWire } from './host-page.ts';
import type { Embed, HostSite, Wire } from './host-page.ts';

const question = 'What does a day of hire cost?';
const contract: Embed = { kind: 'contract' };

describe.skipIf(!hasChromium)('the widget (needs chromium)', () => {
  let server: TestServer;
  let site: HostSite;
  let wire: Wire;
  let browser: Browser;
  let staff: StaffClient;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    server = await startServer({ env: { AI_BUILTIN_WORDS_PER_SECOND: '25' } });
    site = await startHostSite();
    wire = await startWire(server.url);
    browser = await launch();
    staff = createStaffClient({ url: server.url, token: server.firstRun.keys.console, memberId: '' });
    staff.connect();
  });
  afterAll(async () => {
    staff?.disconnect();
    for (const context of contexts) await context.close();
    await browser?.close();
    await wire?.stop();
    await site?.stop();
    await server?.stop();
  });

  const widgetKeyOf = (): string => server.firstRun.widgetKey;
  const urlOf = (more: Partial<Parameters<HostSite['page']>[0]> = {}): string =>
    site.page({ origin: server.url, widgetKey: widgetKeyOf(), embed: contract, ...more });
  const visit = async (url: string, options: Parameters<Browser['newContext']>[0] = {}) => {
    const tab = await openTab(browser, { viewport: { width: 1280, height: 800 }, ...options });
    contexts.push(tab.context);
    await tab.page.goto(url);
    return tab;
  };
  const launcher = (page: Page): Locator => page.locator('[data-tiller] .launcher');
  const panel = (page: Page): Locator => page.locator('[data-tiller] .panel');
  const composer = (page: Page): Locator => panel(page).locator('form.composer textarea');
  const answers = (page: Page): Locator => panel(page).locator('.msg.ai .md');
  const own = (page: Page): Locator => panel(page).locator('.msg.visitor .bubble');
  const open = async (page: Page): Promise<void> => {
    await launcher(page).click();
    await composer(page).waitFor();
  };
  const say = async (page: Page, text: string): Promise<void> => {
    await composer(page).fill(text);
    await composer(page).press('Enter');
  };
  const isSettled = (page: Page): Promise<boolean> =>
    panel(page).evaluate((node) => node.querySelector('.caret, .dots, [data-live]') === null);
  const settled = async (page: Page, count = 1): Promise<void> => {
    await expect.poll(() => answers(page).count(), { timeout: 15_000 }).toBe(count);
    await expect.poll(() => isSettled(page), { timeout: 15_000 }).toBe(true);
  };
  const textOf = async (page: Page): Promise<string> => (await answers(page).last().innerText()).trim();
  const conversationOf = (page: Page): Promise<string> =>
    page.evaluate(() => {
      const key = Object.keys(localStorage).find((name) => name.endsWith(':conversation'));
      return localStorage.getItem(key ?? '') ?? '';
    });

  for (const [title, embed, name] of [
    ['the snippet of contract 000', contract, 'PatChat'],
    ['a renamed snippet', { kind: 'contract', name: 'HelpMe' }, 'HelpMe'],
    ['our own line', { kind: 'own' }, 'Tiller'],
  ] as [string, Embed, string][])
    it(`is embedded by ${title}, and answers to its name`, async () => {
      const { page, problems } = await visit(urlOf({ embed }));
      await launcher(page).waitFor();
      await page.evaluate((api) => (window as unknown as Record<string, (verb: string) => void>)[api]!('open'), name);
      await composer(page).waitFor();
      await page.evaluate((api) => (window as unknown as Record<string, { close(): void }>)[api]!.close(), name);
      await panel(page).waitFor({ state: 'hidden' });
      expect(problems).toEqual([]);
    });

  it('opens no socket, stores nothing and loads no panel before the first interaction', async () => {
    const requests: string[] = [];
    const sockets: string[] = [];
    const tab = await openTab(browser);
    contexts.push(tab.context);
    tab.page.on('request', (request) => requests.push(new URL(request.url()).pathname));
    tab.page.on('websocket', (socket) => sockets.push(socket.url()));
    await tab.page.goto(urlOf());
    await launcher(tab.page).waitFor();
    await tab.page.waitForLoadState('networkidle');
    const stored = await tab.page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
    expect(stored).toEqual([0, 0, '']);
    expect(sockets).toEqual([]);
    expect(requests.filter((path) => path.startsWith('/w'))).toEqual(['/widget/pat-chat.js', `/w/${widgetKeyOf()}`]);
    await open(tab.page);
    expect(sockets).toHaveLength(1);
  });

  it('says one line and draws nothing where the key is unknown', async () => {
    const warnings: string[] = [];
    const tab = await openTab(browser);
    contexts.push(tab.context);
    tab.page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));
    await tab.page.goto(urlOf({ widgetKey: 'wgt_000000000000000000000000' }));
    await expect.poll(() => warnings.length).toBe(1);
    expect(warnings[0]).toContain('wgt_000000000000000000000000');
    expect(await tab.page.locator('[data-tiller]').count()).toBe(0);
  });

  it('streams an answer into one node that the final message does not replace, and finishing moves nothing', async () => {
    const { page, problems } = await visit(urlOf());
    await open(page);
    await say(page, question);
    await panel(page).locator('.msg.ai .caret').waitFor({ state: 'attached' });
    const first = await answers(page).first().elementHandle();
    await expect.poll(() => panel(page).locator('.msg.ai .caret').count(), { timeout: 15_000 }).toBe(0);
    const before = await first.boundingBox();
    await settled(page);
    await panel(page).locator('.msg.ai time').waitFor();
    expect(await first.evaluate((node) => node.isConnected)).toBe(true);
    expect(await first.boundingBox()).toEqual(before);
    expect((await textOf(page)).length).toBeGreaterThan(20);
    expect(problems).toEqual([]);
  });

  it('[R6] goes on after a reload in the middle of an answer, without a gap or a doubled character', async () => {
    const { page } = await visit(urlOf());
    await open(page);
    await say(page, question);
    await expect
      .poll(async () => (await answers(page).first().innerText()).length, { timeout: 15_000 })
      .toBeGreaterThan(15);
    const seen = await textOf(page);
    await page.reload();
    await open(page);
    await answers(page).first().waitFor();
    expect((await textOf(page)).startsWith(seen.slice(0, 15))).toBe(true);
    await settled(page);
    const streamed = await textOf(page);
    expect(streamed.length).toBeGreaterThan(seen.length);
    await page.reload();
    await open(page);
    await settled(page);
    expect(await textOf(page)).toBe(streamed);
    expect(await own(page).count()).toBe(1);
  });

  it('[R13] keeps what is written while the connection is gone, and sends it once when it is back', async () => {
    const { page } = await visit(urlOf({ origin: wire.url }));
    await open(page);
    await say(page, question);
    await settled(page);
    wire.cut();
    await panel(page).locator('.strip').waitFor();
    await say(page, 'Can we bring a dog?');
    await panel(page).getByText("Sends when you're back").waitFor();
    wire.mend();
    await panel(page).locator('.strip').waitFor({ state: 'detached', timeout: 15_000 });
    await settled(page, 2);
    expect(await own(page).allInnerTexts()).toEqual([question, 'Can we bring a dog?']);
  });

  it('shows one conversation in two tabs', async () => {
    const first = await visit(urlOf());
    await open(first.page);
    await say(first.page, question);
    await settled(first.page);
    const second = await first.context.newPage();
    await second.goto(urlOf());
    await open(second);
    await expect.poll(() => own(second).allInnerTexts()).toEqual([question]);
    await say(second, 'From the second tab');
    await expect.poll(() => own(first.page).allInnerTexts()).toEqual([question, 'From the second tab']);
  });

  it('works by keyboard alone: opens, asks, stops, and Escape gives the focus back and keeps the text', async () => {
    const { page } = await visit(urlOf());
    await launcher(page).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => composer(page).evaluate((node) => node.matches(':focus'))).toBe(true);
    await page.keyboard.type(question);
    await page.keyboard.press('Enter');
    await panel(page).getByRole('button', { name: 'Stop the answer' }).waitFor();
    await panel(page).locator('.msg.ai .caret').waitFor({ state: 'attached' });
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await panel(page).getByText('Stopped by you').waitFor();
    await page.keyboard.type('half a thought');
    await page.keyboard.press('Escape');
    await panel(page).waitFor({ state: 'hidden' });
    expect(await launcher(page).evaluate((node) => node.matches(':focus'))).toBe(true);
    await page.keyboard.press('Enter');
    expect(await composer(page).inputValue()).toBe('half a thought');
  });

  it('fills a phone, as a dialog that holds the focus, and gives the page back when it closes', async () => {
    const { page } = await visit(urlOf(), { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    await launcher(page).tap();
    await composer(page).waitFor();
    expect(await panel(page).getAttribute('role')).toBe('dialog');
    await expect.poll(() => panel(page).boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 844 });
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).overflow)).toBe('hidden');
    for (let press = 0; press < 12; press += 1) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.hasAttribute('data-tiller'))).toBe(true);
    }
    await panel(page).getByRole('button', { name: 'Close chat' }).tap();
    await panel(page).waitFor({ state: 'hidden' });
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).overflow)).toBe('visible');
  });

  it('is unharmed by a page that undoes every style', async () => {
    const css =
      '*{all:unset;display:none!important;color:red!important} html{font-size:62.5%} html,body,main{display:block!important}';
    const { page } = await visit(urlOf({ css }));
    await launcher(page).waitFor();
    expect(await launcher(page).boundingBox()).toEqual({ x: 1200, y: 720, width: 56, height: 56 });
    await open(page);
    await expect.poll(() => panel(page).boundingBox()).toEqual({ x: 872, y: 24, width: 384, height: 680 });
    const font = await composer(page).evaluate((node) => getComputedStyle(node).fontSize);
    expect(font).toBe('15px');
  });

  it('works on a page whose policy allows its server and nothing inline', async () => {
    const { page, problems } = await visit(urlOf({ embed: { kind: 'own' }, strict: true }));
    await open(page);
    await say(page, question);
    await settled(page);
    expect(problems).toEqual([]);
  });

  it('has no violations that axe can find: closed, empty, in conversation, in the menu', async () => {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const { page } = await visit(urlOf());
    // A text in the middle of its fade has no contrast worth measuring.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const violations = async (): Promise<string[]> => {
      await page.evaluate(axe);
      await page.evaluate(async () => {
        const root = document.querySelector('[data-tiller]')?.shadowRoot;
        // Dots go on for ever and do not count.
        const ending = (root?.getAnimations() ?? []).filter(
          (one) => one.effect?.getComputedTiming().iterations !== Infinity,
        );
        await Promise.all(ending.map(({ finished }) => finished.catch(() => undefined)));
      });
      return page.evaluate(async () => {
        const { axe } = window as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        };
        return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
      });
    };
    await launcher(page).waitFor();
    expect(await violations()).toEqual([]);
    await open(page);
    expect(await violations()).toEqual([]);
    await say(page, question);
    await settled(page);
    expect(await violations()).toEqual([]);
    await panel(page).getByRole('button', { name: 'More' }).click();
    await panel(page).getByRole('menu').waitFor();
    expect(await violations()).toEqual([]);
  });

  it('[R10] freezes the answer when a person takes over, says who came, and shows no more of it', async () => {
    const { page } = await visit(urlOf());
    await open(page);
    await say(page, question);
    await panel(page).locator('.msg.ai .caret').waitFor({ state: 'attached' });
    const conversationId = await conversationOf(page);
    const taken = await staff.ask('conversation:take', { conversationId });
    expect(taken.ok).toBe(true);
    await panel(page)
      .getByText(/^Stopped when .+ joined$/)
      .waitFor();
    const frozen = await textOf(page);
    await panel(page).locator('.line.joined').waitFor();
    expect(await panel(page).locator('.caret').count()).toBe(0);
    expect(await panel(page).locator('.header .status').last().innerText()).toBe('Answers in person');
    await launcher(page).click();
    await panel(page).waitFor({ state: 'hidden' });
    await staff.ask('message:send', { conversationId, clientId: crypto.randomUUID(), text: 'Hello, how can I help?' });
    await expect.poll(() => launcher(page).locator('.badge').innerText()).toBe('1');
    await open(page);
    await panel(page).getByText('Hello, how can I help?').waitFor();
    expect(await textOf(page)).toBe(frozen);
    await expect.poll(() => launcher(page).locator('.badge').textContent()).toBe('');
  });

  it('leaves nothing behind when it is destroyed, and comes back when it is asked to', async () => {
    const { page } = await visit(urlOf());
    await open(page);
    const call = (...args: unknown[]): Promise<unknown> =>
      page.evaluate((given) => {
        (window as unknown as { PatChat: (...all: unknown[]) => void }).PatChat(...given);
      }, args);
    await call('destroy');
    expect(await page.locator('[data-tiller]').count()).toBe(0);
    await call('init', { widgetKey: widgetKeyOf() });
    await call('init', { widgetKey: widgetKeyOf() });
    await open(page);
    expect(await page.locator('[data-tiller]').count()).toBe(1);
  });

  it('tells the page what happens', async () => {
    const { page } = await visit(urlOf());
    await launcher(page).waitFor();
    await page.evaluate(() => {
      const scope = window as unknown as { heard: string[]; PatChat: (...all: unknown[]) => void };
      scope.heard = [];
      for (const event of [
        'open',
        'connection',
        'message:sent',
        'reply:start',
        'reply:done',
        'message:received',
        'close',
      ])
        scope.PatChat('on', event, () => scope.heard.push(event));
    });
    await open(page);
    await say(page, question);
    await settled(page);
    await launcher(page).click();
    const heard = (): Promise<string[]> => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
    await expect.poll(heard).toContain('close');
    const order = (await heard()).filter((event) => event !== 'connection');
    expect(order.slice(0, 3)).toEqual(['open', 'message:sent', 'reply:start']);
    expect(order.slice(3, 5).sort()).toEqual(['message:received', 'reply:done']);
    expect(order.slice(5)).toEqual(['close']);
  });
});
