// The names under which sockets are opened: staff under the installation's own, visitors under any.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRaw, upgrade } from '../hostile/raw-socket.ts';
import { ask } from '../support/party.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
let listedKey: string;
beforeAll(async () => {
  server = await startServer({ env: { TILLER_HOSTS: 'intranet' } });
  const headers = { authorization: `Bearer ${server.firstRun.keys.console}` };
  const body = { allowedDomains: ['shop.example'] };
  listedKey = (await ask(server.url, 'POST /api/console/widgets', { headers, body })).json.widget.widgetKey;
});
afterAll(() => server.stop());

const path = (widgetKey?: string): string =>
  `/socket.io/?EIO=4&transport=websocket${widgetKey === undefined ? '' : `&widgetKey=${widgetKey}`}`;
const asked = async (headers: Record<string, string>, widgetKey?: string): Promise<number> =>
  (await upgrade(server.url, path(widgetKey), headers)).status;

describe('a socket of staff', () => {
  it('is refused under a name of somebody else, with or without an Origin that agrees', async () => {
    for (const Host of ['rebound.example:3000', 'localhost.rebound.example', 'localhost, rebound.example']) {
      for (const origin of [{}, { Origin: `http://${Host}` }, { Origin: server.url }]) {
        const { status, body } = await upgrade(server.url, path(), { Host, ...origin });
        expect([Host, status]).toEqual([Host, 403]);
        expect(JSON.parse(body)).toEqual({
          error: { code: 'forbidden', message: expect.stringContaining('TILLER_HOSTS') },
        });
        expect(body).not.toContain('rebound');
      }
    }
  });

  it('is opened under a name that was set, localhost or an address, by a page from there', async () => {
    for (const Host of ['intranet:3000', 'localhost:3000', '192.168.1.5:3000', '[::1]:3000']) {
      expect([Host, await asked({ Host, Origin: `http://${Host}` })]).toEqual([Host, 101]);
      expect([Host, await asked({ Host })]).toEqual([Host, 101]);
      expect([Host, await asked({ Host, Origin: 'http://rebound.example:3000' })]).toEqual([Host, 403]);
    }
  });

  it('is not opened over a connection that a widget key let in under another name', async () => {
    const enter = async (Host: string): Promise<string> => {
      const raw = await openRaw(server.url, { widgetKey: server.firstRun.widgetKey }, { Host });
      raw.frame(`40/console,${JSON.stringify({ v: 1, token: server.firstRun.keys.console })}`);
      const answer = await Promise.race([raw.until('40/console,'), raw.until('44/console,')]);
      raw.destroy();
      return answer;
    };
    expect(await enter('rebound.example')).toContain('"code":"forbidden"');
    expect(await enter('localhost:3000')).toMatch(/^40/);
  });
});

describe('a socket of visitors', () => {
  it('is opened under any name', async () => {
    const { widgetKey } = server.firstRun;
    for (const Host of ['rebound.example', 'localhost:3000']) expect(await asked({ Host }, widgetKey)).toBe(101);
  });

  it('takes a page for one of ours by the name that was called only where that is ours', async () => {
    const page = (Host: string) => asked({ Host, Origin: `http://${Host}` }, listedKey);
    expect(await page('rebound.example:3000')).toBe(403);
    expect(await page('localhost:3000')).toBe(101);
    expect(await page('intranet')).toBe(101);
    expect(await asked({ Host: 'rebound.example', Origin: 'https://shop.example' }, listedKey)).toBe(101);
  });
});
