// The console: empty, busy, in a conversation, in the settings, before signing in; and the public pages.
import { eventually, longQuestion } from '../support/browser.ts';
import type { AgentPage } from '../support/browser.ts';
import { openTab } from '../browser/console-page.ts';
import { seedInbox } from './seed.ts';
import type { Stage } from './stage.ts';

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const narrow = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const dark = { colorScheme: 'dark' } as const;

const at = (stage: Stage, agent: AgentPage, path: string) => agent.page.goto(`${stage.server.url}/console${path}`);

const empty = async (stage: Stage): Promise<void> => {
  for (const filter of ['needs-person', 'mine', 'open']) {
    await at(stage, stage.agent, `/inbox/${filter}`);
    await stage.agent.page.getByRole('heading', { level: 1 }).waitFor();
    await stage.agent.page.waitForLoadState('networkidle');
    await stage.shoot(`console-empty-${filter}`, stage.agent.page);
  }
  const small = await stage.colleague(phone);
  await at(stage, small, '/inbox/needs-person');
  await small.page.waitForLoadState('networkidle');
  await stage.shoot('console-empty-phone', small.page);
};

const door = async (stage: Stage): Promise<void> => {
  for (const [name, options] of [
    ['desktop', {}],
    ['phone', phone],
    ['dark', dark],
  ] as const) {
    const { page, context } = await openTab(stage.browser, options);
    await page.goto(`${stage.server.url}/console`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await stage.shoot(`console-sign-in-${name}`, page);
    await page.getByLabel('E-mail').fill('maya@example.com');
    await page.getByLabel('Password').fill('wrong password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('E-mail address or password is wrong').waitFor();
    await stage.shoot(`console-sign-in-wrong-${name}`, page);
    await page.goto(stage.server.firstRun.consoleUrl);
    await page.getByText('used already or has expired').waitFor();
    await stage.shoot(`console-link-expired-${name}`, page);
    await page.goto(stage.server.url);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await stage.shoot(`site-landing-${name}`, page);
    await context.close();
  }
};

/** A conversation with everything in it: notes, labels, long and Arabic text, an answer being written. */
const conversation = async (stage: Stage): Promise<void> => {
  const visitor = await stage.visit();
  await visitor.open();
  await visitor.say('What if it rains?');
  await visitor.settled(1);
  await visitor.say('هل يمكن للأطفال الانضمام إلى الرحلة؟');
  await visitor.say(`https://example.com/${'unbroken'.repeat(30)}`);
  await eventually(async () => (await visitor.answers.count()) > 1, 'an answer to it');
  await visitor.settled(await visitor.answers.count());
  const { agent } = stage;
  const id = await visitor.conversationId();
  const client = agent.page;
  await at(stage, agent, '/inbox/open');
  await agent.open(id);
  await client.keyboard.press('n');
  await client.keyboard.type('Regular customer, offered 10 % last time');
  await client.keyboard.press('Enter');
  await client.getByRole('article', { name: 'Note' }).waitFor();
  await client.keyboard.press('Escape');
  await client.keyboard.press('l');
  for (const label of ['vip', 'group booking']) {
    await client.getByRole('textbox', { name: 'Find or add a label' }).fill(label);
    await client.keyboard.press('Enter');
  }
  await stage.shoot('console-labels', client);
  await client.keyboard.press('Escape');
  await visitor.say(longQuestion);
  await agent.streaming.waitFor();
  await eventually(async () => (await agent.streaming.innerText()).length > 150, 'an answer half written');
  for (const [name, options] of [
    ['dark', dark],
    ['phone', phone],
    ['narrow', narrow],
    ['960', { viewport: { width: 960, height: 700 } }],
    ['1280', { viewport: { width: 1280, height: 720 } }],
  ] as const) {
    const tab = await stage.colleague(options);
    await at(stage, tab, `/inbox/open/${id}`);
    await tab.thread.getByRole('article').first().waitFor();
    await stage.shoot(`console-conversation-${name}`, tab.page);
    await tab.context.close();
  }
  await stage.shoot('console-conversation-desktop', client);
  await client.keyboard.press('n');
  await stage.shoot('console-note', client);
  await client.keyboard.press('Escape');
  await client.keyboard.press('?');
  await client.getByRole('dialog').waitFor();
  await stage.shoot('console-keys', client);
  await client.keyboard.press('Escape');
  await agent.context.setOffline(true);
  await client.getByText(/Showing/).waitFor();
  await stage.shoot('console-offline', client);
  await agent.context.setOffline(false);
  await client.getByText(/Showing/).waitFor({ state: 'detached' });
};

const busy = async (stage: Stage): Promise<void> => {
  const { id: widgetId, orgId, assistantId } = await stage.widget();
  const { store } = stage.server.node;
  const [me] = (await store.documents.members.list(orgId)).map(({ id, name }) => ({ id, name }));
  await seedInbox(1000, { store, orgId, widgetId, assistantId: assistantId ?? '', member: me! });
  for (const [name, options] of [
    ['desktop', {}],
    ['dark', dark],
    ['phone', phone],
    ['narrow', narrow],
  ] as const) {
    const tab = await stage.colleague(options);
    await at(stage, tab, '/inbox/open');
    await tab.page.locator('[data-row]').first().waitFor();
    await stage.shoot(`console-thousand-${name}`, tab.page);
    if (name === 'desktop') {
      await at(stage, tab, '/inbox/needs-person');
      await tab.page.locator('[data-row]').first().waitFor();
      await stage.shoot('console-thousand-waiting', tab.page);
      await tab.page.keyboard.press('/');
      await tab.page.getByRole('combobox').fill('tandem');
      await tab.page.getByRole('option').first().waitFor();
      await stage.shoot('console-search', tab.page);
    }
    await tab.context.close();
  }
};

const settings = async (stage: Stage): Promise<void> => {
  for (const [name, options] of [
    ['desktop', {}],
    ['dark', dark],
    ['phone', phone],
  ] as const) {
    const tab = await stage.colleague(options);
    for (const path of [
      'widgets',
      'assistant',
      'people',
      'profile',
      'notifications',
      'organisation',
      'keys',
      'pipelines',
    ]) {
      await at(stage, tab, `/settings/${path}`);
      await tab.page.getByRole('heading', { level: 1 }).waitFor();
      await tab.page.waitForLoadState('networkidle');
      await stage.shoot(`settings-${path}-${name}`, tab.page);
      if (path === 'pipelines') {
        await tab.page.locator('main li a').first().click();
        await tab.page.getByText('Add a stage').waitFor();
        await stage.shoot(`settings-pipeline-${name}`, tab.page);
      }
      if (path !== 'widgets') continue;
      await tab.page.getByRole('link', { name: /Selwick/ }).click();
      for (const part of ['General', 'Look', 'Texts', 'Start', 'Proactive', 'Access', 'Install']) {
        await tab.page.getByRole('link', { name: part, exact: true }).click();
        if (name !== 'phone') await tab.page.frameLocator('iframe').getByText('Selwick').first().waitFor();
        await stage.shoot(`settings-widget-${part.toLowerCase()}-${name}`, tab.page);
      }
    }
    await tab.context.close();
  }
};

/** What a program does over REST, and what it leaves to see in the console. */
const provisioning = async (stage: Stage): Promise<void> => {
  const { catyKey } = await stage.widget();
  const call = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const response = await fetch(`${stage.server.url}/api/widget/${path}`, {
      method: 'POST',
      headers: { 'x-api-key': catyKey, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  for (const [index, [name, company]] of [
    ['Ida Holm', 'Holm & Daughters'],
    ['María José Fernández de la Vega', 'Club náutico'],
    ['ليلى حداد', ''],
    ['Bartholomew Featherstonehaugh-Cholmondeley of Worcestershire', 'The Society for the Appreciation of Small Boats'],
  ].entries()) {
    const { session_id: sessionId } = await call('session', { page: { url: 'https://selwick.example/groups' } });
    await call('message', { session_id: sessionId, message: 'What are your boat hire prices for a group?' });
    await call('lead', {
      session_id: sessionId,
      name,
      email: `visitor${index}@example.com`,
      ...(company === '' ? {} : { company, phone: '+46701234567' }),
      custom_fields: { Interest: 'Group trip in June', 'Number of people': '14' },
    });
  }
  for (const [name, options] of [
    ['desktop', {}],
    ['dark', dark],
    ['phone', phone],
    ['narrow', narrow],
  ] as const) {
    const tab = await stage.colleague(options);
    for (const list of ['everyone', 'leads']) {
      await at(stage, tab, `/contacts/${list}`);
      await tab.page.locator('[data-contact]').first().waitFor();
      await stage.shoot(`contacts-${list}-${name}`, tab.page);
    }
    await tab.page.locator('[data-contact]').first().click();
    await tab.page.getByText('Open the conversation').waitFor();
    await stage.shoot(`contact-${name}`, tab.page);
    await tab.page.getByText('Open the conversation').click();
    await tab.thread.getByRole('article').first().waitFor();
    if (name === 'desktop') await tab.page.getByText('Open the contact').waitFor();
    await stage.shoot(`contact-conversation-${name}`, tab.page);
    await at(stage, tab, '/settings/keys');
    await tab.page.getByRole('button', { name: 'New key' }).click();
    await tab.page.getByLabel('Name').fill('Booking system');
    await stage.shoot(`keys-new-${name}`, tab.page);
    await tab.page.getByRole('button', { name: 'Create key' }).click();
    await tab.page.locator('[data-secret]').waitFor();
    await stage.shoot(`keys-secret-${name}`, tab.page);
    await tab.page.getByRole('button', { name: 'Done' }).click();
    await tab.page
      .getByRole('button', { name: /^Change Booking system/ })
      .last()
      .click();
    await stage.shoot(`keys-menu-${name}`, tab.page);
    await tab.page.getByRole('menuitem', { name: 'Revoke' }).click();
    await stage.shoot(`keys-revoke-${name}`, tab.page);
    await tab.context.close();
  }
};

export const consoleScenes = { first: { empty, door }, later: { conversation, settings, provisioning, busy } };
