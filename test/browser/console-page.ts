// A browser that is signed in to the console of a real server, with its own eye on what a strict policy would refuse.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createVisitorClient } from '../../client/sdk/index.ts';
import type { VisitorClient } from '../../client/sdk/api.ts';

export const chromiumPath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
export const hasChromium = existsSync(chromiumPath);

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

export interface ConsoleTab {
  context: BrowserContext;
  page: Page;
  /** What went wrong in the page so far: policy violations, uncaught errors, errors of the console. */
  problems: string[];
}

/** What a refused request looks like in the browser's console: the page deals with it, so it is no problem of the page. */
const isExpected = (text: string): boolean => /status of 4\d\d|net::ERR_|WebSocket connection to/.test(text);

export const openTab = async (
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<ConsoleTab> => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const problems: string[] = [];
  await page.exposeFunction('tellProblem', (text: string) => void problems.push(text));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const tell = (window as unknown as { tellProblem: (text: string) => void }).tellProblem;
      tell(`${event.effectiveDirective} refused ${event.blockedURI} ${event.sample}`);
    });
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !isExpected(message.text())) problems.push(message.text());
  });
  return { context, page, problems };
};

/** Uses a one-time link: a name, an e-mail address, a password, and into the inbox. */
export const useLink = async (page: Page, link: string, name: string, email: string): Promise<void> => {
  await page.goto(link);
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Open the console' }).click();
  await page.waitForURL(/\/console\/inbox\//);
};

/** A visitor whose conversation is open; `heard` is all that they were told, in order. */
export interface Visitor {
  client: VisitorClient;
  conversationId: string;
  heard: () => { author: string; text: string; status: string }[];
}

const visitors: VisitorClient[] = [];

export const arrive = async (url: string, widgetKey: string, title = 'Boats'): Promise<Visitor> => {
  const client = createVisitorClient({ url, widgetKey, page: () => ({ url: `${url}/demo`, title }) });
  visitors.push(client);
  const opened = new Promise<string>((resolve) => {
    const undo = client.conversation.subscribe((conversation) => {
      if (conversation === null || !conversation.isLoaded || conversation.conversationId === '') return;
      undo();
      resolve(conversation.conversationId);
    });
  });
  client.connect();
  const conversationId = await opened;
  return {
    client,
    conversationId,
    heard: () =>
      (client.conversation.get()?.facts ?? []).flatMap((fact) =>
        fact.type === 'message.created' ? [{ author: fact.author.kind, text: fact.text, status: fact.status }] : [],
      ),
  };
};

export const leaveAll = (): void => {
  for (const client of visitors.splice(0)) client.disconnect();
};

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe finds, one line each. The page's own policy refuses the script, so it runs outside of it. */
export const violationsOf = async (context: BrowserContext, page: Page): Promise<string[]> => {
  const { readFile } = await import('node:fs/promises');
  const source = await readFile(axePath, 'utf8');
  // A colour half way between two others is nobody's choice.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter((animation) => animation.effect?.getTiming().iterations !== Infinity)
        .map((animation) => animation.finished.catch(() => undefined)),
    ).then(() => undefined),
  );
  const session = await context.newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: source });
  const answer = await session.send('Runtime.evaluate', {
    expression: `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], iframes: false })
      .then((found) => JSON.stringify(found.violations.map((each) => each.id + ': ' + each.nodes.map((node) => node.target + ' ' + (node.any[0]?.message ?? '')).slice(0, 4).join(' | '))))`,
    awaitPromise: true,
  });
  await session.detach();
  return JSON.parse(String(answer.result.value)) as string[];
};
