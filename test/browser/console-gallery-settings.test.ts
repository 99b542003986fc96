// The screens for whoever provisions, on a played server: empty, failing, slow, with the longest of texts, for everybody's eyes and hands.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { serveGallery } from '../console/gallery/serve.ts';
import type { Gallery } from '../console/gallery/serve.ts';
import { hasChromium, launch, openTab, violationsOf } from './console-page.ts';

describe.skipIf(!hasChromium)('widgets, keys, pipelines and contacts on a played server (needs chromium)', () => {
  let gallery: Gallery;
  let browser: Browser;

  beforeAll(async () => {
    [gallery, browser] = await Promise.all([serveGallery(), launch()]);
  });
  afterAll(async () => {
    await browser?.close();
    await gallery?.stop();
  });

  const show = async (path: string) => {
    const tab = await openTab(browser);
    await tab.page.goto(`${gallery.url}/console${path}`);
    return tab;
  };

  /** The screens for whoever provisions, with something that is there once the screen is. */
  const screens: Record<string, string> = {
    '/settings/organisation': 'Kind of business',
    '/settings/keys': 'New key',
    '/settings/pipelines': 'New pipeline',
    '/settings/bans': 'Ban an address',
    '/settings/pipelines/pipe_1': 'Add a stage',
    '/settings/assistant': 'Instructions',
    '/settings/widgets': 'New widget',
    '/settings/widgets/wid_1': 'Daily budget of AI answers',
    '/settings/widgets/wid_1/look': 'Layer (z-index)',
    '/settings/widgets/wid_1/texts': 'Thanks for a rating',
    '/settings/widgets/wid_1/start': 'Opening messages',
    '/settings/widgets/wid_1/proactive': 'Add a rule',
    '/settings/widgets/wid_1/access': 'Privacy page',
    '/settings/widgets/wid_1/install': 'Widget API key',
    '/contacts/everyone/con_0': 'Conversations',
    '/contacts/leads': 'Export CSV',
  };
  const open = async (page: Page, path: string, query = '') => {
    await page.goto(`${gallery.url}/console${path}${query}`);
    await page.getByText(screens[path]!).first().waitFor();
  };

  it.each(['light', 'dark'] as const)(
    'has nothing that axe objects to (%s)',
    async (colorScheme) => {
      const { page, context } = await openTab(browser, { colorScheme });
      const found: Record<string, string[]> = {};
      // Both schemes are made of the same tokens: the second time, one screen of each kind.
      const paths = Object.keys(screens).filter((path) => colorScheme === 'light' || /keys|look|contacts/.test(path));
      for (const path of paths) {
        await open(page, path);
        found[path] = await violationsOf(context, page);
      }
      await open(page, '/settings/keys');
      await page.getByRole('button', { name: 'New key' }).click();
      found['a dialog'] = await violationsOf(context, page);
      expect(found).toEqual(Object.fromEntries([...paths, 'a dialog'].map((path) => [path, []])));
      await context.close();
    },
    120_000,
  );

  /** What can be pressed or typed into and reaches beyond the window, unless it scrolls there in a box of its own. */
  const stickingOut = (page: Page): Promise<string[]> =>
    page.evaluate(() => {
      const scrolls = (node: Element): boolean => {
        for (let up = node.parentElement; up !== null; up = up.parentElement) {
          if (/auto|scroll/.test(getComputedStyle(up).overflowX) && up.scrollWidth > up.clientWidth + 1) return true;
        }
        return false;
      };
      return [...document.querySelectorAll('button, input:not(.sr-only), select, textarea, a')]
        .filter((node) => {
          const { right, left, width } = node.getBoundingClientRect();
          return width > 1 && (right > innerWidth + 1 || left < -1) && !scrolls(node);
        })
        .map((node) => node.outerHTML.slice(0, 160));
    });

  it.each([
    ['at 320 pixels', { width: 320, height: 640 }],
    ['zoomed to 200 %', { width: 720, height: 450 }],
  ] as const)(
    'is whole with the longest of texts %s: nothing sticks out, nothing of it is more than text',
    async (_name, viewport) => {
      const { page, problems, context } = await openTab(browser, { viewport });
      const widths: Record<string, unknown> = {};
      for (const path of Object.keys(screens)) {
        await open(page, path, '?long');
        widths[path] = [await page.evaluate(() => document.documentElement.scrollWidth), await stickingOut(page)];
      }
      expect(widths).toEqual(Object.fromEntries(Object.keys(screens).map((path) => [path, [viewport.width, []]])));
      expect(await page.evaluate(() => '__hit' in window)).toBe(false);
      expect(problems).toEqual([]);
      await context.close();
    },
    120_000,
  );

  it('offers another try wherever the server did not answer', async () => {
    const { page, context } = await openTab(browser);
    const again = page.getByRole('button', { name: 'Try again' }).first();
    const offered: string[] = [];
    const paths = Object.keys(screens).filter((path) => !/wid_1\//.test(path));
    for (const path of paths) {
      await page.goto(`${gallery.url}/console${path}?error`);
      await again.waitFor();
      offered.push(path);
    }
    expect(offered).toEqual(paths);
    await context.close();
  });

  it('says what belongs where nothing is', async () => {
    const { page, context } = await openTab(browser);
    const said: Record<string, string> = {};
    const texts = {
      '/settings/keys': 'No key yet',
      '/settings/widgets': 'No widget yet',
      '/settings/pipelines': 'No pipeline yet',
      '/settings/bans': 'Nobody is banned',
      '/settings/assistant': 'No assistant yet',
      '/contacts/everyone': 'Nobody yet',
      '/contacts/leads': 'No leads yet',
    };
    for (const [path, text] of Object.entries(texts)) {
      await page.goto(`${gallery.url}/console${path}?empty`);
      said[path] = await page.getByText(text).innerText();
    }
    expect(said).toEqual(texts);
    await context.close();
  });

  it('shows bones while the server thinks, and only then', async () => {
    const { page, context } = await show('/contacts/everyone?slow');
    await page.locator('.animate-pulse').first().waitFor();
    expect(await page.getByText('Nobody yet').count()).toBe(0);
    await context.close();
  });

  it('loads contacts page by page, to the last of them', async () => {
    const { page, context } = await show('/contacts/everyone');
    const contacts = page.getByRole('list', { name: 'Contacts' }).getByRole('listitem');
    await contacts.first().waitFor();
    expect(await contacts.count()).toBe(50);
    await page.getByRole('button', { name: 'Load more' }).click();
    await expect.poll(() => contacts.count()).toBe(100);
    await page.getByRole('button', { name: 'Load more' }).click();
    await expect.poll(() => contacts.count()).toBe(120);
    expect(await page.getByRole('button', { name: 'Load more' }).count()).toBe(0);
    await context.close();
  });

  it('lets agents look at widgets and pipelines, keeps keys from them, and lets them move contacts', async () => {
    const { page, context } = await show('/settings/widgets/wid_1?agent');
    await page.getByText('An admin can change them').waitFor();
    expect(await page.getByLabel('Name').isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Delete widget' }).count()).toBe(0);
    await page.goto(`${gallery.url}/console/settings/pipelines/pipe_1?agent`);
    await page.getByLabel('Stage 1: name').waitFor();
    expect(await page.getByRole('button', { name: /^Move/ }).count()).toBe(0);
    await page.goto(`${gallery.url}/console/settings/keys?agent`);
    await page.getByText('Only an admin sees the keys').waitFor();
    await page.goto(`${gallery.url}/console/contacts/leads/con_0?agent`);
    await page.getByRole('region', { name: 'Contact', exact: true }).getByLabel('Stage').selectOption({ label: 'Won' });
    await page.getByText('Moved to Won').waitFor();
    expect(await page.getByRole('button', { name: 'Export CSV' }).count()).toBe(0);
    await context.close();
  });

  it('tells of a type without a web surface which bridge it needs, and embeds none', async () => {
    const { page, context } = await show('/settings/widgets/wid_3');
    await page.getByText('it needs a bridge to WhatsApp Business').waitFor();
    await page.getByRole('link', { name: /^Install/ }).click();
    await page.getByText('cannot be embedded').waitFor();
    expect(await page.getByText('<script').count()).toBe(0);
    await context.close();
  });
});
