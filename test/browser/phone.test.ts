// The same chat with a thumb and with a keyboard alone, and what axe finds on the screens that both people look at.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Locator, Page } from 'playwright-core';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import {
  hasChromium,
  launch,
  longQuestion,
  question,
  readLog,
  signIn,
  violationsOf,
  visitDemo,
} from '../support/browser.ts';
import type { AgentPage, LogReader } from '../support/browser.ts';

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1 };

describe.skipIf(!hasChromium)('without a mouse (needs chromium)', () => {
  let server: TestServer;
  let browser: Browser;
  let log: LogReader;
  let maya: AgentPage;

  beforeAll(async () => {
    server = await startServer({ env: { AI_BUILTIN_WORDS_PER_SECOND: '40' } });
    browser = await launch();
    log = readLog(server.url, server.firstRun.keys.console);
    maya = await signIn(browser, server.firstRun.consoleUrl);
  });
  afterAll(async () => {
    log?.close();
    await browser?.close();
    await server?.stop();
  });

  const hasFocus = (target: Locator): Promise<boolean> => target.evaluate((node) => node.matches(':focus'));
  /** Whether all of it is inside of what the screen shows. */
  const isOnScreen = async (page: Page, target: Locator): Promise<boolean> => {
    const box = await target.boundingBox();
    const size = page.viewportSize()!;
    return (
      box !== null && box.x >= 0 && box.y >= 0 && box.x + box.width <= size.width && box.y + box.height <= size.height
    );
  };

  it('fills a phone: chips, composer and send under the thumb, also over an open keyboard, and closes', async () => {
    const visitor = await visitDemo(browser, server.url, phone);
    const { page, panel, composer } = visitor;
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await visitor.launcher.tap();
    await expect.poll(() => panel.boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 844 });
    const chip = panel.getByRole('button', { name: 'What if it rains?' });
    expect(await isOnScreen(page, chip)).toBe(true);
    expect(await isOnScreen(page, composer)).toBe(true);
    await chip.tap();
    await visitor.settled(1);
    expect(await visitor.own.allInnerTexts()).toEqual(['What if it rains?']);

    await composer.tap();
    await page.setViewportSize({ width: 390, height: 480 });
    const send = panel.getByRole('button', { name: 'Send', exact: true });
    await expect.poll(() => isOnScreen(page, composer)).toBe(true);
    await composer.fill('And if it snows?');
    await expect.poll(() => isOnScreen(page, send)).toBe(true);
    const size = await send.boundingBox();
    expect(Math.min(size!.width, size!.height)).toBeGreaterThanOrEqual(44);
    expect(await composer.evaluate((node) => getComputedStyle(node).fontSize)).toBe('16px');
    await send.tap();
    await expect.poll(() => visitor.own.allInnerTexts()).toEqual(['What if it rains?', 'And if it snows?']);
    await visitor.settled(2);
    await page.setViewportSize(phone.viewport);
    expect(await violationsOf(visitor.context, page)).toEqual([]);
    await panel.getByRole('button', { name: 'Close chat' }).tap();
    await panel.waitFor({ state: 'hidden' });
    expect(await isOnScreen(page, visitor.launcher)).toBe(true);
    expect(visitor.problems).toEqual([]);
    await visitor.context.close();
  });

  it('a visitor opens, asks, stops and closes by keyboard, and the focus is where it was', async () => {
    const visitor = await visitDemo(browser, server.url);
    const { page, panel, composer } = visitor;
    await visitor.launcher.focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => hasFocus(composer)).toBe(true);
    await page.keyboard.type(longQuestion);
    await page.keyboard.press('Enter');
    await visitor.writes(20);
    await page.keyboard.press('Tab');
    await expect.poll(() => hasFocus(panel.getByRole('button', { name: 'Stop the answer' }))).toBe(true);
    await page.keyboard.press('Enter');
    await panel.getByText('Stopped by you').waitFor();
    await expect.poll(() => hasFocus(composer)).toBe(true);
    expect(await violationsOf(visitor.context, page)).toEqual([]);
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'hidden' });
    expect(await hasFocus(visitor.launcher)).toBe(true);
    expect(visitor.problems).toEqual([]);
    await visitor.context.close();
  });

  it('an agent finds the visitor, takes over, answers and gives back by keyboard alone', async () => {
    const visitor = await visitDemo(browser, server.url);
    await visitor.open();
    await visitor.say(question);
    await visitor.settled(1);
    const id = await visitor.conversationId();
    const { page } = maya;
    await page.goto(`${server.url}/console/inbox/open`);
    await maya.row(id).waitFor();
    // The latest conversation stands first.
    await page.keyboard.press('j');
    await page.waitForURL(`**/${id}`);
    // Leafing faster than anything can load must end with the conversation that is chosen.
    for (let round = 0; round < 12; round += 1) {
      await page.keyboard.press('j');
      await page.keyboard.press('k');
    }
    await maya.told(question).first().waitFor();
    await page.keyboard.press('j');
    await page.waitForURL((url) => !url.pathname.endsWith(id));
    await page.keyboard.press('k');
    await page.waitForURL(`**/${id}`);
    await maya.told(question).first().waitFor();
    await expect.poll(() => maya.button('Take over').isEnabled()).toBe(true);
    expect(await violationsOf(maya.context, page)).toEqual([]);
    await page.keyboard.press('t');
    await maya.told('You took over').waitFor();
    await page.keyboard.press('r');
    await expect.poll(() => hasFocus(maya.composer)).toBe(true);
    await page.keyboard.type('Hello from a person');
    await page.keyboard.press('Enter');
    await visitor.panel.locator('.msg.agent').getByText('Hello from a person').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('u');
    await maya.told('You gave it back to the AI').waitFor();
    expect((await log.messages(id)).map(({ author }) => author.kind)).toEqual(['visitor', 'ai', 'agent']);
    expect(await violationsOf(maya.context, page)).toEqual([]);
    await page.goto(`${server.url}/console/settings/widgets`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await violationsOf(maya.context, page)).toEqual([]);
    expect([...visitor.problems, ...maya.problems]).toEqual([]);
    await visitor.context.close();
  });
});
