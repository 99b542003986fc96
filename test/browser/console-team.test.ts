// The console among colleagues, without a connection, in its settings, and for everybody's eyes and hands.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, openTab, useLink, violationsOf } from './console-page.ts';
import { startConsoleWorld } from './console-world.ts';
import type { ConsoleWorld } from './console-world.ts';

describe.skipIf(!hasChromium)('the console, in the team and in its settings (needs chromium)', () => {
  let world: ConsoleWorld;
  let page: Page;

  beforeAll(async () => {
    world = await startConsoleWorld();
    page = world.page;
  });
  afterAll(() => world?.stop());

  it('tells who has it when a colleague was faster, and keeps the text', async () => {
    await world.go('/settings/people');
    await page.getByRole('button', { name: 'Invite' }).click();
    await page.getByLabel('Name').fill('Theo');
    await page.getByLabel('E-mail').fill('theo@example.com');
    await page.getByRole('button', { name: 'Create the link' }).click();
    const link = await page.locator('[data-secret] pre').innerText();
    const theo = await openTab(world.browser);
    await useLink(theo.page, link, 'Theo', 'theo@example.com');
    const visitor = await world.visit();
    visitor.client.send('I want to talk to a person');
    await theo.page.goto(`${world.server.url}/console/inbox/open/${visitor.conversationId}`);
    const his = theo.page.getByRole('textbox', { name: 'Reply' });
    await his.fill('Dear visitor, this took me a while to write');
    await world.open(visitor);
    await page.getByText('Also here: Theo').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Take over', exact: true }).click();
    await world.said('You took over').waitFor();
    await theo.page.locator('[data-steering]').getByText('Maya Lind has it').waitFor();
    expect(await theo.page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
    expect(await his.inputValue()).toBe('Dear visitor, this took me a while to write');
    await theo.page.reload();
    await theo.page.locator('[data-steering]').getByText('Maya Lind has it').waitFor();
    expect(await his.inputValue()).toBe('Dear visitor, this took me a while to write');
    await his.pressSequentially('!');
    await page.getByText('Theo is replying').waitFor();
    expect(theo.problems).toEqual([]);
    await theo.context.close();
  });

  it('keeps what was typed through a lost connection, and says how old the view is', async () => {
    const tab = await openTab(world.browser, { storageState: await world.maya.context.storageState() });
    let isDown = false;
    const links = new Set<{ close(): Promise<void> }>();
    await tab.page.routeWebSocket(/socket\.io/, (socket) => {
      if (isDown) {
        void socket.close();
        return;
      }
      links.add(socket);
      socket.connectToServer();
    });
    const visitor = await world.visit();
    visitor.client.send('Hello');
    await tab.page.goto(`${world.server.url}/console/inbox/open/${visitor.conversationId}`);
    await tab.page.getByRole('article').first().waitFor();
    isDown = true;
    await Promise.all([...links].map((socket) => socket.close()));
    const text = tab.page.getByRole('textbox', { name: 'Reply' });
    await text.fill('Half a sentence');
    await tab.page.getByText(/Showing \d{1,2}:\d\d.*Reconnecting/).waitFor();
    visitor.client.send('Are you there?');
    isDown = false;
    await tab.page.getByRole('button', { name: 'Try now' }).click();
    await tab.page.getByText('Are you there?').first().waitFor();
    expect(await text.inputValue()).toBe('Half a sentence');
    await tab.page.getByText(/Reconnecting/).waitFor({ state: 'detached' });
    await tab.context.close();
  });

  it('changes a widget with the preview beside it, and says which colour was adjusted', async () => {
    await world.go('/settings/widgets');
    await page.getByRole('link', { name: /Selwick/ }).click();
    const part = (name: string) =>
      page.getByRole('navigation', { name: 'Parts of the widget' }).getByRole('link', { name });
    await part('Texts').click();
    await page.getByLabel('Title', { exact: true }).fill('Boats & more');
    const preview = page.frameLocator('iframe');
    await preview.getByText('Boats & more').first().waitFor();
    await part('Look').click();
    await page.getByLabel('Brand', { exact: true }).fill('#FFD400');
    await page.getByLabel('Text in the header', { exact: true }).fill('#FFE000');
    await page.getByText('Adjusted to be readable').first().waitFor();
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Saved.').waitFor();
    const body = (await (await fetch(`${world.server.url}/w/${world.server.firstRun.widgetKey}`)).json()) as {
      texts: { title: string };
    };
    expect(body.texts.title).toBe('Boats & more');
  });

  it('adds knowledge from a file and answers by it in the test chat at once', async () => {
    await world.go('/settings/assistant');
    await page.getByLabel('Files with knowledge').setInputFiles({
      name: 'submarines.md',
      mimeType: 'text/markdown',
      buffer: Buffer.from('# Submarine hire\n\nA yellow submarine costs 999 pounds a day.\n'),
    });
    await page.locator('[data-article="Submarine hire"]').waitFor();
    const chat = page.frameLocator('iframe[title*="Test chat"]');
    await chat.getByRole('textbox').fill('How much is submarine hire?');
    await chat.getByRole('textbox').press('Enter');
    await chat.getByText(/999/).first().waitFor({ timeout: 15_000 });
    await page
      .locator('[data-article="Submarine hire"]')
      .getByRole('button', { name: /^Delete/ })
      .click();
    await page.locator('[data-article="Submarine hire"]').getByRole('button', { name: 'Delete', exact: true }).click();
    await page.locator('[data-article="Submarine hire"]').waitFor({ state: 'detached' });
    expect(await page.locator('[data-article]').count()).toBeGreaterThan(0);
  });

  it.each(['light', 'dark'] as const)(
    'has nothing that axe objects to (%s)',
    async (colorScheme) => {
      const visitor = await world.withDraft('What are your boat hire prices?');
      await page.emulateMedia({ colorScheme });
      const found: Record<string, string[]> = {};
      const check = async (name: string): Promise<void> => {
        found[name] = await violationsOf(world.maya.context, page);
      };
      await check('conversation with a draft');
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
      await check('keyboard sheet');
      // Both schemes are made of the same tokens: the second time, what has colours of its own.
      const paths = ['widgets', 'assistant', 'people', 'profile', 'notifications', 'keys', 'pipelines', 'organisation'];
      if (colorScheme === 'dark') paths.splice(2);
      for (const path of paths) {
        await world.go(`/settings/${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        if (path === 'widgets') await page.getByRole('link', { name: /Selwick/ }).click();
        if (path === 'assistant' || path === 'widgets') await page.locator('iframe').waitFor();
        await check(path);
      }
      await page.setViewportSize({ width: 390, height: 844 });
      await world.go(`/inbox/open/${visitor.conversationId}`);
      await page.getByRole('article').first().waitFor();
      await check('conversation on a phone');
      await page.setViewportSize({ width: 1440, height: 900 });
      const clean = Object.fromEntries(Object.keys(found).map((name) => [name, []]));
      expect(found).toEqual(clean);
    },
    60_000,
  );

  it('ran all of this without an error and without anything that its policy refuses', () => {
    expect(world.maya.problems).toEqual([]);
  });
});
