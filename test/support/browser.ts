// Two people in real browsers: a visitor on the demo page, whose every frame is noted, and an agent in the console.
import type { Browser, Locator, Page } from 'playwright-core';
import { createStaffClient } from '../../client/sdk/index.ts';
import type { StaffClient } from '../../client/sdk/api.ts';
import type { Fact, FactOf } from '../../shared/facts.ts';
import type { Signal, SignalOf, SignalType } from '../../shared/signals.ts';
import type { View } from '../../shared/view.ts';
import { openTab, useLink } from '../browser/console-page.ts';
import type { ConsoleTab } from '../browser/console-page.ts';

export { hasChromium, launch, violationsOf } from '../browser/console-page.ts';

/** Long enough to be interrupted, and with an answer among the demo's articles. */
export const longQuestion = 'Tell me everything about your multi-day trips';

/** Long enough to be seen growing. */
export const question = 'What are your boat hire prices?';

/** What the server told a page, in the order of arrival; `raw` is the frame as it came. */
export type Frame =
  | { kind: 'fact'; raw: string; fact: Fact }
  | { kind: 'signal'; raw: string; signal: Signal }
  | { kind: 'ack'; raw: string; data: unknown }
  | { kind: 'other'; raw: string };

/** A Socket.IO packet inside an Engine.IO message: `4`, `2` (event) or `3` (ack), namespace, id, JSON. */
const readFrame = (raw: string): Frame => {
  const found = /^4([23])(?:\/[^,]*,)?\d*(\[.*\])$/s.exec(raw);
  if (found === null) return { kind: 'other', raw };
  const [first, second] = JSON.parse(found[2]!) as [unknown, unknown];
  if (found[1] === '3') return { kind: 'ack', raw, data: first };
  if (first === 'fact') return { kind: 'fact', raw, fact: second as Fact };
  if (first === 'signal') return { kind: 'signal', raw, signal: second as Signal };
  return { kind: 'other', raw };
};

/** Looks again until it is so: for what has no event of its own, such as the text that a page shows. */
export const eventually = async (test: () => Promise<boolean>, what: string, patienceMs = 15_000): Promise<void> => {
  const deadline = Date.now() + patienceMs;
  while (!(await test())) {
    if (Date.now() > deadline) throw new Error(`waited ${patienceMs} ms for ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 30);
    });
  }
};

export const recordFrames = (page: Page): Frame[] => {
  const frames: Frame[] = [];
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => void frames.push(readFrame(String(payload)))),
  );
  return frames;
};

export const signalsOf = <T extends SignalType>(frames: readonly Frame[], type: T): SignalOf<T>[] =>
  frames.flatMap((frame) =>
    frame.kind === 'signal' && frame.signal.type === type ? [frame.signal as SignalOf<T>] : [],
  );

/** The answer as these frames tell it: the text so far of the last view, if it had one, and the deltas after it. */
export const textHeard = (frames: readonly Frame[], replyId: string): string => {
  let text = '';
  for (const frame of frames) {
    if (frame.kind === 'ack') {
      const { reply } = ((frame.data as { data?: View } | null)?.data ?? {}) as Partial<View>;
      if (reply?.replyId === replyId) text = reply.text;
    }
    if (frame.kind !== 'signal' || frame.signal.type !== 'reply.delta' || frame.signal.replyId !== replyId) continue;
    // What a reader holds already is passed over, as every client does; a gap shows as a missing piece.
    if (frame.signal.offset + frame.signal.text.length <= text.length) continue;
    text = text.slice(0, frame.signal.offset) + frame.signal.text;
  }
  return text;
};

/** A tab with the widget in it, by what a visitor sees of it. */
export interface VisitorPage extends ConsoleTab {
  frames: Frame[];
  launcher: Locator;
  panel: Locator;
  composer: Locator;
  /** Texts of the AI, each one node from its first word to its last. */
  answers: Locator;
  own: Locator;
  caret: Locator;
  open(): Promise<void>;
  say(text: string): Promise<void>;
  /** Resolves when the answer in flight shows more than `length` characters. */
  writes(length: number): Promise<void>;
  /** Resolves when there are so many answers and all of the last one is on the screen. */
  settled(count: number): Promise<void>;
  conversationId(): Promise<string>;
}

/** What a page stores, read in the page: names end with what they are. */
const storedConversation = (): string => {
  const key = Object.keys(localStorage).find((name) => name.endsWith(':conversation'));
  return localStorage.getItem(key ?? '') ?? '';
};

export const visitorOf = (tab: ConsoleTab): VisitorPage => {
  const { page } = tab;
  const frames = recordFrames(page);
  const launcher = page.locator('[data-tiller] .launcher');
  const panel = page.locator('[data-tiller] .panel');
  const composer = panel.locator('form.composer').getByRole('textbox');
  const answers = panel.locator('.msg.ai .md');
  // It takes no room in the text, so that a browser calls it hidden: it is counted, not waited for.
  const caret = panel.locator('.msg.ai .caret');
  return {
    ...tab,
    frames,
    launcher,
    panel,
    composer,
    answers,
    own: panel.locator('.msg.visitor .bubble'),
    caret,
    async open() {
      await launcher.click();
      await composer.waitFor();
    },
    async say(text) {
      await composer.fill(text);
      await composer.press('Enter');
    },
    async writes(length) {
      await eventually(async () => (await caret.count()) === 1, 'a caret in an answer');
      const text = answers.last();
      await eventually(async () => (await text.innerText()).length > length, `an answer of ${length} characters`);
    },
    async settled(count) {
      await eventually(async () => (await answers.count()) === count, `${count} answers`);
      await eventually(
        () => panel.evaluate((node) => node.querySelector('.caret, .dots, [data-live]') === null),
        'the end of the answer',
      );
    },
    conversationId: () => page.evaluate(storedConversation),
  };
};

/** A visitor of their own who has just opened the demo page. */
export const visitDemo = async (
  browser: Browser,
  url: string,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<VisitorPage> => {
  const tab = await openTab(browser, { viewport: { width: 1280, height: 800 }, ...options });
  const visitor = visitorOf(tab);
  await tab.page.goto(`${url}/demo`);
  await visitor.launcher.waitFor();
  return visitor;
};

/** A tab with the console in it, by what an agent sees of it. */
export interface AgentPage extends ConsoleTab {
  thread: Locator;
  composer: Locator;
  streaming: Locator;
  row(conversationId: string): Locator;
  button(name: string): Locator;
  /** A line of the log in plain words, or a message. */
  told(text: string): Locator;
  open(conversationId: string): Promise<void>;
}

/** Signs in by the one-time link of a first start. */
export const signIn = async (
  browser: Browser,
  link: string,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<AgentPage> => {
  const tab = await openTab(browser, options);
  await useLink(tab.page, link, 'Maya Lind', 'maya@example.com');
  return agentOf(tab);
};

export const agentOf = (tab: ConsoleTab): AgentPage => {
  const { page } = tab;
  const thread = page.getByRole('region', { name: 'Messages' });
  const row = (conversationId: string): Locator => page.locator(`[data-row="${conversationId}"]`);
  return {
    ...tab,
    thread,
    composer: page.getByRole('textbox', { name: 'Reply' }),
    streaming: page.locator('[data-message][data-state="streaming"]'),
    row,
    button: (name) => page.getByRole('button', { name, exact: true }),
    told: (text) => thread.getByText(text, { exact: true }),
    async open(conversationId) {
      await row(conversationId).click();
      await page.waitForURL(`**/${conversationId}`);
      // Rows stand still under the pointer: it leaves the list, so that the next newcomer appears in it.
      await thread.hover();
      await thread.getByRole('article').first().waitFor();
    },
  };
};

/** Reads the log past both browsers, as an API token may. */
export interface LogReader {
  client: StaffClient;
  facts(conversationId: string): Promise<Fact[]>;
  messages(conversationId: string): Promise<FactOf<'message.created'>[]>;
  close(): void;
}

export const readLog = (url: string, token: string): LogReader => {
  const client = createStaffClient({ url, token, memberId: '' });
  client.connect();
  const facts = async (conversationId: string): Promise<Fact[]> => {
    const ack = await client.ask('facts:since', { conversationId, sinceSeq: 0 });
    if (!ack.ok) throw new Error(ack.error.message);
    return ack.data.facts as Fact[];
  };
  return {
    client,
    facts,
    messages: async (conversationId) =>
      (await facts(conversationId)).flatMap((fact) => (fact.type === 'message.created' ? [fact] : [])),
    close: () => client.disconnect(),
  };
};
