// The widget in every state that a visitor can meet.
import { eventually, longQuestion, question } from '../support/browser.ts';
import type { VisitorPage } from '../support/browser.ts';
import type { Stage } from './stage.ts';

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const narrow = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const dark = { colorScheme: 'dark' } as const;

const tell = (visitor: VisitorPage, ...call: unknown[]): Promise<void> =>
  visitor.page.evaluate(
    (given) => (window as unknown as { Tiller: (...all: unknown[]) => void }).Tiller(...given),
    call,
  );

/** Answers a message that says `refuse me` as a server would that will never take it. */
const refuseSome = (visitor: VisitorPage): Promise<void> =>
  visitor.page.routeWebSocket(/socket\.io/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((packet) => {
      const text = String(packet);
      const id = /^42\/widget,(\d+)/.exec(text)?.[1];
      if (id !== undefined && text.includes('refuse me'))
        socket.send(`43/widget,${id}[{"ok":false,"error":{"code":"invalid","message":"Not accepted"}}]`);
      else server.send(packet);
    });
    server.onMessage((packet) => socket.send(packet));
  });

const talk = async (stage: Stage): Promise<void> => {
  for (const [name, options] of [
    ['desktop', {}],
    ['desktop-dark', dark],
    ['phone', phone],
    ['phone-dark', { ...phone, ...dark }],
    ['narrow', narrow],
  ] as const) {
    const visitor = await stage.visit(options);
    const { page } = visitor;
    await stage.shoot(`widget-${name}-1-closed`, page);
    await visitor.open();
    await stage.shoot(`widget-${name}-2-welcome`, page);
    await visitor.say(longQuestion);
    await visitor.writes(220);
    await stage.shoot(`widget-${name}-3-streaming`, page);
    await visitor.settled(1);
    await stage.shoot(`widget-${name}-4-answered`, page);
    if (name === 'desktop') {
      await visitor.panel.getByRole('button', { name: 'More' }).click();
      await visitor.panel.getByRole('menu').waitFor();
      await stage.shoot('widget-desktop-5-menu', page);
    }
    await visitor.context.close();
  }
};

const trouble = async (stage: Stage): Promise<void> => {
  const visitor = await stage.visit();
  await refuseSome(visitor);
  await visitor.page.reload();
  await visitor.open();
  await visitor.say('What if it rains?');
  await visitor.settled(1);
  await visitor.say('Please refuse me');
  await visitor.panel.getByText('Not sent').waitFor();
  await stage.shoot('widget-failed', visitor.page);
  await visitor.context.close();

  const gone = await stage.visit();
  await gone.open();
  await gone.say('What if it rains?');
  await gone.settled(1);
  await gone.context.setOffline(true);
  await gone.say('And what if it snows?');
  await gone.panel.locator('.strip').waitFor();
  await stage.shoot('widget-offline', gone.page);
  await gone.context.close();

  const broken = await stage.visit();
  await broken.open();
  await broken.say('Is the toilet out of order?');
  await broken.panel.getByText('Sorry, I cannot answer').waitFor();
  await stage.shoot('widget-ai-down', broken.page);
  await broken.context.close();

  const waiting = await stage.visit();
  await waiting.open();
  await waiting.say('I want to talk to a person');
  await waiting.panel.getByText('Waiting for a person').waitFor();
  await stage.shoot('widget-waiting', waiting.page);
  await waiting.context.close();
};

const words = async (stage: Stage): Promise<void> => {
  for (const [name, options] of [
    ['desktop', {}],
    ['phone', phone],
  ] as const) {
    const arabic = await stage.visit(options);
    await tell(arabic, 'setLocale', 'ar');
    await arabic.launcher.click();
    await arabic.composer.waitFor();
    await stage.shoot(`widget-arabic-${name}-1-welcome`, arabic.page);
    await arabic.say('هل يمكن للأطفال الانضمام إلى الرحلة المسائية؟ What does it cost?');
    await arabic.settled(1);
    await stage.shoot(`widget-arabic-${name}-2-answered`, arabic.page);
    await arabic.context.close();

    const long = await stage.visit(options);
    await long.open();
    await long.say(`https://example.com/${'unbroken'.repeat(30)}`);
    await long.settled(1);
    await long.composer.fill('One line after the other,\n'.repeat(7));
    await stage.shoot(`widget-long-${name}`, long.page);
    await long.context.close();
  }
};

/** With the agent's hand in it: takeover, typing, approval, the end and its question. */
const together = async (stage: Stage): Promise<void> => {
  const { agent } = stage;
  await agent.page.goto(`${stage.server.url}/console/inbox/open`);
  for (const [name, options] of [
    ['desktop', {}],
    ['phone', phone],
  ] as const) {
    const visitor = await stage.visit(options);
    await visitor.open();
    await visitor.say(longQuestion);
    await visitor.writes(120);
    await agent.open(await visitor.conversationId());
    await agent.page.keyboard.press('t');
    await visitor.panel.getByText('Maya joined', { exact: true }).waitFor();
    await stage.shoot(`widget-takeover-${name}-1-joined`, visitor.page);
    await stage.shoot(`console-takeover-${name}`, agent.page);
    await agent.composer.fill('Hello, Maya here. Which dates do you have in mind?');
    await agent.page.keyboard.press('Enter');
    await visitor.panel.locator('.msg.agent .md').first().waitFor();
    await agent.composer.pressSequentially('We still have');
    await visitor.panel.getByRole('img', { name: 'Maya is typing' }).waitFor();
    await stage.shoot(`widget-takeover-${name}-2-typing`, visitor.page);
    await agent.composer.fill('');
    await agent.button('Close').click();
    await visitor.panel.getByText('How was this conversation?').waitFor({ timeout: 15_000 });
    await stage.shoot(`widget-takeover-${name}-3-rating`, visitor.page);
    await visitor.context.close();
  }
  const checked = await stage.visit();
  await checked.open();
  await checked.say('Hello!');
  await checked.settled(1);
  await agent.open(await checked.conversationId());
  await agent.page.getByRole('switch', { name: 'Autopilot' }).click();
  await agent.told('You switched autopilot off').waitFor();
  await checked.say(question);
  await checked.panel.getByText('A person checks answers before sending').waitFor();
  await stage.shoot('widget-approval-1-waiting', checked.page);
  await agent.page.locator('[data-draft="waiting"]').waitFor();
  await eventually(() => agent.button('Approve').isEnabled(), 'a draft that can be approved');
  await stage.shoot('console-draft', agent.page);
  await agent.button('Edit').click();
  await stage.shoot('console-draft-edit', agent.page);
  await agent.button('Stop editing').click();
  await agent.button('Approve').click();
  await checked.panel.getByText('AI, checked by Maya').waitFor();
  await checked.settled(2);
  await stage.shoot('widget-approval-2-approved', checked.page);
  await checked.context.close();
};

/** Brand colours that a widget must survive, in both schemes. */
const brands = async (stage: Stage): Promise<void> => {
  const { id, colors } = await stage.widget();
  const paint = async (primary: string): Promise<void> => {
    const url = `${stage.server.url}/api/console/widgets/${id}`;
    const answer = await stage.agent.page.request.patch(url, { data: { colors: { ...colors, primary } } });
    if (!answer.ok()) throw new Error(await answer.text());
  };
  for (const primary of ['#FFD400', '#1F2937', '#FFFFFF']) {
    await paint(primary);
    for (const colorScheme of ['light', 'dark'] as const) {
      const visitor = await stage.visit({ colorScheme });
      await visitor.open();
      await visitor.say('What if it rains?');
      await visitor.settled(1);
      await stage.shoot(`widget-brand-${primary.slice(1)}-${colorScheme}`, visitor.page);
      await visitor.context.close();
    }
  }
  await paint(colors.primary);
};

export const visitorScenes = { talk, trouble, words, together, brands };
