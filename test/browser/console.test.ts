// The console in a real browser, on a real server, with real visitors.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { arrive, hasChromium, launch, leaveAll, openTab, useLink, violationsOf } from './console-page.ts';
import type { ConsoleTab, Visitor } from './console-page.ts';

describe.skipIf(!hasChromium)('the console (needs chromium)', () => {
  let server: TestServer;
  let browser: Browser;
  let maya: ConsoleTab;
  let page: Page;

  beforeAll(async () => {
    server = await startServer({ env: { AI_BUILTIN_WORDS_PER_SECOND: '40' } });
    browser = await launch();
    maya = await openTab(browser);
    page = maya.page;
    await useLink(page, server.firstRun.consoleUrl!, 'Maya Lind', 'maya@example.com');
  });
  afterAll(async () => {
    leaveAll();
    await browser?.close();
    await server?.stop();
  });

  const visit = (): Promise<Visitor> => arrive(server.url, server.firstRun.widgetKey);
  const row = (visitor: Visitor) => page.locator(`[data-row="${visitor.conversationId}"]`);
  const streaming = () => page.locator('[data-message][data-state="streaming"]');
  const said = (text: string) => page.getByRole('region', { name: 'Messages' }).getByText(text, { exact: true });
  const composer = () => page.getByRole('textbox', { name: 'Reply' });
  const go = async (path: string): Promise<void> => {
    await page.goto(`${server.url}/console${path}`);
  };
  const open = async (visitor: Visitor): Promise<void> => {
    await go(`/inbox/open/${visitor.conversationId}`);
    await page.getByRole('article').first().waitFor();
  };
  const heard = (visitor: Visitor, author: string): string[] =>
    visitor
      .heard()
      .filter((message) => message.author === author)
      .map((message) => message.text);
  /** A conversation in which the AI writes drafts, opened in the page. */
  const withDraft = async (question: string): Promise<Visitor> => {
    const visitor = await visit();
    visitor.client.send('Hello, may I ask you something?');
    await open(visitor);
    await expect.poll(() => heard(visitor, 'ai').length, { timeout: 10_000 }).toBe(1);
    await page.getByRole('switch', { name: 'Autopilot' }).click();
    await said('You switched autopilot off').waitFor();
    visitor.client.send(question);
    await page.locator('[data-draft="waiting"]').waitFor({ timeout: 15_000 });
    return visitor;
  };

  it('says that a used one-time link is dead, and leads to signing in', async () => {
    const tab = await openTab(browser);
    await tab.page.goto(server.firstRun.consoleUrl!);
    await tab.page.getByText('used already or has expired').waitFor();
    expect(tab.problems).toEqual([]);
    await tab.context.close();
  });

  it('keeps the address while somebody signs in, and tells a wrong password', async () => {
    const tab = await openTab(browser);
    await tab.page.goto(`${server.url}/console/settings/people`);
    await tab.page.getByLabel('E-mail').fill('maya@example.com');
    await tab.page.getByLabel('Password').fill('wrong password');
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    await tab.page.getByText('E-mail address or password is wrong').waitFor();
    await tab.page.getByLabel('Password').fill('correct horse battery');
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    await tab.page.getByRole('heading', { name: 'People' }).waitFor();
    expect(new URL(tab.page.url()).pathname).toBe('/console/settings/people');
    await tab.page.getByRole('button', { name: /Account of/ }).click();
    await tab.page.getByRole('button', { name: 'Sign out' }).click();
    await tab.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(tab.problems).toEqual([]);
    await tab.context.close();
  });

  it('shows a new conversation at once, unread, with its count, and follows its state', async () => {
    await go('/inbox/ai');
    await page.getByText('The AI is idle').waitFor();
    const visitor = await visit();
    visitor.client.send('How much is a single kayak for a day?');
    await row(visitor).waitFor();
    await row(visitor).getByText('AI answering').waitFor();
    await page.getByRole('link', { name: '1 AI', exact: true }).waitFor();
    await expect.poll(() => heard(visitor, 'ai').length, { timeout: 15_000 }).toBe(1);
    await row(visitor).getByText('AI:').waitFor();
  });

  it('shows the AI typing word by word, and nothing moves when the answer ends', async () => {
    const visitor = await visit();
    visitor.client.send('Hello');
    await open(visitor);
    await expect.poll(() => heard(visitor, 'ai').length, { timeout: 10_000 }).toBe(1);
    visitor.client.send('What are your boat hire prices?');
    await streaming().waitFor();
    const key = (await streaming().getAttribute('data-message'))!;
    const lengths = new Set<number>();
    const message = page.locator(`[data-message="${key}"]`);
    await expect
      .poll(async () => lengths.add((await message.innerText()).length).size, { timeout: 10_000, interval: 60 })
      .toBeGreaterThan(4);
    // The node that streams is the node of the final message: a mark on it survives.
    await message.evaluate((node) => node.setAttribute('data-mark', 'same'));
    const bar = await page.locator('[data-steering]').boundingBox();
    await page.locator(`[data-message="${key}"][data-state="said"]`).waitFor({ timeout: 15_000 });
    expect(await message.getAttribute('data-mark')).toBe('same');
    expect(await page.locator('[data-steering]').boundingBox()).toEqual(bar);
    const final = heard(visitor, 'ai').at(-1)!;
    await expect.poll(() => message.innerText()).toContain(final.split(' ').at(-1)!.replace(/\W+$/, ''));
  });

  it('stops the model in the middle of a sentence when somebody takes over, and freezes what was said', async () => {
    const visitor = await visit();
    visitor.client.send('Hello');
    await open(visitor);
    await expect.poll(() => heard(visitor, 'ai').length, { timeout: 10_000 }).toBe(1);
    visitor.client.send('What are your boat hire prices?');
    await expect
      .poll(async () => (await streaming().count()) && (await streaming().innerText()).length, { timeout: 10_000 })
      .toBeGreaterThan(60);
    await page.getByRole('button', { name: 'Take over', exact: true }).click();
    await said('You took over').waitFor();
    await said('Stopped when you took over').waitFor();
    const cut = visitor.heard().find((message) => message.status === 'interrupted')!;
    const shown = page.locator('[data-state="interrupted"]');
    expect(await shown.count()).toBe(1);
    expect(await page.locator('.caret').count()).toBe(0);
    await composer().fill('Hi, Maya here. A day is 45 pounds.');
    await page.keyboard.press('Enter');
    await expect.poll(() => heard(visitor, 'agent')).toEqual(['Hi, Maya here. A day is 45 pounds.']);
    expect(visitor.heard().filter((message) => message.text === cut.text)).toHaveLength(1);
    expect(await composer().inputValue()).toBe('');
    await page.locator('[data-steering]').getByText('You have it').waitFor();
    await page.getByRole('button', { name: 'Release' }).click();
    await page.getByRole('menuitem', { name: 'To the AI' }).click();
    await said('You gave it back to the AI').waitFor();
    visitor.client.send('And dogs?');
    await expect.poll(() => heard(visitor, 'ai').length, { timeout: 15_000 }).toBe(3);
  });

  it('stops the answer alone where somebody asks only for that', async () => {
    const visitor = await visit();
    visitor.client.send('What are your boat hire prices?');
    await open(visitor);
    await page.getByRole('button', { name: 'Stop' }).click();
    await said('You stopped the AI').waitFor();
    await page.getByText('AI answers by itself').waitFor();
  });

  it('lets a person approve a draft: only then the visitor hears it', async () => {
    const visitor = await withDraft('Do you have double kayaks?');
    expect(heard(visitor, 'ai')).toHaveLength(1);
    await page.getByRole('button', { name: 'Approve' }).click();
    await expect.poll(() => heard(visitor, 'ai').length).toBe(2);
    await page.locator('[data-draft]').waitFor({ state: 'detached' });
    await said('AI, checked by Maya Lind').waitFor();
  });

  it('lets a person edit a draft and send it as their own', async () => {
    const visitor = await withDraft('Do you have double kayaks?');
    await page.getByRole('button', { name: 'Edit' }).click();
    await expect.poll(() => composer().inputValue()).not.toBe('');
    await composer().fill('We have six of them.');
    await page.getByRole('button', { name: 'Send edited draft' }).click();
    await expect.poll(() => visitor.heard().map((message) => message.text)).toContain('We have six of them.');
    expect(await composer().inputValue()).toBe('');
  });

  it('rejects a draft, and shows one that the visitor overtook as stale', async () => {
    const visitor = await withDraft('Do you have double kayaks?');
    await expect.poll(() => page.getByRole('button', { name: 'Reject' }).isEnabled()).toBe(true);
    await page.keyboard.press('x');
    await said('You rejected a draft').waitFor();
    visitor.client.send('What are your boat hire prices?');
    await page.locator('[data-draft="waiting"]').waitFor({ timeout: 15_000 });
    visitor.client.send('Hello?');
    await page.getByText('Visitor wrote again').or(page.locator('[data-draft="streaming"]')).first().waitFor();
    await page.locator('[data-draft="waiting"]').waitFor({ timeout: 15_000 });
    expect(heard(visitor, 'ai')).toHaveLength(1);
  });

  it('keeps a note among the team', async () => {
    const visitor = await visit();
    visitor.client.send('Hello');
    await open(visitor);
    await page.keyboard.press('n');
    await page.keyboard.type('Regular customer, be nice');
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Note' }).getByText('Regular customer, be nice').waitFor();
    await expect.poll(() => heard(visitor, 'ai').length, { timeout: 10_000 }).toBe(1);
    expect(JSON.stringify(visitor.client.conversation.get()?.facts)).not.toContain('Regular customer');
  });

  it('closes after five seconds, unless that is undone', async () => {
    const visitor = await visit();
    visitor.client.send('Hello');
    await open(visitor);
    await expect.poll(() => heard(visitor, 'ai').length, { timeout: 10_000 }).toBe(1);
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByText('Closing in a moment').waitFor();
    await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
    await page.getByText('AI answers by itself').waitFor();
    expect(visitor.client.conversation.get()?.state.status).toBe('open');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await said('Closed by Maya Lind').waitFor({ timeout: 8000 });
    await page.getByRole('button', { name: 'Reopen', exact: true }).click();
    await said('Reopened by Maya Lind').waitFor();
  });

  it('finds a conversation by a word that was said', async () => {
    const visitor = await visit();
    visitor.client.send('My zebra wants to paddle');
    await open(visitor);
    await go('/inbox/mine');
    await page.getByRole('heading', { name: 'Mine' }).waitFor();
    await page.keyboard.press('/');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('zebra');
    await page.getByRole('option').getByText('zebra').first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/${visitor.conversationId}`);
    await page.getByText('My zebra wants to paddle').first().waitFor();
  });

  it('can be worked by keys alone', async () => {
    const visitor = await visit();
    visitor.client.send('I want to talk to a person');
    await go('/inbox/needs-person');
    await row(visitor).waitFor({ timeout: 10_000 });
    for (let tries = 0; tries < 20 && !page.url().endsWith(visitor.conversationId); tries += 1) {
      await page.keyboard.press('j');
    }
    await page.waitForURL(`**/${visitor.conversationId}`);
    await page.getByText('I want to talk to a person').first().waitFor();
    await page.keyboard.press('t');
    await said('You took over').waitFor();
    await page.keyboard.press('r');
    await page.keyboard.type('Here I am');
    await page.keyboard.press('Enter');
    await expect.poll(() => heard(visitor, 'agent')).toEqual(['Here I am']);
    await page.keyboard.press('Escape');
    await page.keyboard.press('l');
    await page.getByRole('textbox', { name: 'Find or add a label' }).waitFor();
    await page.keyboard.type('vip');
    await page.keyboard.press('Enter');
    await said('You set “vip”').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('u');
    await said('You gave it back to the AI').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('tells who has it when a colleague was faster, and keeps the text', async () => {
    await go('/settings/people');
    await page.getByRole('button', { name: 'Invite' }).click();
    await page.getByLabel('Name').fill('Theo');
    await page.getByLabel('E-mail').fill('theo@example.com');
    await page.getByRole('button', { name: 'Create the link' }).click();
    const link = await page.locator('[data-link]').innerText();
    const theo = await openTab(browser);
    await useLink(theo.page, link, 'Theo', 'theo@example.com');
    const visitor = await visit();
    visitor.client.send('I want to talk to a person');
    await theo.page.goto(`${server.url}/console/inbox/open/${visitor.conversationId}`);
    const his = theo.page.getByRole('textbox', { name: 'Reply' });
    await his.fill('Dear visitor, this took me a while to write');
    await open(visitor);
    await page.getByText('Also here: Theo').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Take over', exact: true }).click();
    await said('You took over').waitFor();
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
    const tab = await openTab(browser, { storageState: await maya.context.storageState() });
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
    const visitor = await visit();
    visitor.client.send('Hello');
    await tab.page.goto(`${server.url}/console/inbox/open/${visitor.conversationId}`);
    await tab.page.getByRole('article').first().waitFor();
    isDown = true;
    await Promise.all([...links].map((socket) => socket.close()));
    const text = tab.page.getByRole('textbox', { name: 'Reply' });
    await text.fill('Half a sentence');
    await tab.page.getByText(/Showing \d\d:\d\d.*Reconnecting/).waitFor();
    visitor.client.send('Are you there?');
    isDown = false;
    await tab.page.getByRole('button', { name: 'Try now' }).click();
    await tab.page.getByText('Are you there?').first().waitFor();
    expect(await text.inputValue()).toBe('Half a sentence');
    await tab.page.getByText(/Reconnecting/).waitFor({ state: 'detached' });
    await tab.context.close();
  });

  it('changes a widget with the preview beside it, and says which colour was adjusted', async () => {
    await go('/settings/widgets');
    await page.getByRole('link', { name: /Selwick/ }).click();
    await page.getByLabel('Brand', { exact: true }).fill('#FFD400');
    await page.getByLabel('Title', { exact: true }).fill('Boats & more');
    const preview = page.frameLocator('iframe');
    await preview.getByText('Boats & more').first().waitFor();
    await page.getByLabel('Text in the header', { exact: true }).fill('#FFE000');
    await page.getByText('Adjusted to be readable').first().waitFor();
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Saved.').waitFor();
    const body = (await (await fetch(`${server.url}/w/${server.firstRun.widgetKey}`)).json()) as {
      texts: { title: string };
    };
    expect(body.texts.title).toBe('Boats & more');
  });

  it('adds knowledge from a file and answers by it in the test chat at once', async () => {
    await go('/settings/assistant');
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
  });

  it.each(['light', 'dark'] as const)(
    'has nothing that axe objects to (%s)',
    async (colorScheme) => {
      const visitor = await withDraft('What are your boat hire prices?');
      await page.emulateMedia({ colorScheme });
      const found: Record<string, string[]> = {};
      const check = async (name: string): Promise<void> => {
        found[name] = await violationsOf(maya.context, page);
      };
      await check('conversation with a draft');
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
      await check('keyboard sheet');
      // Both schemes are made of the same tokens: the second time, what has colours of its own.
      const paths = ['widgets', 'assistant', 'people', 'profile', 'notifications'].slice(
        0,
        colorScheme === 'dark' ? 2 : 5,
      );
      for (const path of paths) {
        await go(`/settings/${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        if (path === 'widgets') await page.getByRole('link', { name: /Selwick/ }).click();
        if (path === 'assistant' || path === 'widgets') await page.locator('iframe').waitFor();
        await check(path);
      }
      await page.setViewportSize({ width: 390, height: 844 });
      await go(`/inbox/open/${visitor.conversationId}`);
      await page.getByRole('article').first().waitFor();
      await check('conversation on a phone');
      await page.setViewportSize({ width: 1440, height: 900 });
      const clean = Object.fromEntries(Object.keys(found).map((name) => [name, []]));
      expect(found).toEqual(clean);
    },
    60_000,
  );

  it('ran all of this without an error and without anything that its policy refuses', () => {
    expect(maya.problems).toEqual([]);
  });
});
