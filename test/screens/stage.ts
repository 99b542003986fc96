// What every scene needs: a server with an answerer that can fail, a browser, and where the pictures go.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createModel } from '../../server/adapters/model/index.ts';
import { readConfig } from '../../server/config.ts';
import { ModelError } from '../../server/ports/model.ts';
import type { Model } from '../../server/ports/model.ts';
import type { Widget } from '../../shared/widget.ts';
import { agentOf, launch, signIn, visitDemo } from '../support/browser.ts';
import type { AgentPage, VisitorPage } from '../support/browser.ts';
import { openTab } from '../browser/console-page.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

export const folder = 'test-results/screens';

/** The built-in answerer; a question that says `out of order` meets a provider that is down. */
const failing = (): Model => {
  const built = createModel(readConfig({ AI_BUILTIN_WORDS_PER_SECOND: '40' }).model);
  return {
    name: built.name,
    async *stream(request, signal) {
      if (request.messages.at(-1)?.text.includes('out of order') === true)
        throw new ModelError('misconfigured', 'The provider refused the key');
      yield* built.stream(request, signal);
    },
  };
};

export interface Stage {
  server: TestServer;
  browser: Browser;
  agent: AgentPage;
  /** The demo's widget as it is stored. */
  widget(): Promise<Widget>;
  visit(options?: Parameters<Browser['newContext']>[0]): Promise<VisitorPage>;
  /** Another tab of the same member. */
  colleague(options?: Parameters<Browser['newContext']>[0]): Promise<AgentPage>;
  shoot(name: string, page: Page): Promise<void>;
  close(): Promise<void>;
}

/** A picture is of a page at rest: transitions have ended and fonts are there. */
const atRest = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    await document.fonts.ready;
    const roots = [
      document,
      ...[...document.querySelectorAll('*')].flatMap(({ shadowRoot }) => (shadowRoot === null ? [] : [shadowRoot])),
    ];
    const running = roots
      .flatMap((root) => root.getAnimations())
      .filter(({ effect }) => effect?.getComputedTiming().iterations !== Infinity);
    await Promise.allSettled(running.map(({ finished }) => finished));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  });

export const setStage = async (): Promise<Stage> => {
  await mkdir(folder, { recursive: true });
  const server = await startServer({ model: failing() });
  const browser = await launch();
  const agent = await signIn(browser, server.firstRun.consoleUrl);
  const contexts: BrowserContext[] = [];
  const { documents } = server.node.store;
  return {
    server,
    browser,
    agent,
    async widget() {
      const found = await documents.widgets.find(`key:${server.firstRun.widgetKey}`);
      if (found === undefined) throw new Error('the demo has no widget');
      return found;
    },
    async visit(options) {
      const visitor = await visitDemo(browser, server.url, options);
      contexts.push(visitor.context);
      return visitor;
    },
    async colleague(options) {
      const tab = await openTab(browser, { ...options, storageState: await agent.context.storageState() });
      contexts.push(tab.context);
      return agentOf(tab);
    },
    async shoot(name, page) {
      await atRest(page);
      await page.screenshot({ path: join(folder, `${name}.png`) });
    },
    async close() {
      for (const context of contexts) await context.close();
      await browser.close();
      await server.stop();
    },
  };
};
