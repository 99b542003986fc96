// The server dies without warning in the middle of an answer, with a visitor and an agent looking on.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { freePort, startChild } from '../support/child-server.ts';
import type { ChildServer } from '../support/child-server.ts';
import { hasChromium, launch, readLog, signIn } from '../support/browser.ts';
import { askAtLength, comeBackWhole } from './two-people-scenes.ts';
import type { Stage } from './two-people-scenes.ts';

describe.skipIf(!hasChromium)('a server killed in the middle of an answer (needs chromium)', () => {
  let child: ChildServer;
  let browser: Browser;
  let dataDir: string;
  let env: Record<string, string>;
  let stage: Stage;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tiller-crash-'));
    env = { DATA_DIR: dataDir, PORT: String(await freePort()), AI_BUILTIN_WORDS_PER_SECOND: '20' };
    child = await startChild(env);
    browser = await launch();
    const log = readLog(child.facts.url, child.facts.keys!.console);
    const maya = await signIn(browser, child.facts.consoleUrl);
    await maya.page.goto(`${child.facts.url}/console/inbox/open`);
    stage = { browser, visitorUrl: child.facts.url, maya, log, visitors: [] };
  });
  afterAll(async () => {
    stage?.log.close();
    await browser?.close();
    await child?.kill();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('[R9] both come back by themselves, and the answer is there within 10 s, once and whole', async () => {
    const { visitor, id } = await askAtLength(stage);
    await child.kill();
    const known = visitor.frames.length;
    await visitor.panel.getByText('Connection lost').waitFor();
    await stage.maya.page.getByText(/Showing \d{1,2}:\d\d/).waitFor();
    child = await startChild({ ...env, AI_BUILTIN_WORDS_PER_SECOND: '120' });
    const back = performance.now();
    await comeBackWhole(stage, { visitor, id, known, back });
    expect([...visitor.problems, ...stage.maya.problems]).toEqual([]);
  }, 60_000);
});
