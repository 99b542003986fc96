// A real server, Maya signed in to its console, and visitors on demand.
import type { Browser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { arrive, launch, leaveAll, openTab, useLink } from './console-page.ts';
import type { ConsoleTab, Visitor } from './console-page.ts';

export interface ConsoleWorld {
  server: TestServer;
  browser: Browser;
  maya: ConsoleTab;
  page: Page;
  visit: () => Promise<Visitor>;
  /** A path below `/console`. */
  go: (path: string) => Promise<void>;
  open: (visitor: Visitor) => Promise<void>;
  /** A line or a message of the thread. */
  said: (text: string) => Locator;
  /** A conversation in which the AI writes drafts, opened in the page, with a draft for this question. */
  withDraft: (question: string) => Promise<Visitor>;
  stop: () => Promise<void>;
}

/** What the visitor was told by one kind of author, in order. */
export const heardFrom = (visitor: Visitor, author: string): string[] =>
  visitor
    .heard()
    .filter((message) => message.author === author)
    .map((message) => message.text);

/** The AI writes 30 words a second: slow enough to be watched and interrupted. */
export const startConsoleWorld = async (): Promise<ConsoleWorld> => {
  const [server, browser] = await Promise.all([startServer({ env: { AI_BUILTIN_WORDS_PER_SECOND: '30' } }), launch()]);
  const maya = await openTab(browser);
  const { page } = maya;
  await useLink(page, server.firstRun.consoleUrl, 'Maya Lind', 'maya@example.com');
  const visit = (): Promise<Visitor> => arrive(server.url, server.firstRun.widgetKey);
  const go = async (path: string): Promise<void> => {
    await page.goto(`${server.url}/console${path}`);
  };
  const open = async (visitor: Visitor): Promise<void> => {
    await go(`/inbox/open/${visitor.conversationId}`);
    await page.getByRole('article').first().waitFor();
  };
  const said = (text: string): Locator =>
    page.getByRole('region', { name: 'Messages' }).getByText(text, { exact: true });
  return {
    server,
    browser,
    maya,
    page,
    visit,
    go,
    open,
    said,
    withDraft: async (question) => {
      const visitor = await visit();
      visitor.client.send('Hello, may I ask you something?');
      await open(visitor);
      await expect.poll(() => heardFrom(visitor, 'ai').length, { timeout: 10_000 }).toBe(1);
      await page.getByRole('switch', { name: 'Autopilot' }).click();
      await said('You switched autopilot off').waitFor();
      visitor.client.send(question);
      await page.locator('[data-draft="waiting"]').waitFor({ timeout: 15_000 });
      return visitor;
    },
    stop: async () => {
      leaveAll();
      await browser.close();
      await server.stop();
    },
  };
};
