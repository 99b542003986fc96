// `npm run build && npx tsx test/screens/readme-picture.ts`: docs/tiller.png, the demo page beside the console.
import { mkdir, readFile } from 'node:fs/promises';
import { eventually, longQuestion } from '../support/browser.ts';
import { seedInbox } from './seed.ts';
import { setStage } from './stage.ts';

const height = 900;
const widths = { demo: 620, console: 980 };

const stage = await setStage();
try {
  const visitor = await stage.visit({ viewport: { width: widths.demo, height } });
  const agent = await stage.colleague({ viewport: { width: widths.console, height } });
  const { id: widgetId, orgId, assistantId } = await stage.widget();
  const { store } = stage.server.node;
  const [member] = await store.documents.members.list(orgId);
  await seedInbox(7, { store, orgId, widgetId, assistantId: assistantId ?? '', member: member! });
  await visitor.open();
  await visitor.say('Hello!');
  await visitor.settled(1);
  await visitor.panel.getByLabel('Name').fill('Ann Bower');
  await visitor.panel.getByLabel('E-mail').fill('ann@example.com');
  await visitor.panel.getByRole('button', { name: 'Save' }).click();
  await visitor.panel.getByText('Thanks, we have your details').waitFor();
  await agent.page.goto(`${stage.server.url}/console/inbox/open`);
  await agent.open(await visitor.conversationId());
  await visitor.say(longQuestion);
  await agent.streaming.waitFor();
  await eventually(async () => (await agent.streaming.innerText()).length > 380, 'an answer half written');
  const [left, right] = await Promise.all([visitor.page.screenshot(), agent.page.screenshot()]);
  const { page } = await stage.colleague({ viewport: { width: widths.demo + widths.console, height } });
  const image = (bytes: Buffer): string => `<img src="data:image/png;base64,${bytes.toString('base64')}">`;
  await page.setContent(
    `<style>body{margin:0;display:flex}img{display:block}img+img{border-left:1px solid #0003}</style>${image(left)}${image(right)}`,
  );
  await page.evaluate(() => Promise.all([...document.images].map((each) => each.decode())));
  await mkdir('docs', { recursive: true });
  await page.screenshot({ path: 'docs/tiller.png' });
  console.log(`docs/tiller.png: ${((await readFile('docs/tiller.png')).length / 1024).toFixed(0)} KB`);
} finally {
  await stage.close();
}
