// What a visitor and an agent do with each other in browsers of their own, wherever their servers are: one server for both,
// or a node for each.
import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import { longQuestion, question, signalsOf, textHeard, visitDemo } from '../support/browser.ts';
import type { AgentPage, Frame, LogReader, VisitorPage } from '../support/browser.ts';

/** Where the scenes play; each resolves to its visitor. */
export interface Stage {
  browser: Browser;
  /** Where visitors find the demo page. */
  visitorUrl: string;
  /** Signed in, with the inbox of open conversations before her. */
  maya: AgentPage;
  log: LogReader;
  /** Whoever has come so far. */
  visitors: VisitorPage[];
}

/** Pieces of a text, such that whoever holds a part of it holds one of them. */
const piecesOf = (text: string): string[] => {
  const size = 24;
  const pieces: string[] = [];
  for (let at = 0; at + size <= text.length; at += size / 2)
    pieces.push(JSON.stringify(text.slice(at, at + size)).slice(1, -1));
  return pieces;
};

/** A text without the differences that rendering makes. */
export const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

export const arrive = async ({ browser, visitorUrl, visitors }: Stage): Promise<VisitorPage> => {
  const visitor = await visitDemo(browser, visitorUrl);
  visitors.push(visitor);
  await visitor.open();
  return visitor;
};

/** A visitor who has just asked, with the agent looking on. */
export const watched = async (stage: Stage, first: string): Promise<{ visitor: VisitorPage; id: string }> => {
  const visitor = await arrive(stage);
  await visitor.say(first);
  await expect.poll(() => visitor.conversationId()).not.toBe('');
  const id = await visitor.conversationId();
  await stage.maya.open(id);
  return { visitor, id };
};

/** Both see the answer grow, and end with the text that the log has. */
export const watchAnAnswer = async (stage: Stage): Promise<VisitorPage> => {
  const { maya, log } = stage;
  // Long enough that an agent who is slow to open it still sees most of it being written.
  const { visitor, id } = await watched(stage, longQuestion);
  const lengths = { visitor: new Set<number>(), agent: new Set<number>() };
  await maya.streaming.waitFor();
  await visitor.writes(0);
  const key = (await maya.streaming.getAttribute('data-message'))!;
  const shown = maya.page.locator(`[data-message="${key}"] .md`);
  await expect
    .poll(
      async () => {
        lengths.visitor.add((await visitor.answers.last().innerText()).length);
        lengths.agent.add((await shown.innerText()).length);
        return Math.min(lengths.visitor.size, lengths.agent.size);
      },
      { timeout: 10_000, interval: 50 },
    )
    .toBeGreaterThan(4);
  await visitor.settled(1);
  await maya.page.locator(`[data-message="${key}"][data-state="said"]`).waitFor();
  const fact = (await log.messages(id)).find(({ author }) => author.kind === 'ai')?.text;
  expect(textHeard(visitor.frames, key)).toBe(fact);
  await expect
    .poll(async () => wordsOf(await shown.innerText()))
    .toEqual(wordsOf(await visitor.answers.last().innerText()));
  return visitor;
};

/** The agent takes over in mid-sentence; they talk, and she hands back to the AI. */
export const takeOver = async (stage: Stage): Promise<VisitorPage> => {
  const { maya, log } = stage;
  const { visitor, id } = await watched(stage, longQuestion);
  await visitor.writes(60);
  await maya.page.keyboard.press('t');
  await maya.told('You took over').waitFor();
  await visitor.panel.getByText('Stopped when Maya joined').waitFor();
  await visitor.panel.getByText('Maya joined', { exact: true }).waitFor();
  expect(await visitor.caret.count()).toBe(0);
  const frozen = await visitor.answers.last().innerText();
  const typing = visitor.panel.getByRole('img', { name: 'Maya is typing' });

  await maya.composer.pressSequentially('Hello, Maya here.', { delay: 5 });
  await typing.waitFor();
  await maya.page.keyboard.press('Enter');
  await visitor.panel.locator('.msg.agent').getByText('Hello, Maya here.').waitFor();
  await expect.poll(() => typing.count()).toBe(0);
  await maya.composer.pressSequentially('No, wait', { delay: 5 });
  await typing.waitFor();
  await maya.composer.fill('');
  await expect.poll(() => typing.count()).toBe(0);
  await visitor.composer.pressSequentially('Thank you', { delay: 5 });
  await maya.page
    .getByText(/is writing$/)
    .first()
    .waitFor();
  await visitor.composer.press('Enter');
  await maya.told('Thank you').first().waitFor();

  // The server had time to say more, and a person's exchange to do it in: every frame since then is here.
  const fenced = visitor.frames.findIndex(
    (frame) => frame.kind === 'fact' && frame.fact.type === 'control.changed' && frame.fact.reason === 'taken',
  );
  expect(fenced).toBeGreaterThan(0);
  const before = signalsOf(visitor.frames.slice(0, fenced), 'reply.delta');
  expect(before.length).toBeGreaterThan(2);
  expect(signalsOf(visitor.frames.slice(fenced), 'reply.delta')).toEqual([]);
  const [cut] = (await log.messages(id)).filter(({ status }) => status === 'interrupted');
  expect(cut?.text).toBe(before.map(({ text }) => text).join(''));
  expect(await visitor.answers.last().innerText()).toBe(frozen);

  await maya.button('Release').click();
  await maya.page.getByRole('menuitem', { name: 'To the AI' }).click();
  await visitor.panel.getByText('Maya left', { exact: true }).waitFor();
  await visitor.say('What if it rains?');
  const answer = async () => {
    const messages = await log.messages(id);
    const asked = messages.find(({ text }) => text === 'What if it rains?');
    return messages.find(({ author, answers }) => author.kind === 'ai' && answers === asked?.seq);
  };
  await expect.poll(async () => (await answer())?.status, { timeout: 15_000 }).toBe('complete');
  await visitor.panel.locator(`[data-key="${(await answer())!.messageId}"] time`).waitFor();
  return visitor;
};

/** The visitor reloads the page in the middle of an answer. */
export const reloadInTheMiddle = async (stage: Stage): Promise<VisitorPage> => {
  const { log } = stage;
  const visitor = await arrive(stage);
  // Long enough that a page that is slow to load again still sees most of it being written.
  await visitor.say(longQuestion);
  await visitor.writes(40);
  // Of what came before the page left, nothing counts.
  await visitor.page.reload({ waitUntil: 'commit' });
  const known = visitor.frames.length;
  await visitor.open();
  await visitor.settled(1);
  const [fact] = (await log.messages(await visitor.conversationId())).filter(({ author }) => author.kind === 'ai');
  const later = visitor.frames.slice(known);
  expect(signalsOf(later, 'reply.delta').length).toBeGreaterThan(2);
  expect(textHeard(later, fact!.messageId)).toBe(fact!.text);
  const streamed = await visitor.answers.innerText();
  await visitor.page.reload();
  await visitor.open();
  await visitor.settled(1);
  expect(await visitor.answers.innerText()).toBe(streamed);
  expect(await visitor.own.allInnerTexts()).toEqual([longQuestion]);
  return visitor;
};

/** Autopilot off: a draft approved, one edited, one rejected. */
export const checkDrafts = async (stage: Stage): Promise<VisitorPage> => {
  const { maya, log } = stage;
  const { visitor, id } = await watched(stage, 'Hello!');
  await visitor.settled(1);
  await maya.page.getByRole('switch', { name: 'Autopilot' }).click();
  await maya.told('You switched autopilot off').waitFor();
  const waiting = maya.page.locator('[data-draft="waiting"]');
  const asked = async (next: string): Promise<{ since: number; draft: string }> => {
    const since = visitor.frames.length;
    await visitor.say(next);
    await visitor.panel.getByText('A person checks answers before sending').waitFor();
    await waiting.waitFor({ timeout: 15_000 });
    await expect.poll(() => maya.button('Approve').isEnabled()).toBe(true);
    const draft = (await log.facts(id)).findLast((fact) => fact.type === 'draft.created');
    return { since, draft: draft?.type === 'draft.created' ? draft.text : '' };
  };
  const leaked = (frames: readonly Frame[], draft: string): string[] =>
    piecesOf(draft).filter((piece) => frames.some(({ raw }) => raw.includes(piece)));

  const first = await asked('Do you have double kayaks?');
  expect(first.draft.length).toBeGreaterThan(48);
  expect(leaked(visitor.frames.slice(first.since), first.draft)).toEqual([]);
  await maya.button('Approve').click();
  await visitor.settled(2);
  expect(leaked(visitor.frames.slice(first.since), first.draft)).toEqual(piecesOf(first.draft));
  await visitor.panel.getByText('AI, checked by Maya').waitFor();

  const second = await asked(question);
  await maya.button('Edit').click();
  await expect.poll(() => maya.composer.inputValue()).not.toBe('');
  await maya.composer.fill('Forty-two pounds for the whole day.');
  await maya.button('Send edited draft').click();
  await visitor.panel.getByText('Forty-two pounds for the whole day.').waitFor();
  expect(leaked(visitor.frames.slice(second.since), second.draft)).toEqual([]);

  const third = await asked('What should we bring?');
  await maya.button('Reject').click();
  await maya.told('You rejected a draft').waitFor();
  const rejected = (await log.facts(id)).findLast((fact) => fact.type === 'draft.rejected')!;
  await expect
    .poll(() => visitor.frames.some((frame) => frame.kind === 'fact' && frame.fact.seq === rejected.seq))
    .toBe(true);
  expect(third.draft.length).toBeGreaterThan(48);
  expect(leaked(visitor.frames.slice(third.since), third.draft)).toEqual([]);
  return visitor;
};

/** A visitor in the middle of an answer, with the agent looking on and writing. */
export const askAtLength = async (stage: Stage): Promise<{ visitor: VisitorPage; id: string }> => {
  const { maya } = stage;
  const visitor = await arrive(stage);
  await visitor.say(longQuestion);
  await visitor.writes(60);
  const id = await visitor.conversationId();
  await maya.open(id);
  await maya.streaming.waitFor();
  await maya.composer.fill('Half a sentence of mine');
  return { visitor, id };
};

/**
 * What both must find after the server that wrote the answer died: the answer taken up within 10 s of `back`, and there once and whole.
 * `known`: how many frames the visitor had when it died; `back`: when there was a server for the visitor again.
 */
export const comeBackWhole = async (
  { visitorUrl, maya, log }: Stage,
  { visitor, id, known, back }: { visitor: VisitorPage; id: string; known: number; back: number },
): Promise<void> => {
  const claimed = async (): Promise<boolean> =>
    (await log.facts(id)).some((fact) => fact.type === 'reply.claimed' && fact.attempt > 1);
  await expect.poll(claimed, { timeout: 10_000 }).toBe(true);
  expect(performance.now() - back).toBeLessThan(10_000);
  await expect
    .poll(async () => (await log.messages(id)).filter(({ author }) => author.kind === 'ai').length, { timeout: 15_000 })
    .toBe(1);
  await visitor.settled(1);

  const [answer] = (await log.messages(id)).filter(({ author }) => author.kind === 'ai');
  expect(answer!.status).toBe('complete');
  expect(await visitor.answers.count()).toBe(1);
  const shown = wordsOf(await visitor.answers.innerText());
  // Rendered afresh by a reader who never saw the first attempt: any splice would show as a difference.
  const stranger = await visitor.context.newPage();
  await stranger.goto(`${visitorUrl}/demo`);
  await stranger.locator('[data-tiller] .launcher').click();
  await expect.poll(() => stranger.locator('[data-tiller] .msg.ai .md').count()).toBe(1);
  expect(wordsOf(await stranger.locator('[data-tiller] .msg.ai .md').innerText())).toEqual(shown);
  await expect
    .poll(async () => wordsOf(await maya.page.locator(`[data-message="${answer!.messageId}"] .md`).innerText()))
    .toEqual(shown);
  const later = visitor.frames.slice(known);
  const attempts = new Set(signalsOf(later, 'reply.delta').map(({ attempt }) => attempt));
  expect([...attempts].every((attempt) => attempt > 1)).toBe(true);
  if (attempts.size > 0) expect(textHeard(later, answer!.messageId)).toBe(answer!.text);

  expect(await visitor.own.allInnerTexts()).toEqual([longQuestion]);
  expect(await visitor.panel.locator('.strip').count()).toBe(0);
  expect(await maya.composer.inputValue()).toBe('Half a sentence of mine');
  await maya.page.getByText(/Showing \d{1,2}:\d\d/).waitFor({ state: 'detached' });
};
