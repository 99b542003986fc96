// A member's own things in the console: a picture that visitors see, a new password, the sessions of other devices.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pictures } from '../support/pictures.ts';
import { visitDemo } from '../support/browser.ts';
import { hasChromium, openTab, useLink, violationsOf } from './console-page.ts';
import type { ConsoleTab } from './console-page.ts';
import { startConsoleWorld } from './console-world.ts';
import type { ConsoleWorld } from './console-world.ts';

const right = 'correct horse battery';

describe.skipIf(!hasChromium)('the console, for a member alone (needs chromium)', () => {
  let world: ConsoleWorld;
  let page: Page;

  beforeAll(async () => {
    world = await startConsoleWorld();
    page = world.page;
  });
  afterAll(() => world?.stop());

  const api = <T>(method: string, path: string, body?: object): Promise<T> =>
    page.evaluate(
      async ([how, where, what]) => {
        const headers = { 'content-type': 'application/json' };
        const init = what === undefined ? { method: how } : { method: how, headers, body: JSON.stringify(what) };
        return (await fetch(`/api/console${where}`, init)).json();
      },
      [method, path, body] as const,
    ) as Promise<T>;
  const newKey = async (name: string): Promise<string> =>
    (await api<{ secret: string }>('POST', '/keys', { kind: 'token', name })).secret;
  const opens = async (token: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${world.server.url}/api/console/me`, { headers })).status;
  };
  /** A tab with a session of its own, of the same member. */
  const elsewhere = async (password: string): Promise<ConsoleTab> => {
    const tab = await openTab(world.browser);
    await tab.page.goto(`${world.server.url}/console/settings/people`);
    await tab.page.getByLabel('E-mail').fill('maya@example.com');
    await tab.page.getByLabel('Password').fill(password);
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    await tab.page.getByRole('heading', { name: 'People' }).waitFor();
    return tab;
  };

  it('takes a picture, tells what is none, and shows it to visitors at once', async () => {
    await world.go('/settings/profile');
    const choose = (name: string, mimeType: string, buffer: Buffer) =>
      page.getByLabel('Your picture').setInputFiles({ name, mimeType, buffer });
    await choose('me.svg', 'image/svg+xml', Buffer.from('<svg/>'));
    await page.getByRole('alert').getByText('PNG, JPEG, GIF or WebP only.').waitFor();
    await choose('me.png', 'image/png', Buffer.alloc(600 * 1024));
    await page.getByRole('alert').getByText('At most 512 KB; this file has 600 KB.').waitFor();
    await choose('me.png', 'image/png', Buffer.from('no picture at all'));
    await page.getByRole('alert').getByText('Send a picture: PNG, JPEG, GIF or WebP').waitFor();
    await choose('me.png', 'image/png', Buffer.from(pictures.png));
    const mine = page.locator('[data-picture] img');
    await mine.waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(await mine.getAttribute('src')).toMatch(/^\/avatars\/[0-9a-f]{32}\.png$/);

    const visitor = await visitDemo(world.browser, world.server.url);
    await visitor.open();
    await visitor.say('I want to talk to a person');
    await visitor.own.first().waitFor();
    await world.go(`/inbox/open/${await visitor.conversationId()}`);
    await page.getByRole('button', { name: 'Take over', exact: true }).click();
    await page.getByRole('textbox', { name: 'Reply' }).fill('Hello, this is Maya.');
    await page.keyboard.press('Enter');
    const seen = visitor.panel.locator('.msg .avatar.agent img, .who .avatar.agent img').first();
    await seen.waitFor();
    expect(await seen.evaluate((img) => (img as HTMLImageElement).naturalWidth)).toBe(1);
    expect(await seen.getAttribute('src')).toMatch(new RegExp(`^${world.server.url}/avatars/[0-9a-f]{32}\\.png$`));
    expect(visitor.problems).toEqual([]);

    await world.go('/settings/profile');
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Your picture is gone').waitFor();
    expect(await mine.count()).toBe(0);
    await visitor.context.close();
  });

  it('changes the password, and the keys go where that was wished', async () => {
    const [kept, gone] = [await newKey('Kept for now'), await newKey('Booking system')];
    const other = await elsewhere(right);
    await world.go('/settings/profile');
    const choice = page.getByRole('checkbox', { name: /Also revoke my \d+ API keys/ });
    await choice.waitFor();
    expect(await choice.isChecked()).toBe(false);
    await page.getByText('Booking system').waitFor();
    const change = async (from: string, to: string): Promise<void> => {
      await page.getByLabel('Current password').fill(from);
      await page.getByLabel('New password').fill(to);
      await page.getByRole('button', { name: 'Change password' }).click();
    };
    await change(right, 'second long password');
    await page.getByText('Your password is changed', { exact: true }).waitFor();
    await other.page.getByText('Your session has ended').waitFor();
    expect([await opens(kept), await opens(gone)]).toEqual([200, 200]);
    await choice.check();
    await change('second long password', right);
    await page.getByText(/^Your password is changed, \d+ keys revoked$/).waitFor();
    await choice.waitFor({ state: 'detached' });
    expect([await opens(kept), await opens(gone)]).toEqual([401, 401]);
    await other.context.close();
  });

  it('signs out everywhere else, and this page goes on', async () => {
    const other = await elsewhere(right);
    await world.go('/settings/profile');
    await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
    await page.getByText(/other sessions? (is|are) ended/).waitFor();
    await other.page.getByText('Your session has ended').waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Your profile' }).waitFor();
    expect(other.problems).toEqual([]);
    await other.context.close();
  });

  it('resets a password by a link whose secret no address holds, and asks about the keys', async () => {
    await newKey('Old program');
    const { members } = await api<{ members: { id: string }[] }>('GET', '/members');
    const { link } = await api<{ link: string }>('POST', `/members/${members[0]!.id}/link`, {});
    const secret = link.split('#token=')[1]!;
    const tab = await openTab(world.browser);
    const addresses: string[] = [];
    tab.page.on('request', (request) => addresses.push(request.url()));
    await tab.page.goto(link);
    await tab.page.getByRole('heading', { name: 'Set a new password' }).waitFor();
    const choice = tab.page.getByRole('checkbox', { name: 'Also revoke my API key' });
    expect(await choice.isChecked()).toBe(false);
    await tab.page.getByText('Old program').waitFor();
    expect(await violationsOf(tab.context, tab.page)).toEqual([]);
    await choice.check();
    await tab.page.getByLabel('Password').fill('a third long password');
    await tab.page.getByRole('button', { name: 'Open the console' }).click();
    await tab.page.waitForURL(/\/console\/inbox\//);
    expect(addresses.filter((address) => address.split('#')[0]!.includes(secret))).toEqual([]);
    expect(addresses.some((address) => address.endsWith('/api/console/link/read'))).toBe(true);
    await page.getByText('Your session has ended').waitFor();
    await tab.page.goto(`${world.server.url}/console/settings/profile`);
    await tab.page.getByRole('heading', { name: 'Your profile' }).waitFor();
    expect(await tab.page.getByRole('checkbox').count()).toBe(0);
    expect(tab.problems).toEqual([]);
    await tab.context.close();
  });

  it('invites without a word about other places, and names the e-mail where it is of the own team', async () => {
    const tab = await elsewhere('a third long password');
    const invite = async (email: string): Promise<void> => {
      await tab.page.getByLabel('Name').fill('Theo');
      await tab.page.getByLabel('E-mail').fill(email);
      await tab.page.getByRole('button', { name: 'Create the link' }).click();
    };
    await tab.page.getByRole('button', { name: 'Invite' }).click();
    await invite('maya@example.com');
    await tab.page.getByText('Somebody with this e-mail address is in your team already').waitFor();
    await invite('theo@example.com');
    const link = await tab.page.locator('[data-secret] pre').innerText();
    const theo = await openTab(world.browser);
    await useLink(theo.page, link, 'Theo', 'theo@example.com');
    expect([...theo.problems, ...tab.problems]).toEqual([]);
    await theo.context.close();
    await tab.context.close();
  });
});
