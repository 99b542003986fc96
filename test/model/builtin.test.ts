// The built-in answerer, through the real knowledge of the demo: what it says, what it does not claim, its pace.
import { describe, expect, test } from 'vitest';
import { createBuiltinModel } from '../../server/adapters/model/builtin.ts';
import type { ModelEvent, ModelRequest } from '../../server/ports/model.ts';
import { answerOf, askFor } from './answer.ts';
import type { Answer } from './answer.ts';
import { openDemoLibrary } from './library.ts';

const model = createBuiltinModel({ wordsPerSecond: 0 });
const library = await openDemoLibrary();

const requestFor = async (question: string, more: Partial<ModelRequest> = {}): Promise<ModelRequest> =>
  askFor(question, { passages: await library.knowledge.search('org_1', 'asst_demo', question, 6), ...more });
const ask = async (question: string, more: Partial<ModelRequest> = {}): Promise<Answer> =>
  answerOf(model, await requestFor(question, more));

describe('answers from the articles', () => {
  test.each([
    ['How much does a tandem kayak cost for a full day?', '£68', 'Prices'],
    ['what is the price of a single kayak', '£28', 'Prices'],
    ['Hi! Can I bring my dog?', '25 kg', 'Can I bring my dog?'],
    ['My son is 5 years old, can he come along?', 'From 6 years', 'Age limits for children'],
    ['What happens if it rains on the day?', 'we paddle all the same', 'What happens in bad weather?'],
    ['How do I cancel a booking?', '48 hours or more', 'Cancelling a booking'],
    ['where can we park the car?', '40 free parking spaces', 'Parking'],
    ['Are you open in winter on saturdays?', 'Saturdays and Sundays, 10:00 to 15:00', 'Opening hours'],
    ['I can’t swim. Is that a problem?', 'swim 50 metres', 'Do I need to be able to swim?'],
    ['what time does the guided evening trip start', '18:30', 'Guided evening trip'],
    ['How do I connect OpenAI?', 'OPENAI_API_KEY', 'Connecting a real AI model to Tiller'],
    ['What happens when my connection drops?', 'Nothing is lost', 'What happens when the connection drops?'],
    ['can I bring my dog along?', 'Yes, dogs are welcome', 'Can I bring my dog?'],
    ['what time do you open on Sundays in september', '9:00 to 18:00', 'Opening hours'],
    ['it’s stormy on the day, do I get my money back?', 'all your money back', 'What happens in bad weather?'],
    ['How do I install Tiller on my own website?', 'copy the embed code', 'Embedding the Tiller widget'],
    ['how do i put this chat on my site', 'copy the embed code', 'Embedding the Tiller widget'],
    ['how does a takeover work when a human jumps in', 'Take over', 'Taking over a conversation in Tiller'],
    ['what does a paddleboard cost for 2 hours', '£22 for a half day', 'Paddleboards'],
    ['how long does the evening trip last and what does it cost', '£36 per person', 'Guided evening trip'],
    ['my mother uses a wheelchair', 'step-free', 'Accessibility'],
    ['where are you?', 'Boathouse Lane', 'How to get there'],
    ['Can I pay with credit card', 'credit or debit card', 'How to book'],
    ['How many people fit into a tandem', 'Two people fit', 'Which boat, tandem or single kayak?'],
  ])('%s', async (question, fact, title) => {
    const answer = await ask(question);
    expect(answer.text).toContain(fact);
    expect(answer.sources[0]).toMatchObject({ title, url: expect.stringMatching(/^\//) });
    expect(answer.text.length).toBeLessThan(1400);
    expect(answer.actions.length).toBeLessThanOrEqual(2);
    expect(answer.usage).toEqual({ type: 'usage', model: 'builtin' });
    expect(answer.handOff).toBeUndefined();
  });

  test('says all that an article holds, in its order, where everything is asked for', async () => {
    const { text, sources } = await ask('Tell me everything about your multi-day trips');
    expect(text.split(/\s+/).length).toBeGreaterThan(150);
    expect(sources.map(({ title }) => title)).toEqual(['Multi-day trips']);
    const order = ['£195', 'Cray Weir', 'Sel Point', 'wilderness first aid', 'every Saturday'].map((part) =>
      text.indexOf(part),
    );
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order[0]).toBeGreaterThan(-1);
    expect(text).not.toMatch(/^#/m);
  });

  test('offers a related article as the next question, and the chip’s label finds it', async () => {
    const { actions } = await ask('Will we see otters?');
    const chip = actions.find(({ action }) => action === 'message');
    expect(chip).toBeDefined();
    expect((await ask(chip!.label)).sources[0]?.title).toBe(chip!.label);
  });

  test('keeps lists whole and shortens long prose to the sentences that answer', async () => {
    const filler = Array.from({ length: 12 }, (_, n) => `Sentence number ${n} speaks of nothing in particular here.`);
    filler.splice(7, 0, 'The museum ticket costs nine pounds.');
    const passage = { articleId: 'a', title: 'Museum', text: filler.join(' '), score: 0.9 };
    const { text } = await answerOf(model, askFor('What does a museum ticket cost?', { passages: [passage] }));
    expect(text).toContain('The museum ticket costs nine pounds.');
    expect(text.length).toBeLessThan(500);
    const list = { articleId: 'b', title: 'List', text: '## Sizes\n\n- small\n- large', score: 0.9 };
    const listed = await answerOf(model, askFor('Which sizes?', { passages: [list] }));
    expect(listed.text).toBe('**Sizes**\n\n- small\n- large');
  });
});

describe('is honest', () => {
  test.each([
    'What is the capital of France?',
    'Can you write me a poem about love?',
    'what is the price of bitcoin',
    'can i fish from the kayak',
    'is it safe for a pregnant woman',
    'do you have jobs open for the summer?',
    'asdf qwer',
  ])('does not know and offers a person: %s', async (question) => {
    const answer = await ask(question);
    expect(answer.text).toMatch(/I don’t know that.*Shall I ask a person/s);
    expect(answer.sources).toEqual([]);
    expect(answer.actions[0]).toEqual({ label: 'Talk to a person', action: 'handoff' });
    expect(answer.order).toEqual(['text', 'actions', 'usage']);
  });

  test('offers no person where none could come', async () => {
    for (const question of ['What is the capital of France?', 'are you a bot?', 'I want to talk to a human']) {
      const answer = await ask(question, { canHandOff: false });
      expect(answer.handOff).toBeUndefined();
      expect(answer.actions.filter(({ action }) => action === 'handoff')).toEqual([]);
      expect(answer.text).not.toMatch(/shall I ask|just say so/i);
    }
  });

  test.each([
    'are you a bot?',
    'Am I talking to a real person?',
    'r u human',
    'Who are you?',
    'Bist du ein Mensch?',
    '你是真人吗',
  ])('says that it is a program: %s', async (question) => {
    const { text, handOff } = await ask(question);
    expect(text).toMatch(/computer program, not a person|kein Mensch|不是真人/);
    expect(handOff).toBeUndefined();
  });
});

describe('is polite', () => {
  test.each([
    ['hi', 'Hello! I’m Sel'],
    ['Hello there!', 'Hello! I’m Sel'],
    ['Guten Tag', 'Hallo! Ich bin Sel'],
    ['hola', '¡Hola! Soy Sel'],
    ['你好', '您好'],
    ['مرحبا', 'مرحبًا'],
    ['thanks a lot!', 'You’re welcome'],
    ['ok great', 'Glad to hear it'],
    ['bye', 'Goodbye'],
    ['Can you help me?', 'Ask me in your own words'],
  ])('%s', async (words, reply) => {
    const answer = await ask(words);
    expect(answer.text).toContain(reply);
    expect(answer.handOff).toBeUndefined();
  });
});

describe('hands off', () => {
  test.each([
    'I want to talk to a human',
    'agent',
    'Can I speak to someone please?',
    'get me a real person',
    'Please connect me with customer service',
    'Ich möchte mit einem Menschen sprechen',
    'Je voudrais parler à quelqu’un',
    'Quiero hablar con una persona',
    '转人工',
    'أريد التحدث مع شخص',
  ])('%s', async (words) => {
    const answer = await ask(words);
    expect(answer.order).toEqual(['text', 'handoff', 'usage']);
    expect(answer.handOff).not.toBe('');
  });

  test('where the visitor says yes to its offer, and only then', async () => {
    const offer = (await ask('What is the capital of France?')).text;
    const after = (before: string, words: string) =>
      ask(words, {
        messages: [
          { role: 'user', text: 'What is the capital of France?' },
          { role: 'assistant', text: before },
          { role: 'user', text: words },
        ],
      });
    for (const yes of ['yes', 'Yes please!', 'ok', 'sure, go ahead'])
      expect((await after(offer, yes)).handOff).toBeDefined();
    for (const no of ['no', 'no thanks', 'not now']) {
      const answer = await after(offer, no);
      expect(answer.handOff).toBeUndefined();
      expect(answer.text).toContain('What else');
    }
    expect((await after('A tandem costs £45.', 'yes')).handOff).toBeUndefined();
    expect((await after(offer, 'Where can I park?')).sources[0]?.title).toBe('Parking');
  });

  test('not where a person is only spoken of', async () => {
    for (const words of [
      'I don’t want to talk to a person',
      'How much is it per person?',
      'Do you have agents in Spain?',
    ]) {
      expect((await ask(words)).handOff).toBeUndefined();
    }
  });
});

/** A clock and timers that the test moves. */
const heldTime = () => {
  let now = 0;
  return { clock: { now: () => now, monotonic: () => now }, advance: (ms: number) => (now += ms) };
};

describe('streams', () => {
  test('[M1] word by word: with time held still the first word comes at once, and the next only when it is due', async () => {
    const { clock, advance } = heldTime();
    const paced = createBuiltinModel({ wordsPerSecond: 10, clock });
    const events = paced.stream(askFor('hi'), new AbortController().signal)[Symbol.asyncIterator]();
    expect((await events.next()).value).toEqual({ type: 'text', text: 'Hello! ' });
    advance(100);
    expect((await events.next()).value).toEqual({ type: 'text', text: 'I’m ' });
    // A timer that comes late is made up for.
    advance(300);
    expect((await events.next()).value).toEqual({ type: 'text', text: 'Sel, an automated ' });
  });

  test('never faster than the pace that it was given', async () => {
    const started = performance.now();
    const { text } = await answerOf(createBuiltinModel({ wordsPerSecond: 100 }), askFor('hi'));
    const words = text.split(' ').length;
    expect(performance.now() - started).toBeGreaterThanOrEqual((words - 1) * 10 - 5);
  });

  test('at any pace the same text, Chinese included, in pieces that split no character', async () => {
    const all = (await answerOf(model, askFor('你好'))).text;
    const pieces: string[] = [];
    for await (const event of createBuiltinModel({ wordsPerSecond: 500 }).stream(
      askFor('你好'),
      new AbortController().signal,
    )) {
      if (event.type === 'text') pieces.push(event.text);
    }
    expect(pieces.join('')).toBe(all);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
  });

  test('everything at once where the pace is 0', async () => {
    const events: ModelEvent[] = [];
    for await (const event of model.stream(askFor('hi'), new AbortController().signal)) events.push(event);
    expect(events.map(({ type }) => type)).toEqual(['text', 'usage']);
  });

  test('[M2] nothing more after an abort, even of what was due already', async () => {
    const { clock, advance } = heldTime();
    const controller = new AbortController();
    const paced = createBuiltinModel({ wordsPerSecond: 10, clock });
    const events = paced.stream(askFor('hi'), controller.signal)[Symbol.asyncIterator]();
    await events.next();
    advance(60_000);
    controller.abort();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test('[M2] nothing more after an abort, which is no error', async () => {
    const controller = new AbortController();
    const slow = createBuiltinModel({ wordsPerSecond: 0.01 });
    const events: ModelEvent[] = [];
    for await (const event of slow.stream(askFor('hi'), controller.signal)) {
      events.push(event);
      // While it waits 100 s for the next word.
      setImmediate(() => controller.abort());
    }
    expect(events).toEqual([{ type: 'text', text: 'Hello! ' }]);
    expect(await answerOf(slow, askFor('hi'), AbortSignal.abort())).toMatchObject({ text: '', order: [] });
  });
});
