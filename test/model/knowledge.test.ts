// Retrieval: what is found, in which languages, how it is scored, and when the index follows the articles.
import { expect, test } from 'vitest';
import { createKnowledge } from '../../server/adapters/knowledge/minisearch.ts';
import { passagesOf } from '../../server/adapters/knowledge/passages.ts';
import { openDemoLibrary, openLibrary, seedArticles } from './library.ts';

/** Below this the built-in answerer does not know. */
const known = 0.45;

test('finds the passage that answers, in the article that is about it', async () => {
  const { knowledge } = await openDemoLibrary();
  const top = async (question: string) => (await knowledge.search('org_1', 'asst_demo', question, 6))[0];
  expect(await top('How much does a tandem kayak cost for a full day?')).toMatchObject({
    title: 'Prices',
    url: '/demo#prices',
  });
  expect((await top('Is my puppy allowed?'))?.title).toBe('Can I bring my dog?');
  expect((await top('tandm kayak opning hours'))?.score).toBeGreaterThan(0);
  expect((await top('what time does the evening trip start'))?.text).toContain('18:30');
  expect((await top('how do i get there by train'))?.text).toContain('12-minute walk');
});

test('scores fall from the best on, stay within 0 and 1, and tell a question about something else', async () => {
  const { knowledge } = await openDemoLibrary();
  const scores = async (question: string) =>
    (await knowledge.search('org_1', 'asst_demo', question, 6)).map((passage) => passage.score);
  const good = await scores('Where can I park my car?');
  expect(good.length).toBeGreaterThan(2);
  expect(good).toEqual(good.toSorted((a, b) => b - a));
  expect(Math.max(...good)).toBeLessThanOrEqual(1);
  expect(good[0]).toBeGreaterThan(0.8);
  const foreign = [
    'What is the capital of France?',
    'What’s the price of bitcoin?',
    'who won the world cup',
    'do you hire jet skis?',
    'how do I bake bread',
    'are there sharks',
    'Can you write me a poem about love?',
  ];
  for (const question of foreign) {
    const best = Math.max(0, ...(await scores(question)));
    expect({ question, isKnown: best >= known }).toEqual({ question, isKnown: false });
  }
  expect(await scores('what is it and how do you do that?')).toEqual([]);
  expect(await scores('')).toEqual([]);
});

test('reads a question that goes on together with the one before, and no other', async () => {
  const { knowledge } = await openDemoLibrary();
  const search = (question: string, before?: string) => knowledge.search('org_1', 'asst_demo', question, 6, before);
  const before = 'How much does a tandem kayak cost?';
  for (const question of ['and for a full day?', 'and on Sunday?', 'how about 2 of them?']) {
    expect((await search(question, before))[0]?.text).toContain('£45');
  }
  for (const question of ['What is the capital of France?', 'tell me a joke', 'do you have a sauna']) {
    expect((await search(question, before))[0]?.score ?? 0).toBeLessThan(known);
  }
  const long = 'How much does a tandem kayak cost for a full day with a dog, wetsuit and buoyancy aid?';
  expect((await search('tell me a joke', long))[0]?.score ?? 0).toBeLessThan(known);
  expect((await search('Where can I park?', before))[0]).toMatchObject({ title: 'Parking' });
});

test('finds Chinese, whose words have no spaces', async () => {
  const { knowledge, add } = await openLibrary();
  await add('a', { title: '退款政策', text: '订单取消后，款项将在五个工作日内退回原支付账户。' });
  await add('a', { title: '营业时间', text: '我们每天早上九点开门，晚上六点关门。周末营业到八点。' });
  const search = (question: string) => knowledge.search('org_1', 'a', question, 3);
  expect((await search('请问你们的营业时间是什么？'))[0]).toMatchObject({ title: '营业时间' });
  expect((await search('怎么退款？'))[0]).toMatchObject({ title: '退款政策' });
  expect((await search('怎么退款？'))[0]!.score).toBeGreaterThan(known);
  expect(Math.max(0, ...(await search('天气预报')).map(({ score }) => score))).toBeLessThan(known);
});

test('finds Arabic with its article, its vowel signs and its spellings', async () => {
  const { knowledge, add } = await openLibrary();
  await add('a', { title: 'مواعيد العمل', text: 'نفتح أبوابنا كل يوم من الساعة التاسعة صباحًا حتى السادسة مساءً.' });
  await add('a', { title: 'الأسعار', text: 'سعر القارب لنصف يوم عشرون دينارًا، وليوم كامل ثلاثون دينارًا.' });
  const search = (question: string) => knowledge.search('org_1', 'a', question, 3);
  expect((await search('ما هي مواعيد عملكم؟'))[0]).toMatchObject({ title: 'مواعيد العمل' });
  expect((await search('كم سعر القارب؟'))[0]).toMatchObject({ title: 'الأسعار' });
  expect((await search('كَم سِعرُ القاربِ'))[0]!.score).toBeGreaterThan(known);
});

test('finds words with and without their accents', async () => {
  const { knowledge, add } = await openLibrary();
  await add('a', { title: 'Öffnungszeiten', text: 'Wir haben täglich von neun bis achtzehn Uhr geöffnet.' });
  await add('a', { title: 'Réservation', text: 'La réservation se fait en ligne ou par téléphone.' });
  const top = async (question: string) => (await knowledge.search('org_1', 'a', question, 1))[0]?.title;
  expect(await top('Was sind die Offnungszeiten?')).toBe('Öffnungszeiten');
  expect(await top('Comment faire une reservation ?')).toBe('Réservation');
});

test('searches one assistant of one organisation, never another', async () => {
  const { knowledge, add } = await openLibrary();
  await add('a', { title: 'Secret recipe', text: 'The secret recipe of the house is nutmeg.' });
  await add('b', { title: 'Nothing', text: 'Nothing to see.' });
  const question = 'What is the secret recipe?';
  expect(await knowledge.search('org_1', 'a', question, 5)).toHaveLength(1);
  expect(await knowledge.search('org_1', 'b', question, 5)).toEqual([]);
  expect(await knowledge.search('org_2', 'a', question, 5)).toEqual([]);
});

test('keeps its index until it is told to forget', async () => {
  const { knowledge, add } = await openLibrary();
  const search = () => knowledge.search('org_1', 'a', 'Do you have a sauna?', 5);
  expect(await search()).toEqual([]);
  await add('a', { title: 'Sauna', text: 'The sauna is open on Fridays.' });
  expect(await search()).toEqual([]);
  knowledge.forget('b');
  expect(await search()).toEqual([]);
  knowledge.forget('a');
  expect(await search()).toMatchObject([{ title: 'Sauna' }]);
});

test('reads the store once for questions that come together, and again after it failed', async () => {
  const { store, add } = await openLibrary();
  await add('a', { title: 'Sauna', text: 'The sauna is open on Fridays.' });
  let calls = 0;
  let isDown = true;
  const articles = {
    ...store.documents.articles,
    list: (...args: Parameters<typeof store.documents.articles.list>) => {
      calls += 1;
      return isDown ? Promise.reject(new Error('down')) : store.documents.articles.list(...args);
    },
  };
  const knowledge = createKnowledge({ store: { documents: { ...store.documents, articles } } });
  const search = () => knowledge.search('org_1', 'a', 'sauna', 5);
  await expect(search()).rejects.toThrow('down');
  isDown = false;
  calls = 0;
  const answers = await Promise.all([search(), search(), search()]);
  expect(answers.map((passages) => passages.length)).toEqual([1, 1, 1]);
  expect(calls).toBe(1);
});

test('reads more articles than one page of the store holds', async () => {
  const { knowledge, add } = await openLibrary();
  for (let n = 0; n < 450; n++)
    await add('a', { title: `Article ${n}`, text: `This is about the item called zq${n}x.` });
  for (const n of [0, 199, 200, 399, 449]) {
    expect((await knowledge.search('org_1', 'a', `zq${n}x`, 1))[0]?.title).toBe(`Article ${n}`);
  }
});

test('cuts articles into passages that keep their heading and lose no text', () => {
  for (const article of seedArticles) {
    const passages = passagesOf(article);
    expect(passages.map(({ position }) => position)).toEqual(passages.map((_, at) => at));
    const words = (text: string) =>
      text
        .replaceAll(/^#+ .*$/gm, '')
        .split(/\s+/)
        .filter(Boolean);
    expect(passages.flatMap(({ text }) => words(text))).toEqual(words(article.text));
    for (const { heading, text } of passages) {
      expect(text.length).toBeLessThanOrEqual(900 + heading.length + 5);
      expect(text.startsWith(heading === '' ? '' : `## ${heading}\n\n`)).toBe(true);
    }
  }
});

test('cuts what has no paragraphs, no sentences or no end', () => {
  const long = passagesOf({ text: 'word '.repeat(2000) });
  expect(long.length).toBeGreaterThan(10);
  expect(Math.max(...long.map(({ text }) => text.length))).toBeLessThanOrEqual(900);
  const list = Array.from({ length: 60 }, (_, n) => `- item number ${n} with some words behind it`).join('\n');
  const pieces = passagesOf({ text: `# Things\n\n${list}` });
  expect(pieces.length).toBeGreaterThan(1);
  for (const { text } of pieces)
    expect(
      text
        .split('\n')
        .slice(2)
        .every((line) => line.startsWith('- item')),
    ).toBe(true);
  expect(passagesOf({ text: '# Only a heading\n\n' })).toEqual([]);
  expect(passagesOf({ text: '```\n# not a heading\n```' })).toHaveLength(1);
  expect(passagesOf({ text: '😀'.repeat(1500) }).every(({ text }) => text.isWellFormed())).toBe(true);
});

test('the demo’s articles are many, none is thin, and they agree on the headline prices', () => {
  expect(seedArticles.length).toBeGreaterThanOrEqual(26);
  expect(new Set(seedArticles.map(({ title }) => title)).size).toBe(seedArticles.length);
  for (const { slug, text } of seedArticles) {
    const words = text.split(/\s+/).length;
    expect({ slug, isFit: words >= 80 && words <= 450 }).toEqual({ slug, isFit: true });
  }
  const textOf = (slug: string) => seedArticles.find((article) => article.slug === slug)?.text ?? '';
  const said: [string, string][] = [
    ['prices', '**Single kayak**: half day £28, full day £42'],
    ['prices', '(two seats, price per boat): half day £45, full day £68'],
    ['prices', '**Guided evening trip** (2½ hours): £36'],
    ['tandem-or-single', '£45 for a half day or £68 for a full day'],
    ['tandem-or-single', '£28 for a half day or £42 for a full day'],
    ['evening-trips', '**£36 per person**'],
    ['gift-vouchers', 'evening trip for two at £72'],
  ];
  for (const [slug, phrase] of said) expect(textOf(slug)).toContain(phrase);
});
