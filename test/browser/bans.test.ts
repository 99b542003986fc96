// A ban and a mark of spam as people see them: the agent's clicks in the console, the visitor's widget on a page.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { eventually, hasChromium, launch, question, signIn, violationsOf, visitDemo } from '../support/browser.ts';
import type { AgentPage, VisitorPage } from '../support/browser.ts';

describe.skipIf(!hasChromium)('bans and spam in browsers (needs chromium)', { timeout: 60_000 }, () => {
  let server: TestServer;
  let browser: Browser;
  let agent: AgentPage;

  beforeAll(async () => {
    server = await startServer({ env: { AI_BUILTIN_WORDS_PER_SECOND: '0' } });
    browser = await launch();
    agent = await signIn(browser, server.firstRun.consoleUrl);
  });
  // A test that fails must not leave the next one banned.
  afterEach(async () => {
    const { bans } = (await owner('GET', '')) as { bans: { id: string }[] };
    for (const { id } of bans) await owner('DELETE', `/${id}`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  const owner = async (method: string, path: string): Promise<unknown> => {
    const response = await fetch(`${server.url}/api/console/bans${path}`, {
      method,
      headers: { authorization: `Bearer ${server.firstRun.keys.console}` },
    });
    return response.json();
  };

  /** A visitor whose question was answered, and the agent who looks at them. */
  const scene = async (): Promise<{ visitor: VisitorPage; conversationId: string }> => {
    const visitor = await visitDemo(browser, server.url);
    await visitor.open();
    await visitor.say(question);
    await visitor.settled(1);
    const conversationId = await visitor.conversationId();
    await agent.page.goto(`${server.url}/console/inbox/open/${conversationId}`);
    await agent.thread.getByRole('article').first().waitFor();
    return { visitor, conversationId };
  };

  const choose = async (entry: string): Promise<void> => {
    await agent.button('More').click();
    await agent.page.getByRole('menuitem', { name: entry }).click();
  };

  it('a banned visitor reads that the chat is not available, without a word more, and finds no launcher on the next page', async () => {
    const { visitor } = await scene();
    await choose('Ban…');
    await agent.page.getByLabel('Reason (optional)').fill('Insults');
    expect(await violationsOf(agent.context, agent.page)).toEqual([]);
    await agent.button('Ban').click();
    await agent.page.getByText('Banned from the chat').waitFor();
    await agent.page.getByText('Banned', { exact: true }).waitFor();
    await visitor.panel.getByText('This chat is not available.').waitFor();
    expect(await visitor.panel.getByRole('textbox').count()).toBe(0);
    expect(await visitor.panel.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    expect(await visitor.panel.innerText()).not.toMatch(/bann|Insults/i);
    expect(await violationsOf(visitor.context, visitor.page)).toEqual([]);
    const refused = visitor.page.waitForResponse((response) => response.url().includes('/w/wgt_'));
    await visitor.page.reload();
    expect((await refused).status()).toBe(403);
    expect(await visitor.launcher.count()).toBe(0);

    await agent.page.goto(`${server.url}/console/settings/bans`);
    await agent.page.getByText('Insults').waitFor();
    await agent.page.getByRole('button', { name: /^Lift the ban of/ }).click();
    await agent.button('Lift the ban').click();
    await agent.page.getByText('Nobody is banned').waitFor();
    await visitor.page.reload();
    await visitor.launcher.waitFor();
    expect(visitor.problems).toEqual([]);
    await visitor.context.close();
  });

  it('nobody bans the address they work from before they have said so', async () => {
    const { visitor } = await scene();
    await choose('Ban…');
    await agent.page.getByText('Their address').click();
    await agent.page.getByText('You are working from this address yourself.').waitFor();
    expect(await agent.button('Ban').isDisabled()).toBe(true);
    await agent.page.getByRole('switch', { name: 'Ban my own address too' }).click();
    await agent.page.getByLabel('For how long').selectOption({ label: '1 hour' });
    await agent.button('Ban').click();
    await visitor.panel.getByText('This chat is not available.').waitFor();
    const stranger = await browser.newPage();
    const answered = stranger.waitForResponse((response) => response.url().includes('/w/wgt_'));
    await stranger.goto(`${server.url}/demo`);
    expect((await answered).status()).toBe(403);
    await agent.page.goto(`${server.url}/console/settings/bans`);
    await agent.page.getByRole('button', { name: /^Lift the ban of/ }).click();
    await agent.button('Lift the ban').click();
    await agent.page.getByText('Nobody is banned').waitFor();
    await stranger.close();
    await visitor.context.close();
  });

  it('spam leaves the lists at once; its visitor writes on in a new conversation, and the mark can be taken back', async () => {
    const { visitor, conversationId } = await scene();
    await agent.row(conversationId).waitFor();
    await choose('Mark as spam');
    await agent.page.getByRole('dialog').getByRole('button', { name: 'Mark as spam' }).click();
    await eventually(async () => (await agent.row(conversationId).count()) === 0, 'the row to go');
    await agent.told('You marked it as spam').waitFor();
    await visitor.say('Is anybody there?');
    await visitor.panel.getByRole('button', { name: 'New conversation' }).click();
    await expect.poll(() => visitor.composer.inputValue()).toBe('Is anybody there?');
    await visitor.composer.press('Enter');
    await visitor.settled(1);
    expect(await visitor.conversationId()).not.toBe(conversationId);

    await agent.button('More lists').click();
    await agent.page.getByRole('menuitemcheckbox', { name: 'Spam' }).click();
    await agent.open(conversationId);
    await agent.button('Not spam').click();
    await agent.told('You said that it is no spam').waitFor();
    await agent.page.goto(`${server.url}/console/inbox/open`);
    await agent.row(conversationId).waitFor();
    expect(agent.problems).toEqual([]);
    await visitor.context.close();
  });
});
