// The scenes of two people again, with a node for each: what one says crosses MongoDB and Redis to the other.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { startBalancer } from '../cluster/balancer.ts';
import type { Balancer } from '../cluster/balancer.ts';
import { canCluster, startCluster } from '../cluster/cluster.ts';
import type { TestCluster, TestNode } from '../cluster/cluster.ts';
import { hasChromium, launch, readLog, signIn } from '../support/browser.ts';
import {
  askAtLength,
  checkDrafts,
  comeBackWhole,
  reloadInTheMiddle,
  takeOver,
  watchAnAnswer,
} from './two-people-scenes.ts';
import type { Stage } from './two-people-scenes.ts';

const needs = '(needs chromium) (needs mongodb) (needs redis-server)';

describe.skipIf(!hasChromium || !canCluster)(
  `a visitor and an agent on two nodes ${needs}`,
  { timeout: 60_000 },
  () => {
    let cluster: TestCluster;
    /** Where visitors come in; Maya goes to her node without it. */
    let door: Balancer;
    let hers: TestNode;
    let theirs: TestNode;
    let browser: Browser;
    let stage: Stage;

    beforeAll(async () => {
      [cluster, browser] = await Promise.all([startCluster({ env: { AI_BUILTIN_WORDS_PER_SECOND: '40' } }), launch()]);
      // The node that met the empty store has the one-time link.
      hers = cluster.nodes.find(({ facts }) => facts.keys !== undefined)!;
      theirs = cluster.nodes.find((node) => node !== hers)!;
      door = await startBalancer([theirs.port]);
      const maya = await signIn(browser, hers.facts.consoleUrl);
      await maya.page.goto(`${hers.url}/console/inbox/open`);
      stage = { browser, visitorUrl: door.url, maya, log: readLog(hers.url, cluster.token), visitors: [] };
    }, 60_000);
    afterAll(async () => {
      stage?.log.close();
      await browser?.close();
      await door?.close();
      await cluster?.close();
    });

    it('shows the agent on her node the words of the AI that the visitor’s node writes', async () => {
      expect((await watchAnAnswer(stage)).problems).toEqual([]);
    });

    it('[R10] [R12] a takeover on her node stops the AI on the visitor’s, and they type to each other', async () => {
      expect((await takeOver(stage)).problems).toEqual([]);
    });

    it('[R6] goes on after a reload in the middle of the answer', async () => {
      expect((await reloadInTheMiddle(stage)).problems).toEqual([]);
    });

    it('keeps drafts of the visitor’s node from the visitor until she approves them', async () => {
      expect((await checkDrafts(stage)).problems).toEqual([]);
    });

    it(
      '[R9] the visitor’s node dies in the middle of the answer: hers takes it up within 10 s, and it is there once and whole',
      { retry: 0, timeout: 60_000 },
      async () => {
        const { visitor, id } = await askAtLength(stage);
        await theirs.kill();
        const known = visitor.frames.length;
        const back = performance.now();
        door.remove(theirs.port);
        door.add(hers.port);
        await stage.maya.streaming.waitFor();
        await comeBackWhole(stage, { visitor, id, known, back });
        expect([...visitor.problems, ...stage.maya.problems]).toEqual([]);
      },
    );

    it('ran all of this without an error in any page', () => {
      const { maya, visitors } = stage;
      expect(visitors.flatMap(({ problems }) => problems)).toEqual([]);
      expect(maya.problems).toEqual([]);
    });
  },
);
