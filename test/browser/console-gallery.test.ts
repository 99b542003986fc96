// What a real server can hardly be brought to on purpose: a thousand conversations, hostile text, rows under the pointer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { serveGallery } from '../console/gallery/serve.ts';
import type { Gallery } from '../console/gallery/serve.ts';
import type { GalleryControls } from '../console/gallery/fake-client.ts';
import { hasChromium, launch, openTab, violationsOf } from './console-page.ts';

describe.skipIf(!hasChromium)('the console on played conversations (needs chromium)', () => {
  let gallery: Gallery;
  let browser: Browser;

  beforeAll(async () => {
    [gallery, browser] = await Promise.all([serveGallery(), launch()]);
  });
  afterAll(async () => {
    await browser?.close();
    await gallery?.stop();
  });

  const show = async (path: string, options: Parameters<typeof openTab>[1] = {}) => {
    const tab = await openTab(browser, options);
    await tab.page.goto(`${gallery.url}/console${path}`);
    return tab;
  };
  const play = <K extends keyof GalleryControls>(page: Page, name: K, ...args: Parameters<GalleryControls[K]>) =>
    page.evaluate(
      ([method, given]) =>
        (window as unknown as { gallery: Record<string, (...all: unknown[]) => unknown> }).gallery[method]!(...given),
      [name, args] as [string, unknown[]],
    );
  const rows = (page: Page) => page.locator('[data-row]');
  const order = (page: Page) => rows(page).evaluateAll((nodes) => nodes.map((node) => node.getAttribute('data-row')));

  it('draws only the rows in sight, and pages on through 1,200 of them', async () => {
    const { page, problems, context } = await show('/inbox/open');
    await rows(page).first().waitFor();
    const list = page.getByRole('region', { name: 'Conversations' });
    let most = 0;
    await expect
      .poll(
        async () => {
          most = Math.max(most, await rows(page).count());
          return list.evaluate((node) => {
            node.scrollTop = node.scrollHeight;
            return node.querySelector('ul')!.getBoundingClientRect().height / 72;
          });
        },
        { timeout: 15_000, interval: 40 },
      )
      .toBeGreaterThan(1200);
    expect(most).toBeLessThan(40);
    await page.getByText('Loading more').waitFor({ state: 'detached' });
    expect(problems).toEqual([]);
    await context.close();
  });

  it('moves no row under the pointer, and moves them when it leaves', async () => {
    const { page, context } = await show('/inbox/open');
    await rows(page).nth(4).hover();
    const before = await order(page);
    const last = before[8]!;
    await play(page, 'visitorWrites', last, 'I write again');
    await page.locator(`[data-row="${last}"]`).getByText('I write again').waitFor();
    const newcomer = await play(page, 'arrive');
    await page.getByRole('button', { name: '1 new' }).waitFor();
    expect(await order(page)).toEqual(before);
    await page.mouse.move(900, 400);
    await expect.poll(async () => (await order(page)).includes(newcomer as string)).toBe(true);
    expect((await order(page))[0]).not.toBe(before[0]);
    await context.close();
  });

  it('keeps hostile text inert: no script, no image, links of four schemes alone', async () => {
    const { page, problems, context } = await show('/inbox/open/conv_hostile');
    const answer = page.locator('.md').first();
    await answer.waitFor();
    const links = await answer
      .locator('a')
      .evaluateAll((nodes) => nodes.map((node) => [node.getAttribute('href'), node.getAttribute('rel')]));
    expect(links.map(([href]) => href)).toEqual([
      'https://evil.example/p.png',
      'https://selwick.example/ok',
      'mailto:a@selwick.example',
    ]);
    for (const [, rel] of links) expect(rel).toContain('noopener noreferrer');
    expect(await answer.locator('img, script, iframe, style').count()).toBe(0);
    expect(await page.evaluate(() => '__hit' in window)).toBe(false);
    expect(await answer.innerText()).toContain('see [1] and $5 or $a lot');
    expect(problems).toEqual([]);
    await context.close();
  });

  it('holds the place of what one reads while earlier messages come in above', async () => {
    const { page, context } = await show('/inbox/open/conv_long');
    const thread = page.getByRole('region', { name: 'Messages' });
    await page.getByText('Question 29').waitFor();
    const target = page.getByText('Question 20: ').first();
    await target.scrollIntoViewIfNeeded();
    await thread.evaluate((node) => node.scrollBy(0, -node.scrollTop + 300));
    const count = await page.getByRole('article').count();
    const anchor = page.getByRole('article').nth(3);
    const key = (await anchor.getAttribute('data-message'))!;
    const top = (await anchor.boundingBox())!.y;
    await expect.poll(() => page.getByRole('article').count()).toBeGreaterThan(count);
    const moved = Math.abs((await page.locator(`[data-message="${key}"]`).boundingBox())!.y - top);
    expect(moved).toBeLessThan(3);
    await page.getByRole('button', { name: /Jump to latest/ }).click();
    await page.getByText('Answer 29').last().waitFor();
    await context.close();
  });

  it('draws an answer in one node from the first word to the last, and the bubble keeps its width', async () => {
    const { page, context } = await show('/inbox/ai/conv_live');
    const message = page.locator('[data-message="reply_live"]');
    await message.getByText('Here is what a day').waitFor();
    const width = await message.locator('.rounded-bubble').evaluate((node) => node.clientWidth);
    await message.evaluate((node) => node.setAttribute('data-mark', 'same'));
    expect(await page.locator('.caret').count()).toBe(1);
    for (let step = 0; step < 12; step += 1) await play(page, 'stream', 90);
    await page.locator('[data-message="reply_live"][data-state="said"]').waitFor();
    expect(await message.getAttribute('data-mark')).toBe('same');
    expect(await message.locator('.rounded-bubble').evaluate((node) => node.clientWidth)).toBe(width);
    expect(await page.locator('.caret').count()).toBe(0);
    expect(await message.locator('table tr').count()).toBe(4);
    await message.getByRole('link', { name: 'booking page' }).waitFor();
    await context.close();
  });

  it('shows agents the settings without letting them change anything', async () => {
    const { page, context } = await show('/settings/people?agent');
    await page.getByText('An admin can change them').waitFor();
    expect(await page.getByRole('button', { name: 'Invite' }).count()).toBe(0);
    await context.close();
  });

  it('is whole at 320 pixels: nothing sticks out, the composer is in sight', async () => {
    const { page, context } = await show('/inbox/open/conv_long', { viewport: { width: 320, height: 640 } });
    await page.getByText('Question 29').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    const composer = (await page.getByRole('textbox', { name: 'Reply' }).boundingBox())!;
    expect(composer.y + composer.height).toBeLessThan(640);
    expect(composer.x + composer.width).toBeLessThanOrEqual(320);
    await context.close();
  });

  it.each(['light', 'dark'] as const)(
    'has nothing that axe objects to in the states of a conversation (%s)',
    async (colorScheme) => {
      const { page, context } = await show('/inbox/open', { colorScheme });
      const found: Record<string, string[]> = {};
      for (const id of ['conv_mine', 'conv_stale', 'conv_live', 'conv_closed']) {
        await page.goto(`${gallery.url}/console/inbox/open/${id}`);
        await page.getByRole('article').first().waitFor();
        found[id] = await violationsOf(context, page);
      }
      expect(found).toEqual({ conv_mine: [], conv_stale: [], conv_live: [], conv_closed: [] });
      await context.close();
    },
  );
});
