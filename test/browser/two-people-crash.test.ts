// The server dies without warning in the middle of an answer, with a visitor and an agent looking on.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { freePort, startChild } from '../support/child-server.ts';
import type { ChildServer } from '../support/child-server.ts';
import {
  hasChromium,
  launch,
  longQuestion,
  readLog,
  signIn,
  signalsOf,
  textHeard,
  visitDemo,
} from '../support/browser.ts';
import type { AgentPage, LogReader } from '../support/browser.ts';

describe.skipIf(!hasChromium)('a server killed in the middle of an answer (needs chromium)', () => {
  let child: ChildServer;
  let browser: Browser;
  let dataDir: string;
  let env: Record<string, string>;
  let log: LogReader;
  let maya: AgentPage;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tiller-crash-'));
    env = { DATA_DIR: dataDir, PORT: String(await freePort()), AI_BUILTIN_WORDS_PER_SECOND: '20' };
    child = await startChild(env);
    browser = await launch();
    log = readLog(child.facts.url, child.facts.keys!.console);
    maya = await signIn(browser, child.facts.consoleUrl);
    await maya.page.goto(`${child.facts.url}/console/inbox/open`);
  });
  afterAll(async () => {
    log?.close();
    await browser?.close();
    await child?.kill();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('[R9] both come back by themselves, and the answer is there within 10 s, once and whole', async () => {
    const visitor = await visitDemo(browser, child.facts.url);
    await visitor.open();
    await visitor.say(longQuestion);
    await visitor.writes(60);
    const id = await visitor.conversationId();
    await maya.open(id);
    await maya.streaming.waitFor();
    await maya.composer.fill('Half a sentence of mine');

    await child.kill();
    const known = visitor.frames.length;
    await visitor.panel.getByText('Connection lost').waitFor();
    await maya.page.getByText(/Showing \d{1,2}:\d\d/).waitFor();
    child = await startChild({ ...env, AI_BUILTIN_WORDS_PER_SECOND: '120' });
    const back = performance.now();

    await expect
      .poll(async () => (await log.messages(id)).filter(({ author }) => author.kind === 'ai').length, {
        timeout: 10_000,
      })
      .toBe(1);
    await visitor.settled(1);
    expect(performance.now() - back).toBeLessThan(10_000);

    const [answer] = (await log.messages(id)).filter(({ author }) => author.kind === 'ai');
    expect(answer!.status).toBe('complete');
    expect(await visitor.answers.count()).toBe(1);
    const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
    const shown = words(await visitor.answers.innerText());
    // Rendered afresh by a reader who never saw the first attempt: any splice would show as a difference.
    const stranger = await visitor.context.newPage();
    await stranger.goto(`${child.facts.url}/demo`);
    await stranger.locator('[data-tiller] .launcher').click();
    await expect.poll(() => stranger.locator('[data-tiller] .msg.ai .md').count()).toBe(1);
    expect(words(await stranger.locator('[data-tiller] .msg.ai .md').innerText())).toEqual(shown);
    await expect
      .poll(async () => words(await maya.page.locator(`[data-message="${answer!.messageId}"] .md`).innerText()))
      .toEqual(shown);
    const later = visitor.frames.slice(known);
    const attempts = new Set(signalsOf(later, 'reply.delta').map(({ attempt }) => attempt));
    expect([...attempts].every((attempt) => attempt > 1)).toBe(true);
    if (attempts.size > 0) expect(textHeard(later, answer!.messageId)).toBe(answer!.text);

    expect(await visitor.own.allInnerTexts()).toEqual([longQuestion]);
    expect(await visitor.panel.locator('.strip').count()).toBe(0);
    expect(await maya.composer.inputValue()).toBe('Half a sentence of mine');
    await maya.page.getByText(/Showing \d{1,2}:\d\d/).waitFor({ state: 'detached' });
    expect([...visitor.problems, ...maya.problems]).toEqual([]);
  }, 60_000);
});
