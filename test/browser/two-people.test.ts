// A visitor and an agent, each in a browser of their own, in one conversation.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { hasChromium, launch, question, readLog, signIn, visitorOf } from '../support/browser.ts';
import type { VisitorPage } from '../support/browser.ts';
import { arrive, checkDrafts, reloadInTheMiddle, takeOver, watchAnAnswer } from './two-people-scenes.ts';
import type { Stage } from './two-people-scenes.ts';

describe.skipIf(!hasChromium)('a visitor and an agent at once (needs chromium)', () => {
  let server: TestServer;
  let browser: Browser;
  let stage: Stage;

  beforeAll(async () => {
    server = await startServer({ env: { AI_BUILTIN_WORDS_PER_SECOND: '40' } });
    browser = await launch();
    const log = readLog(server.url, server.firstRun.keys.console);
    const maya = await signIn(browser, server.firstRun.consoleUrl);
    await maya.page.goto(`${server.url}/console/inbox/open`);
    stage = { browser, visitorUrl: server.url, maya, log, visitors: [] };
  });
  afterAll(async () => {
    stage?.log.close();
    await browser?.close();
    await server?.stop();
  });

  it(
    'shows the agent the words of the AI while the visitor reads them, and both end with the same text',
    { timeout: 60_000 },
    async () => {
      expect((await watchAnAnswer(stage)).problems).toEqual([]);
    },
  );

  it('[R10] sends the visitor nothing more of the AI once the agent took over in the middle of the answer', async () => {
    expect((await takeOver(stage)).problems).toEqual([]);
  });

  it('[R6] goes on after a reload in the middle of the answer: no gap, no doubled character', async () => {
    expect((await reloadInTheMiddle(stage)).problems).toEqual([]);
  });

  it('gives the visitor nothing of a draft before a person approves it, and nothing of a rejected one', async () => {
    expect((await checkDrafts(stage)).problems).toEqual([]);
  });

  it('keeps two tabs of one visitor in step: what is said, the answer as it is written, what was read', async () => {
    const { maya } = stage;
    const first = await arrive(stage);
    await first.say('Hello!');
    await first.settled(1);
    const page = await first.context.newPage();
    const second = visitorOf({ ...first, page });
    await page.goto(`${server.url}/demo`);
    await second.open();
    await expect.poll(() => second.own.allInnerTexts()).toEqual(['Hello!']);
    await second.say(question);
    await expect.poll(() => first.own.allInnerTexts()).toEqual(['Hello!', question]);
    await first.writes(20);
    await second.writes(20);
    await Promise.all([first.settled(2), second.settled(2)]);
    expect(await second.answers.allInnerTexts()).toEqual(await first.answers.allInnerTexts());

    for (const tab of [first, second]) {
      await tab.page.keyboard.press('Escape');
      await tab.panel.waitFor({ state: 'hidden' });
    }
    const id = await first.conversationId();
    await maya.open(id);
    await maya.button('Take over').click();
    await maya.told('You took over').waitFor();
    await maya.composer.fill('Anything else?');
    await maya.page.keyboard.press('Enter');
    const badge = (tab: VisitorPage): Promise<string> => tab.launcher.locator('.badge').innerText();
    await expect.poll(() => badge(first)).toBe('1');
    await expect.poll(() => badge(second)).toBe('1');
    await second.open();
    await expect.poll(() => badge(second)).toBe('');
    await expect.poll(() => badge(first)).toBe('');
    await maya.thread.getByText(/Read$/).first().waitFor();
  });

  it('ran all of this without an error in any page', () => {
    const { maya, visitors } = stage;
    expect(visitors.flatMap(({ problems }) => problems)).toEqual([]);
    expect(maya.problems).toEqual([]);
  });
});
