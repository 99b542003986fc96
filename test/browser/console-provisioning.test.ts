// Keys, widgets, pipelines, contacts and leads in the console, against the surfaces that they are for.
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Widget } from '../../shared/widget.ts';
import { hasChromium, violationsOf } from './console-page.ts';
import { startConsoleWorld } from './console-world.ts';
import type { ConsoleWorld } from './console-world.ts';

/** One red pixel. */
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

describe.skipIf(!hasChromium)('the console, for whoever provisions (needs chromium)', () => {
  let world: ConsoleWorld;
  let page: Page;
  let widgetId: string;

  beforeAll(async () => {
    world = await startConsoleWorld();
    page = world.page;
    widgetId = (await demo()).id;
  });
  afterAll(() => world?.stop());

  const demo = async (): Promise<Widget> => {
    const { store } = world.server.node;
    const found =
      widgetId === undefined
        ? await store.documents.widgets.find(`key:${world.server.firstRun.widgetKey}`)
        : (await store.documents.widgets.list((await orgId())!)).find(({ id }) => id === widgetId);
    if (found === undefined) throw new Error('the demo has no widget');
    return found;
  };
  const orgId = async (): Promise<string | undefined> =>
    (await world.server.node.store.documents.widgets.find(`key:${world.server.firstRun.widgetKey}`))?.orgId;
  const widgetApi = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const response = await fetch(`${world.server.url}/api/widget/${path}`, {
      headers: { 'x-api-key': (await demo()).catyKey, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>;
  };

  describe('keys', () => {
    const secretShown = (): Promise<string> => page.locator('[data-secret] pre').first().innerText();
    const listed = (key: string): Promise<number> =>
      fetch(`${world.server.url}/api/v1/widget/list`, { headers: { 'x-api-key': key } }).then(({ status }) => status);
    const rowOf = (secret: string): Locator => page.locator(`[data-key="${secret.slice(-4)}"]`);
    const choose = async (secret: string, entry: string): Promise<void> => {
      await rowOf(secret)
        .getByRole('button', { name: /^Change Agency/ })
        .click();
      await page.getByRole('menuitem', { name: entry }).click();
    };
    const dialog = (): Locator => page.getByRole('dialog');

    it('makes one that opens its contract and no other, rotates it with a grace, and revokes it', async () => {
      await world.go('/settings/keys');
      await page.getByRole('button', { name: 'New key' }).click();
      await page.getByLabel('Name').fill('Agency');
      await page.getByRole('radio', { name: /v1 widgets/ }).check();
      await page.getByRole('button', { name: 'Create key' }).click();
      const first = await secretShown();
      expect(first).toMatch(/^in-/);
      expect(await page.locator('[data-secret]').innerText()).toContain(`curl -H 'X-API-Key: ${first}'`);
      expect(await listed(first)).toBe(200);
      const elsewhere = await fetch(`${world.server.url}/api/webchats`, {
        headers: { authorization: `Bearer ${first}` },
      });
      expect([401, 403]).toContain(elsewhere.status);
      await page.getByRole('button', { name: 'Done' }).click();
      await rowOf(first).getByText('Used just now').waitFor();

      await choose(first, 'Rotate');
      await dialog().getByRole('button', { name: 'Rotate', exact: true }).click();
      await page.locator('[data-secret]').waitFor();
      const second = await secretShown();
      expect([await listed(first), await listed(second)]).toEqual([200, 200]);
      await page.getByRole('button', { name: 'Done' }).click();
      await rowOf(first)
        .getByText(/Replaced, works for/)
        .waitFor();
      expect(await page.getByText(second).count()).toBe(0);

      for (const secret of [first, second]) {
        await choose(secret, 'Revoke');
        await dialog().getByRole('button', { name: 'Revoke key' }).click();
        await rowOf(secret).waitFor({ state: 'detached' });
        expect(await listed(secret)).toBe(401);
      }
    });
  });

  describe('pipelines', () => {
    it('gets a stage, and another order by the keyboard', async () => {
      await world.go('/settings/pipelines');
      await page.getByRole('button', { name: 'New pipeline' }).click();
      await page.getByLabel('Name').fill('Group bookings');
      await page.getByRole('button', { name: 'Create pipeline' }).click();
      await page.getByRole('button', { name: 'Add a stage' }).click();
      await page.getByLabel('Stage 5: name').fill('Déposit paid!');
      expect(await page.locator('[data-stage]').last().getAttribute('data-stage')).toBe('deposit-paid');
      const handle = page.getByRole('button', { name: 'Move Déposit paid!, 5 of 5' });
      await handle.focus();
      await page.keyboard.press('ArrowUp');
      await page.getByText('Now 4 of 5').waitFor({ state: 'attached' });
      await page.keyboard.press('ArrowUp');
      await page.getByRole('button', { name: 'Move Déposit paid!, 3 of 5' }).waitFor();
      await page.getByRole('button', { name: 'Save changes' }).click();
      await page.getByText('Saved', { exact: true }).waitFor();
      const stored = await world.server.node.store.documents.pipelines.list((await demo()).orgId);
      expect(stored.find(({ name }) => name === 'Group bookings')?.stages.map(({ key }) => key)).toEqual([
        'new',
        'in-talks',
        'deposit-paid',
        'won',
        'lost',
      ]);
    });

    it('moves a stage by the pointer too', async () => {
      const handle = (await page.getByRole('button', { name: /^Move Lost/ }).boundingBox())!;
      const target = (await page.locator('[data-stage="new"]').boundingBox())!;
      await page.mouse.move(handle.x + 8, handle.y + 8);
      await page.mouse.down();
      await page.mouse.move(target.x + 16, target.y + 4, { steps: 8 });
      await page.mouse.up();
      expect(await page.locator('[data-stage]').first().getAttribute('data-stage')).toBe('lost');
      await page.getByRole('button', { name: 'Discard' }).click();
      await expect.poll(() => page.locator('[data-stage]').first().getAttribute('data-stage')).toBe('new');
    });
  });

  describe('a widget', () => {
    it('gets a rule to speak first and another pipeline, which the widget API and the store then hold', async () => {
      await world.go(`/settings/widgets/${widgetId}/proactive`);
      const on = page.getByRole('switch', { name: 'Speak first' });
      if ((await on.getAttribute('aria-checked')) === 'false') await on.click();
      const before = await page.locator('[data-rule]').count();
      await page.getByRole('button', { name: 'Add a rule' }).click();
      const rule = page.getByRole('listitem', { name: `Rule ${before + 1}` });
      await rule.getByLabel('When').selectOption({ label: 'When they scrolled down' });
      await rule.getByLabel('Down to').fill('85');
      await rule.getByLabel('It says').fill('Still looking for a boat?');
      await page.getByRole('link', { name: /^General/ }).click();
      await page.getByLabel('Pipeline', { exact: true }).selectOption({ label: 'Group bookings' });
      await page.getByLabel('Stage', { exact: true }).selectOption({ label: 'In talks' });
      await page.getByLabel('Daily budget of AI answers').fill('500');
      await page.getByRole('link', { name: /^Proactive.*unsaved/ }).waitFor();
      await page.getByRole('button', { name: 'Save changes' }).click();
      await page.getByText('Saved. Visitors see it').waitFor();
      const widget = await demo();
      expect(widget.proactive.triggers.at(-1)).toEqual({
        type: 'scroll_depth',
        percent: 85,
        message: 'Still looking for a boat?',
      });
      expect([widget.dailyAnswers, widget.pipelineId?.slice(0, 5)]).toEqual([500, 'pipe_']);
      const { config } = (await widgetApi('config')) as {
        config: { behavior: { proactive: { triggers: unknown[] } } };
      };
      expect(config.behavior.proactive.triggers).toContainEqual({ type: 'scroll_depth', percent: 85 });
    });

    it('names the part where the server refuses something, and keeps what was typed', async () => {
      await page.getByRole('link', { name: /^Access/ }).click();
      await page.getByLabel('Privacy page').fill('javascript:alert(1)');
      await page.getByRole('link', { name: /^Texts/ }).click();
      await page.getByRole('button', { name: 'Save changes' }).click();
      await page.getByRole('link', { name: /^Access.*problem/ }).click();
      await page.getByText('Must be an http(s) address').first().waitFor();
      expect(await page.getByLabel('Privacy page').inputValue()).toBe('javascript:alert(1)');
      await page.getByRole('button', { name: 'Discard' }).click();
    });

    it('gets an icon that the launcher finds at a public address', async () => {
      await page.getByRole('link', { name: /^Look/ }).click();
      await page.getByLabel('Picture for the widget').setInputFiles({
        name: 'icon.svg',
        mimeType: 'image/svg+xml',
        buffer: Buffer.from('<svg/>'),
      });
      await page.getByText('PNG, JPEG, GIF or WebP only.').waitFor();
      await page.getByLabel('Picture for the widget').setInputFiles({
        name: 'icon.png',
        mimeType: 'image/png',
        buffer: Buffer.from(pixel, 'base64'),
      });
      await page.getByRole('img', { name: 'The widget’s icon' }).waitFor();
      await page.getByRole('button', { name: 'Save changes' }).click();
      await page.getByText('Saved. Visitors see it').waitFor();
      const view = (await (await fetch(`${world.server.url}/w/${(await demo()).widgetKey}`)).json()) as {
        iconUrl: string;
      };
      const icon = await fetch(view.iconUrl);
      expect([icon.status, icon.headers.get('content-type')]).toEqual([200, 'image/png']);
    });
  });

  describe('contacts and leads', () => {
    it('shows a lead that came over REST, and moves it to another stage', async () => {
      const { session_id: sessionId } = await widgetApi('session', { page: { url: 'https://selwick.example/groups' } });
      await widgetApi('message', { session_id: sessionId, message: 'What are your boat hire prices?' });
      await widgetApi('lead', {
        session_id: sessionId,
        name: '<b>Ida Holm</b>',
        email: 'ida@example.com',
        phone: '+46701234567',
        company: 'Holm & Co',
        custom_fields: { interest: '<img src=x onerror="window.__hit=1">' },
      });
      await world.go('/contacts/leads');
      const row = page.getByRole('list', { name: 'Leads' }).getByRole('link', { name: /Ida Holm/ });
      await row.click();
      const detail = page.getByRole('region', { name: 'Contact', exact: true });
      await detail.getByRole('heading', { name: '<b>Ida Holm</b>' }).waitFor();
      await detail.getByText('<img src=x').waitFor();
      expect(await page.evaluate(() => '__hit' in window)).toBe(false);
      const stage = detail.getByLabel('Stage');
      await expect
        .poll(() => stage.evaluate((node: HTMLSelectElement) => node.selectedOptions[0]?.text))
        .toBe('In talks');
      await stage.selectOption({ label: 'Déposit paid!' });
      await page.getByText('Moved to Déposit paid!').waitFor();
      await page.getByRole('navigation', { name: 'Lists' }).getByRole('link', { name: 'Everyone' }).click();
      await page.getByLabel('Search contacts').fill('ida@example');
      const contact = page.getByRole('list', { name: 'Contacts' }).getByRole('link', { name: /Ida Holm/ });
      await contact.getByText('Déposit paid!').filter({ visible: true }).waitFor();
      await page.getByLabel('Search contacts').fill('nobody of that name');
      await page.getByText('Nobody matches').waitFor();
      await page.getByRole('button', { name: 'Show everyone' }).click();
      await contact.waitFor();
    });

    it('leads from the contact into the conversation, where the panel says the same', async () => {
      await page.getByRole('link', { name: /Ida Holm/ }).click();
      await page.getByRole('link', { name: 'Open the conversation' }).click();
      const panel = page.getByRole('complementary', { name: 'Visitor' });
      await panel.getByText('Lead score', { exact: true }).waitFor();
      await expect
        .poll(() => panel.getByLabel('Stage').evaluate((node: HTMLSelectElement) => node.selectedOptions[0]?.text))
        .toBe('Déposit paid!');
      expect(await violationsOf(world.maya.context, page)).toEqual([]);
    });

    it('keeps a stage that a contact is in, and says why', async () => {
      await world.go('/settings/pipelines');
      await page.getByRole('link', { name: /Group bookings/ }).click();
      await page.getByRole('button', { name: 'Remove Déposit paid!' }).click();
      await page.getByRole('button', { name: 'Save changes' }).click();
      await page.getByText('There are contacts in the stage Déposit paid!').waitFor();
      await page.getByRole('button', { name: 'Discard' }).click();
      await page.locator('[data-stage="deposit-paid"]').waitFor();
      await page.getByRole('button', { name: 'Delete pipeline' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete pipeline' }).click();
      expect(await page.getByRole('dialog').getByRole('alert').innerText()).toMatch(/contacts in|widget/);
      await page.getByRole('button', { name: 'Cancel' }).click();
    });

    it('exports the leads as a file', async () => {
      await world.go('/contacts/leads');
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export CSV' }).click();
      expect((await download).suggestedFilename()).toMatch(/\.csv$/);
    });
  });

  it('deletes a widget after asking, and its keys are unknown from then on', async () => {
    const { widgetKey } = await demo();
    await world.go(`/settings/widgets/${widgetId}`);
    await page.getByRole('button', { name: 'Delete widget' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete widget' }).click();
    await page.getByText('The widget is deleted').waitFor();
    expect(await page.locator(`a[href$="${widgetId}"]`).count()).toBe(0);
    expect((await fetch(`${world.server.url}/w/${widgetKey}`)).status).toBe(404);
  });

  it('ran all of this without an error and without anything that its policy refuses', () => {
    expect(world.maya.problems).toEqual([]);
  });
});
