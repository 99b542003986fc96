// The running server against what its own OpenAPI document allows and forbids. `npm run hostile` asks more, `npm test` less.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { fuzz, hasSchemathesis } from './schemathesis.ts';
import type { Fuzzing } from './schemathesis.ts';
import { isWhole } from './target.ts';

/** Whoever calls these with ids that other answers told takes a credential of the whole run away. */
const destructive = [
  'consoleDeleteKeysById',
  'consolePostKeysByIdRotate',
  'consolePatchMembersById',
  'consolePostLogout',
  'widgetSessionEnd',
];

let server: TestServer;
let asked: Omit<Fuzzing, 'seed'>;
beforeAll(async () => {
  server = await startServer();
  const { functions, v1, webchats, widget, console } = server.firstRun.keys;
  const opened = await fetch(`${server.url}/api/widget/session`, { method: 'POST', headers: { 'x-api-key': widget } });
  const { session_id: session } = (await opened.json()) as { session_id: string };
  asked = {
    url: server.url,
    auth: {
      functionsKey: { bearer: functions },
      v1Query: { api_key: v1 },
      v1Header: { api_key: v1 },
      webchatsKey: { bearer: webchats },
      widgetKey: { api_key: widget },
      consoleToken: { bearer: console },
    },
    known: {
      'body.session_id': session,
      'header.X-Session-Id': session,
      'path.key': widget,
      'body.agent_id': '550e8400-e29b-41d4-a716-446655440000',
      'body.promptId': '65b2a1c3d4e5f6a7b8c9d0e1',
      'body.initialStage': 'new',
    },
    phases: isWhole ? ['examples', 'coverage', 'fuzzing'] : ['examples', 'fuzzing'],
    examples: isWhole ? 30 : 3,
  };
});
afterAll(() => server.stop());

describe.skipIf(!hasSchemathesis)('the server by its own document (needs schemathesis)', { timeout: 1_800_000 }, () => {
  interface Run {
    what: string;
    seed: number;
    pick: Pick<Fuzzing, 'only' | 'except' | 'onlyPath' | 'exceptPath'>;
  }
  /** Of pages: first, because whoever may provision may take their widget away. */
  const ofPages = '^/(api/widget|w)/';
  const whole: Run[] = [
    { what: 'the calls of pages', seed: 1, pick: { onlyPath: ofPages, except: destructive } },
    { what: 'the calls of programs and people', seed: 2, pick: { exceptPath: ofPages, except: destructive } },
    { what: 'the calls that take keys, people and sessions away', seed: 3, pick: { only: destructive } },
  ];
  // A run takes seconds before its first request, and the harness beside this one looks at the console's calls every day.
  const daily: Run[] = [
    { what: 'the contracts', seed: 1, pick: { exceptPath: '^/api/console/', except: destructive } },
  ];

  it.for(isWhole ? whole : daily)(
    '$what: nothing fails, nothing answers what is not described',
    async ({ seed, pick }, { signal }) => {
      const found = await fuzz({ ...asked, seed, ...pick, signal });
      console.log(`${found.cases} requests made by the OpenAPI document`);
      expect(found.isClean, found.report).toBe(true);
      expect(found.cases).toBeGreaterThan(isWhole ? 150 : 100);
      // Nobody guesses a signature.
      if (pick.except !== undefined) expect(found.shutOut.filter((name) => name !== 'GET /files/{key}')).toEqual([]);
    },
  );

  it('still answers afterwards', async () => {
    const answer = await fetch(`${server.url}/readyz`);
    expect(answer.status).toBe(200);
  });
});
