// The console in a real browser, on a real server, with real visitors.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, openTab } from './console-page.ts';
import type { Visitor } from './console-page.ts';
import { heardFrom, startConsoleWorld } from './console-world.ts';
import type { ConsoleWorld } from './console-world.ts';

describe.skipIf(!hasChromium)('the console (needs chromium)', () => {
  let world: ConsoleWorld;
  let page: Page;

  beforeAll(async () => {
    world = await startConsoleWorld();
    page = world.page;
  });
  afterAll(() => world?.stop());

  const row = (visitor: Visitor) => page.locator(`[data-row="${visitor.conversationId}"]`);
  const streaming = () => page.locator('[data-message][data-state="streaming"]');
  const composer = () => page.getByRole('textbox', { name: 'Reply' });

  it('says that a used one-time link is dead, and leads to signing in', async () => {
    const tab = await openTab(world.browser);
    await tab.page.goto(world.server.firstRun.consoleUrl);
    await tab.page.getByText('used already or has expired').waitFor();
    expect(tab.problems).toEqual([]);
    await tab.context.close();
  });

  it('keeps the address while somebody signs in, and tells a wrong password', async () => {
    const tab = await openTab(world.browser);
    await tab.page.goto(`${world.server.url}/console/settings/people`);
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
    await world.go('/inbox/ai');
    await page.getByText('The AI is idle').waitFor();
    const visitor = await world.visit();
    visitor.client.send('How much is a single kayak for a day?');
    await row(visitor).waitFor();
    await row(visitor).getByText('AI answering').waitFor();
    await page.getByRole('link', { name: '1 AI', exact: true }).waitFor();
    await expect.poll(() => heardFrom(visitor, 'ai').length, { timeout: 15_000 }).toBe(1);
    await row(visitor).getByText('AI:').waitFor();
  });

  it('shows the AI typing word by word, and nothing moves when the answer ends', async () => {
    const visitor = await world.visit();
    visitor.client.send('Hello');
    await world.open(visitor);
    await expect.poll(() => heardFrom(visitor, 'ai').length, { timeout: 10_000 }).toBe(1);
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
    const final = heardFrom(visitor, 'ai').at(-1)!;
    await expect.poll(() => message.innerText()).toContain(final.split(' ').at(-1)!.replace(/\W+$/, ''));
  });

  it('stops the model in the middle of a sentence when somebody takes over, and freezes what was said', async () => {
    const visitor = await world.visit();
    visitor.client.send('Hello');
    await world.open(visitor);
    await expect.poll(() => heardFrom(visitor, 'ai').length, { timeout: 10_000 }).toBe(1);
    visitor.client.send('What are your boat hire prices?');
    await expect
      .poll(async () => (await streaming().count()) && (await streaming().innerText()).length, { timeout: 10_000 })
      .toBeGreaterThan(30);
    await page.getByRole('button', { name: 'Take over', exact: true }).click();
    await world.said('You took over').waitFor();
    await world.said('Stopped when you took over').waitFor();
    const cut = visitor.heard().find((message) => message.status === 'interrupted')!;
    const shown = page.locator('[data-state="interrupted"]');
    expect(await shown.count()).toBe(1);
    expect(await page.locator('.caret').count()).toBe(0);
    await composer().fill('Hi, Maya here. A day is 45 pounds.');
    await page.keyboard.press('Enter');
    await expect.poll(() => heardFrom(visitor, 'agent')).toEqual(['Hi, Maya here. A day is 45 pounds.']);
    expect(visitor.heard().filter((message) => message.text === cut.text)).toHaveLength(1);
    expect(await composer().inputValue()).toBe('');
    await page.locator('[data-steering]').getByText('You have it').waitFor();
    await page.getByRole('button', { name: 'Release' }).click();
    await page.getByRole('menuitem', { name: 'To the AI' }).click();
    await world.said('You gave it back to the AI').waitFor();
    visitor.client.send('And dogs?');
    await expect.poll(() => heardFrom(visitor, 'ai').length, { timeout: 15_000 }).toBe(3);
  });

  it('stops the answer alone where somebody asks only for that', async () => {
    const visitor = await world.visit();
    visitor.client.send('Hello');
    await world.open(visitor);
    await expect.poll(() => heardFrom(visitor, 'ai').length, { timeout: 10_000 }).toBe(1);
    visitor.client.send('What are your boat hire prices?');
    await page.getByRole('button', { name: 'Stop' }).click();
    await world.said('You stopped the AI').waitFor();
    await page.getByText('AI answers by itself').waitFor();
    expect(visitor.client.conversation.get()?.reply).toBeNull();
  });

  it('lets a person approve a draft: only then the visitor hears it', async () => {
    const visitor = await world.withDraft('Do you have double kayaks?');
    expect(heardFrom(visitor, 'ai')).toHaveLength(1);
    await page.getByRole('button', { name: 'Approve' }).click();
    await expect.poll(() => heardFrom(visitor, 'ai').length).toBe(2);
    await page.locator('[data-draft]').waitFor({ state: 'detached' });
    await world.said('AI, checked by Maya Lind').waitFor();
  });

  it('lets a person edit a draft and send it as their own', async () => {
    const visitor = await world.withDraft('Do you have double kayaks?');
    await page.getByRole('button', { name: 'Edit' }).click();
    await expect.poll(() => composer().inputValue()).not.toBe('');
    await composer().fill('We have six of them.');
    await page.getByRole('button', { name: 'Send edited draft' }).click();
    await expect.poll(() => visitor.heard().map((message) => message.text)).toContain('We have six of them.');
    await expect.poll(() => composer().inputValue()).toBe('');
  });

  it('rejects a draft, and shows one that the visitor overtook as stale', async () => {
    const visitor = await world.withDraft('Do you have double kayaks?');
    await expect.poll(() => page.getByRole('button', { name: 'Reject' }).isEnabled()).toBe(true);
    await page.keyboard.press('x');
    await world.said('You rejected a draft').waitFor();
    visitor.client.send('What are your boat hire prices?');
    await page.locator('[data-draft="waiting"]').waitFor({ timeout: 15_000 });
    visitor.client.send('Hello?');
    await page.getByText('Visitor wrote again').or(page.locator('[data-draft="streaming"]')).first().waitFor();
    await page.locator('[data-draft="waiting"]').waitFor({ timeout: 15_000 });
    expect(heardFrom(visitor, 'ai')).toHaveLength(1);
  });

  it('keeps a note among the team', async () => {
    const visitor = await world.visit();
    visitor.client.send('Hello');
    await world.open(visitor);
    await page.keyboard.press('n');
    await page.keyboard.type('Regular customer, be nice');
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Note' }).getByText('Regular customer, be nice').waitFor();
    await expect.poll(() => heardFrom(visitor, 'ai').length, { timeout: 10_000 }).toBe(1);
    expect(JSON.stringify(visitor.client.conversation.get()?.facts)).not.toContain('Regular customer');
  });

  it('closes after five seconds, unless that is undone', async () => {
    const visitor = await world.visit();
    visitor.client.send('Hello');
    await world.open(visitor);
    await expect.poll(() => heardFrom(visitor, 'ai').length, { timeout: 10_000 }).toBe(1);
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByText('Closing in a moment').waitFor();
    await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
    await page.getByText('AI answers by itself').waitFor();
    expect(visitor.client.conversation.get()?.state.status).toBe('open');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByText('Closing in a moment').waitFor();
    visitor.client.send('One more thing');
    await page.getByText('Not closed: the visitor wrote again').waitFor();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await world.said('Closed by Maya Lind').waitFor({ timeout: 8000 });
    await page.getByRole('button', { name: 'Reopen', exact: true }).click();
    await world.said('Reopened by Maya Lind').waitFor();
  });

  it('finds a conversation by a word that was said', async () => {
    const visitor = await world.visit();
    visitor.client.send('My zebra wants to paddle');
    await world.open(visitor);
    await world.go('/inbox/mine');
    await page.getByRole('heading', { name: 'Mine' }).waitFor();
    await page.keyboard.press('/');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('zebra');
    await page.getByRole('option').getByText('zebra').first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/${visitor.conversationId}`);
    await page.getByText('My zebra wants to paddle').first().waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it('can be worked by keys alone', async () => {
    const visitor = await world.visit();
    visitor.client.send('I want to talk to a person');
    await world.go('/inbox/needs-person');
    await row(visitor).waitFor({ timeout: 10_000 });
    for (let tries = 0; tries < 20 && !page.url().endsWith(visitor.conversationId); tries += 1) {
      await page.keyboard.press('j');
    }
    await page.waitForURL(`**/${visitor.conversationId}`);
    await page.getByText('I want to talk to a person').first().waitFor();
    await page.keyboard.press('t');
    await world.said('You took over').waitFor();
    await page.keyboard.press('r');
    await page.keyboard.type('Here I am');
    await page.keyboard.press('Enter');
    await expect.poll(() => heardFrom(visitor, 'agent')).toEqual(['Here I am']);
    await page.keyboard.press('Escape');
    await page.keyboard.press('l');
    await page.getByRole('textbox', { name: 'Find or add a label' }).waitFor();
    await page.keyboard.type('vip');
    await page.keyboard.press('Enter');
    await world.said('You set “vip”').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('u');
    await world.said('You gave it back to the AI').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('ran all of this without an error and without anything that its policy refuses', () => {
    expect(world.maya.problems).toEqual([]);
  });
});
