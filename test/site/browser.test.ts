import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSite } from './built-site.ts';
import type { BuiltSite } from './built-site.ts';

const executablePath = '/usr/bin/chromium';
const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const sizes = { desktop: [1440, 900], phone: [390, 844], narrow: [320, 640], tablet: [900, 1100] } as const;
type Look = { size: keyof typeof sizes; scheme: 'light' | 'dark' };
const looks: Look[] = (Object.keys(sizes) as Look['size'][]).flatMap((size) => [
  { size, scheme: 'light' },
  { size, scheme: 'dark' },
]);

describe.skipIf(!existsSync(executablePath))('in a browser', () => {
  let site: BuiltSite;
  let browser: Browser;
  beforeAll(async () => {
    site = await buildSite();
    site.values['__WIDGET_KEY__'] = 'wgt_test';
    site.values['__EMBED__'] = '&lt;script async src=&quot;http://x/widget.js&quot;&gt;&lt;/script&gt;';
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic'] });
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  /** Opens a page, does something with it, and returns what the browser complained about. */
  const visit = async (path: string, { size, scheme }: Look, act: (page: Page) => Promise<void>): Promise<string[]> => {
    const [width, height] = sizes[size];
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('requestfailed', (request) => complaints.push(request.url()));
    await page.goto(site.url + path, { waitUntil: 'load' });
    await act(page);
    await context.close();
    return complaints;
  };
  const desktop: Look = { size: 'desktop', scheme: 'light' };

  it.each(looks)(
    'both pages fit a $size screen in $scheme, are accessible, and break no rule of the policy',
    async (look) => {
      const axe = await readFile(axeFile, 'utf8');
      for (const path of ['/', '/demo']) {
        const complaints = await visit(path, look, async (page) => {
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          expect(overflow).toBeLessThanOrEqual(0);
          // The rules look at the same page everywhere; colours differ by scheme, the layout between desktop and phone.
          if (look.size !== 'desktop' && look.size !== 'phone') return;
          await page.evaluate(axe);
          const violations = await page.evaluate(async () => {
            const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } };
            const found = await axe.run();
            return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
          });
          expect(violations).toEqual([]);
        });
        expect(complaints).toEqual([]);
      }
    },
  );

  it.each(looks.filter(({ size }) => size === 'desktop' || size === 'phone'))(
    'the first view of the demo holds headline, prices, chips and the way to the console ($size, $scheme)',
    async (look) => {
      await visit('/demo', look, async (page) => {
        const [width, height] = sizes[look.size];
        for (const selector of ['h1', '.scene .kayak-one', '.scene .kayak-two', '.strip a']) {
          const box = await page.locator(selector).boundingBox();
          expect(box !== null && box.x >= 0 && box.x + box.width <= width && box.y + box.height <= height).toBe(true);
        }
        const board = await page.locator('.prices ul').boundingBox();
        const launcher = { x: width - 16 - 56, y: height - 16 - 56 };
        expect(board).not.toBeNull();
        const isClear = board!.y + board!.height <= launcher.y || board!.x + board!.width <= launcher.x;
        expect(isClear).toBe(true);
        const chips = await page.locator('.ask button').all();
        expect(chips).toHaveLength(3);
        for (const chip of chips) expect((await chip.boundingBox())?.height).toBeGreaterThanOrEqual(44);
      });
    },
  );

  it('a question asked before the widget has loaded waits in the queue', async () => {
    await visit('/demo', desktop, async (page) => {
      await page.getByRole('button', { name: 'What if it rains?' }).click();
      const calls = await page.evaluate(() => {
        const { Tiller } = globalThis as unknown as { Tiller: { q: unknown[][] } };
        return Tiller.q.map((call) => [...call]);
      });
      expect(calls).toEqual([['open'], ['send', 'What happens if it rains?']]);
    });
  });

  it('once the widget has loaded, it is asked directly', async () => {
    await visit('/demo', desktop, async (page) => {
      await page.evaluate(() => {
        const calls: unknown[][] = [];
        Object.assign(globalThis, { calls, Tiller: (...call: unknown[]) => calls.push(call) });
      });
      await page.getByRole('button', { name: 'Ask for a date' }).click();
      const calls = await page.evaluate(() => (globalThis as unknown as { calls: unknown[][] }).calls);
      expect(calls).toEqual([['open'], ['prefill', 'I’d like to book ']]);
    });
  });

  it('the embed code is shown as text, and copied or at least selected with one click', async () => {
    await visit('/', desktop, async (page) => {
      const code = '<script async src="http://x/widget.js"></script>';
      expect(await page.locator('#embed').textContent()).toBe(code);
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.getByRole('button', { name: 'Copy' }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(code);
    });
  });

  it.each(['', '__EMBED__'])('without an embed code (%j) it says where to find one', async (value) => {
    const before = site.values['__EMBED__']!;
    site.values['__EMBED__'] = value;
    await visit('/', desktop, async (page) => {
      expect(await page.locator('#embed-missing').isVisible()).toBe(true);
      expect(await page.locator('#embed').isVisible()).toBe(false);
    });
    site.values['__EMBED__'] = before;
  });
});

interface AxeViolation {
  id: string;
  nodes: { html: string }[];
}
