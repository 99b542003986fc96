// What a visitor writes while nobody can be reached: shown as waiting, sent once, never lost.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { freePort, startChild } from '../support/child-server.ts';
import type { ChildServer } from '../support/child-server.ts';
import { hasChromium, launch, readLog, visitDemo } from '../support/browser.ts';
import type { LogReader, VisitorPage } from '../support/browser.ts';

describe.skipIf(!hasChromium)('a visitor whom nobody hears (needs chromium)', { timeout: 45_000 }, () => {
  let child: ChildServer;
  let browser: Browser;
  let dataDir: string;
  let env: Record<string, string>;
  let log: LogReader;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tiller-offline-'));
    env = { DATA_DIR: dataDir, PORT: String(await freePort()), AI_BUILTIN_WORDS_PER_SECOND: '0' };
    child = await startChild(env);
    browser = await launch();
    log = readLog(child.facts.url, child.facts.keys!.console);
  });
  afterAll(async () => {
    log?.close();
    await browser?.close();
    await child?.kill();
    await rm(dataDir, { recursive: true, force: true });
  });

  const arrive = async (): Promise<VisitorPage> => {
    const visitor = await visitDemo(browser, child.facts.url);
    await visitor.open();
    await visitor.say('Hello!');
    await visitor.settled(1);
    return visitor;
  };
  /** What the log holds of the visitor's own words. */
  const said = async (visitor: VisitorPage): Promise<string[]> =>
    (await log.messages(await visitor.conversationId()))
      .filter(({ author }) => author.kind === 'visitor')
      .map(({ text }) => text);
  const queued = (visitor: VisitorPage) => visitor.panel.getByText("Sends when you're back");

  it('[R13] shows a message as waiting while the browser is offline, and sends it once when it is back', async () => {
    const visitor = await arrive();
    await visitor.context.setOffline(true);
    await visitor.say('Can we bring a dog?');
    await queued(visitor).waitFor();
    await visitor.say('And a cat?');
    await expect.poll(() => queued(visitor).count()).toBe(2);
    expect(await said(visitor)).toEqual(['Hello!']);
    await visitor.context.setOffline(false);
    await queued(visitor).first().waitFor({ state: 'detached', timeout: 15_000 });
    await expect.poll(() => said(visitor)).toEqual(['Hello!', 'Can we bring a dog?', 'And a cat?']);
    expect(await visitor.own.allInnerTexts()).toEqual(['Hello!', 'Can we bring a dog?', 'And a cat?']);
    expect(visitor.problems).toEqual([]);
  });

  it('keeps a message that a frozen server did not answer, and says so until another server does', async () => {
    const visitor = await arrive();
    child.process.kill('SIGSTOP');
    await visitor.say('Is anybody there?');
    await visitor.panel.getByText('Sending').waitFor();
    await child.kill();
    await queued(visitor).waitFor({ timeout: 15_000 });
    child = await startChild(env);
    await queued(visitor).waitFor({ state: 'detached', timeout: 15_000 });
    await expect.poll(() => said(visitor), { timeout: 10_000 }).toEqual(['Hello!', 'Is anybody there?']);
    expect(await visitor.own.allInnerTexts()).toEqual(['Hello!', 'Is anybody there?']);
    expect(visitor.problems).toEqual([]);
  });

  it('[R3] a message is in the log once whose server died after it was written and before it said so', async () => {
    await child.kill();
    child = await startChild(env, 'before-ack');
    const visitor = await arrive();
    const known = visitor.frames.length;
    const died = once(child.process, 'exit');
    await visitor.say('kill me');
    await died;
    // The fact may have reached the page; the ack that lets go of the message did not.
    const acks = visitor.frames.slice(known).filter(({ kind }) => kind === 'ack');
    expect(acks.filter(({ raw }) => raw.includes('messageId'))).toEqual([]);
    child = await startChild(env);
    await expect.poll(() => visitor.panel.locator('.state.late').count(), { timeout: 15_000 }).toBe(0);
    await visitor.settled(2);
    expect(await said(visitor)).toEqual(['Hello!', 'kill me']);
    expect(await visitor.own.allInnerTexts()).toEqual(['Hello!', 'kill me']);
    expect(visitor.problems).toEqual([]);
  });

  it('[R13] sends a message after a reload that was written before it, while the server was gone', async () => {
    const visitor = await arrive();
    await child.kill();
    await visitor.panel.locator('.strip').waitFor();
    await visitor.say('Written in a tunnel');
    await queued(visitor).waitFor();
    await visitor.page.goto('about:blank');
    child = await startChild(env);
    await visitor.page.goto(`${child.facts.url}/demo`);
    await visitor.open();
    await expect.poll(() => said(visitor), { timeout: 10_000 }).toEqual(['Hello!', 'Written in a tunnel']);
    await expect.poll(() => visitor.own.allInnerTexts()).toEqual(['Hello!', 'Written in a tunnel']);
    await visitor.settled(2);
  });
});
