// Every state of the panel, in a browser: nothing clipped, nothing axe objects to, nothing hostile that comes alive.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { hasChromium, launch } from '../browser/console-page.ts';
import { scenes } from './gallery/scenes.ts';
import { serveGallery } from './gallery/serve.ts';
import type { Gallery } from './gallery/serve.ts';

const hostile = [
  '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script><b>bold</b>',
  '![a](https://example.com/track.png) ![b](data:image/svg+xml,<svg onload="window.pwned=1">)',
  '[one](javascript:window.pwned=1) [two](java\tscript:alert(1)) [three](data:text/html,x) [four](//evil.example)',
  '[five](vbscript:x) [six](https://example.com/ok) [seven](mailto:a@b.example) [eight](tel:+491234)',
  '```"><img src=x onerror=alert(1)>\ncode\n```',
  '<javascript:alert(1)> https://example.com/raw $HOME costs $5',
].join('\n\n');

describe.skipIf(!hasChromium)('the states of the panel (needs chromium)', () => {
  let gallery: Gallery;
  let browser: Browser;
  let axe: string;

  beforeAll(async () => {
    gallery = await serveGallery();
    browser = await launch();
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  });
  afterAll(async () => {
    await browser?.close();
    await gallery?.stop();
  });

  const show = async (query: Record<string, string>, width = 560, height = 760): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width, height }, reducedMotion: 'reduce' });
    await page.goto(gallery.url(query));
    await page.waitForFunction('window.isReady');
    return page;
  };
  const root = '[data-tiller]';

  /** Nothing fades or rises any more; dots go on for ever and do not count. */
  const isStill = (page: Page): Promise<boolean> =>
    page
      .locator(root)
      .evaluate((host) =>
        host
          .shadowRoot!.getAnimations()
          .every((one) => one.playState === 'finished' || one.effect?.getComputedTiming().iterations === Infinity),
      );

  /** What sticks out of the panel sideways, scrollers of their own excepted. */
  const clipped = (page: Page): Promise<string[]> =>
    page.locator(root).evaluate((host) => {
      const panel = host.shadowRoot!.querySelector('.panel')!;
      const edge = panel.getBoundingClientRect();
      return [...panel.querySelectorAll('*')]
        .filter((node) => node.closest('.sr, .md-table, svg') === null && node.getClientRects().length > 0)
        .filter((node) => {
          const box = node.getBoundingClientRect();
          return box.left < edge.left - 1 || box.right > edge.right + 1;
        })
        .map((node) => `${node.localName}.${node.className}`);
    });

  const violations = async (page: Page): Promise<string[]> => {
    await expect.poll(() => isStill(page), { timeout: 8000 }).toBe(true);
    await page.evaluate(axe);
    return page.evaluate(async () => {
      const { axe } = window as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
    });
  };

  for (const name of Object.keys(scenes).filter((scene) => scenes[scene]?.isClosed !== true))
    it(`"${name}" has no violations that axe can find, and nothing clipped at 320`, async () => {
      const page = await show({ scene: name });
      expect(await violations(page)).toEqual([]);
      await page.setViewportSize({ width: 320, height: 568 });
      expect(await clipped(page)).toEqual([]);
      await page.close();
    });

  for (const [brand, scheme] of [
    ['#0f766e', 'dark'],
    ['#FFD400', 'light'],
    ['#FFD400', 'dark'],
    ['#1F2937', 'dark'],
    ['#FFFFFF', 'light'],
    ['#FFFFFF', 'dark'],
  ] as const)
    it(`is readable with ${brand} in ${scheme}`, async () => {
      for (const scene of ['actions', 'own']) {
        const page = await show({ scene, brand, scheme });
        expect(await violations(page), scene).toEqual([]);
        await page.close();
      }
    });

  it('leads a link of the page to the page, whatever <base> came into it', async () => {
    const page = await browser.newPage();
    const url = gallery.url({ scene: 'actions' });
    await page.route(url, async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace('</main>', '</main><base href="http://evil.example/">');
      await route.fulfill({ response, body });
    });
    await page.goto(url);
    await page.waitForFunction('window.isReady');
    expect(await page.evaluate(() => document.baseURI)).toBe('http://evil.example/');
    expect(await page.getByRole('link', { name: 'Prices' }).getAttribute('href')).toBe(new URL('/prices', url).href);
    await page.close();
  });

  it('keeps hostile markdown inert, and shows its words', async () => {
    const page = await show({ scene: 'empty' });
    await page.evaluate((text) => window.script.say('ai', text), hostile);
    const md = page.locator(`${root} .md`);
    await md.waitFor();
    expect(await md.locator('img, script, iframe, svg, b, input, style').count()).toBe(0);
    const links = await md
      .locator('a[href]')
      .evaluateAll((nodes) =>
        nodes.map((node) => [node.getAttribute('href'), node.getAttribute('rel'), node.getAttribute('target')]),
      );
    const rel = 'noopener noreferrer nofollow';
    expect(links).toEqual([
      // An image is never fetched: it is a link that somebody may choose to follow.
      ['https://example.com/track.png', rel, '_blank'],
      ['https://example.com/ok', rel, '_blank'],
      ['mailto:a@b.example', rel, '_blank'],
      ['tel:+491234', rel, '_blank'],
      ['https://example.com/raw', rel, '_blank'],
    ]);
    const attributes = await md.evaluate((node) =>
      [...node.querySelectorAll('*')].flatMap((element) => element.getAttributeNames()),
    );
    // `tabindex` is ours: a wide block of code can be scrolled by the keyboard.
    expect(new Set(attributes)).toEqual(new Set(['href', 'rel', 'tabindex', 'target']));
    expect(await md.innerText()).toContain('$HOME costs $5');
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    await page.close();
  });

  it('starts again in the same node when another attempt replaces what streamed', async () => {
    const page = await show({ scene: 'streaming' });
    const md = page.locator(`${root} .md`);
    const node = await md.elementHandle();
    await page.evaluate(() => window.script.stream('reply-1', ''));
    await page.evaluate(() => window.script.stream('reply-1', 'Another **attempt**'));
    await expect.poll(() => md.innerText()).toBe('Another attempt');
    await page.evaluate(() => window.script.say('ai', 'Another **attempt** it is.', { messageId: 'reply-1' }));
    await expect.poll(() => md.innerText()).toBe('Another attempt it is.');
    expect(await node?.evaluate((element) => element.isConnected)).toBe(true);
    await page.close();
  });

  it('keeps the beginning of a long answer in sight, and does not pull back a reader who scrolled up', async () => {
    const page = await show({ scene: 'thinking' });
    const paragraph = 'A sentence of an answer that goes on for a while. '.repeat(6);
    for (let length = 1; length <= 8; length += 1)
      await page.evaluate((text) => window.script.stream('reply-1', text), `${paragraph}\n\n`.repeat(length));
    const list = page.locator(`${root} .list`);
    const answerTop = (): Promise<number> =>
      list.evaluate(
        (node) => node.querySelector('[data-live]')!.getBoundingClientRect().top - node.getBoundingClientRect().top,
      );
    await expect.poll(answerTop).toBeCloseTo(16, 0);
    await page.locator(`${root} .jump`).waitFor();
    await list.evaluate((node) => void (node.scrollTop = 0));
    await page.evaluate((text) => window.script.stream('reply-1', text), `${paragraph}\n\n`.repeat(10));
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    expect(await list.evaluate((node) => node.scrollTop)).toBe(0);
    await page.locator(`${root} .jump`).click();
    await expect
      .poll(() => list.evaluate((node) => node.scrollHeight - node.clientHeight - node.scrollTop))
      .toBeLessThan(2);
    await page.close();
  });

  it('reads each finished sentence of an answer once to a screen reader, the author first, and stops at a takeover', async () => {
    const page = await show({ scene: 'empty' });
    const spoken = page.locator(`${root} [aria-live=polite] p`);
    await page.evaluate(() => {
      window.script.say('visitor', 'Hello?');
      window.script.stream('reply-1', 'No licence is needed. You can');
    });
    await expect.poll(() => spoken.allInnerTexts()).toEqual(['Skipper: No licence is needed.']);
    await page.evaluate(() => {
      const text = 'No licence is needed. You can swim. Or you can';
      window.script.stream('reply-1', text);
      window.script.say('ai', text, { messageId: 'reply-1', status: 'interrupted', cut: 'taken' });
      window.script.fact({
        type: 'control.changed',
        isAutopilot: false,
        agentId: 'mem_1',
        agentName: 'Maya Lind',
        waiting: null,
        turn: 2,
        reason: 'taken',
      });
    });
    await expect.poll(() => spoken.allInnerTexts()).toContain('Maya joined');
    expect(await spoken.allInnerTexts()).toEqual(['Skipper: No licence is needed.', 'Maya joined']);
    await page.close();
  });

  it('fills its container where it is inline, without a launcher or a way to close it', async () => {
    const page = await show({ scene: 'answered', inline: '1' });
    const box = await page.locator('#host').boundingBox();
    expect(await page.locator(`${root} .panel`).boundingBox()).toEqual(box);
    expect(box).toMatchObject({ width: 360, height: 560 });
    expect(await page.locator(`${root} .launcher`).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Close chat' }).count()).toBe(0);
    await page.close();
  });

  it('takes new settings without a reload', async () => {
    const page = await show({ scene: 'answered' });
    const color = (): Promise<string> =>
      page.locator(`${root} .header`).evaluate((node) => getComputedStyle(node).backgroundColor);
    expect(await color()).toBe('rgb(15, 118, 110)');
    await page.evaluate(() => window.restyle('#1F2937', 'New title'));
    await expect.poll(color).toBe('rgb(31, 41, 55)');
    await page.locator(`${root} h2`, { hasText: 'New title' }).waitFor();
    await page.close();
  });
});
