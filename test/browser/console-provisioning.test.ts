// Keys, widgets, pipelines, contacts and leads in the console, against the surfaces that they are for.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Widget } from '../../shared/widget.ts';
import { hasChromium, violationsOf } from './console-page.ts';
import { startConsoleWorld } from './console-world.ts';
import type { ConsoleWorld } from './console-world.ts';

describe.skipIf(!hasChromium)('the console, for whoever provisions (needs chromium)', () => {
  let world: ConsoleWorld;
  let page: Page;

  beforeAll(async () => {
    world = await startConsoleWorld();
    page = world.page;
  });
  afterAll(() => world?.stop());

  const demo = async (): Promise<Widget> => {
    const found = await world.server.node.store.documents.widgets.find(`key:${world.server.firstRun.widgetKey}`);
    if (found === undefined) throw new Error('the demo has no widget');
    return found;
  };
  const secretShown = (): Promise<string> => page.locator('[data-secret] pre').first().innerText();
  const listOf = (key: string): Promise<Response> =>
    fetch(`${world.server.url}/api/v1/widget/list`, { headers: { 'x-api-key': key } });
  /** Chooses an entry of the menu of a key. */
  const onKey = async (name: string, entry: string): Promise<void> => {
    await page.getByRole('button', { name: `Change ${name}`, exact: true }).click();
    await page.getByRole('menuitem', { name: entry }).click();
  };

  it('makes a key that opens its contract, names its last use, rotates it with a grace, and revokes it', async () => {
    await world.go('/settings/keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name').fill('Agency');
    await page.getByRole('radio', { name: /v1 widgets/ }).check();
    await page.getByRole('button', { name: 'Create key' }).click();
    const secret = await secretShown();
    expect(secret).toMatch(/^in-/);
    expect(await page.locator('[data-secret]').innerText()).toContain(`curl -H 'X-API-Key: ${secret}'`);
    expect((await listOf(secret)).status).toBe(200);
    expect((await fetch(`${world.server.url}/api/webchats`, { headers: { authorization: `Bearer ${secret}` } })).status)
      .not.toBe(200);
    await page.getByRole('button', { name: 'Done' }).click();
    const row = page.locator('[data-key="Agency"]');
    await row.getByText(`…${secret.slice(-4)}`).waitFor();
    await row.getByText('Used just now').waitFor();

    await onKey('Agency', 'Rotate');
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate', exact: true }).click();
    await expect.poll(secretShown).not.toBe(secret);
    const second = await secretShown();
    expect([(await listOf(secret)).status, (await listOf(second)).status]).toEqual([200, 200]);
    await page.getByRole('button', { name: 'Done' }).click();
    await row.getByText(/Replaced, works for/).waitFor();

    await onKey('Agency', 'Rename').catch(() => undefined);
    expect(await page.getByText(second).count()).toBe(0);
  });
});
