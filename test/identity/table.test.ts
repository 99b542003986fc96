// docs/identity.md on one process: each field of its table is what happens.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { firstOrganisation } from '../support/tenant.ts';
import type { Site } from './people.ts';
import { rotateTwice } from './rotation.ts';
import { expectedOf, fieldsOfTable, playField } from './table.ts';

const secret = 'a-secret-of-this-test-0123456789-abcdef';
let server: TestServer;
let site: Site;

beforeAll(async () => {
  server = await startServer({ env: { TILLER_SECRET: secret } });
  const { widget } = await firstOrganisation(server);
  const { url } = server;
  site = { url, otherUrl: url, widgetKey: widget.widgetKey, widgetId: widget.id, secret };
  await rotateTwice(url, server.firstRun.keys.console, widget.id);
});
afterAll(() => server.stop());

it('holds every combination', () => {
  expect(fieldsOfTable()).toHaveLength(6 * 3 * 4);
});

it.each(fieldsOfTable())('$who by $by, $where: $outcome', async (field) => {
  expect(await playField(site, field)).toEqual(expectedOf(field));
});
