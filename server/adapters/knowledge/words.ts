// Text as searchable terms, in every script: what is folded, dropped and shortened, the same for articles and questions.

/** Scripts that are written without spaces: their words are found by a dictionary. */
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
const wordRun = /[\p{L}\p{N}\p{M}]+(?:['’][\p{L}]+)?/gu;
const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** Words that say nothing about what is asked. Folded as `foldWord` folds. */
const stopWords = new Set(
  `a about all also am an and another any anybody anyone anything are as at be because been but by can cannot could
  did do does doing done else ever every everything for from get gets give got had has have having he hello hey hi how
  however i if in into is it its itself just kindly know let like ll lot lots make many may me might mine more most
  much must my need no not now of off ok on only or other our out over per please re really same say see she should
  so some somebody someone something such tell than thank thanks that the their them then there these they thing things
  this those to too under until up us ve very want was we were what when where whether which while who whom whose why
  will with within without would yes you your
  able along issue matter problem suitable appropriate recommended required necessary available difficult hard easy
  enough new real join joining visit visiting find buy buying purchase order show whats hows wheres whens thats heres sell sells selling run runs running actually already always anyway around away back before bit come coming comes fancy far fine go going goes good great
  guess guys happen happens hear help hope hoping idea interested keen later least like little long look looking love
  maybe mean mind moment near next nice ok okay part plan planning please possible pretty probably quick quite rather
  right simply somewhere soon sort sorry still stuff sure take takes taking talk think thinking thought today together
  tomorrow try trying understand use used uses using usually wanna want wants way week whole wife husband friend friends girlfriend
  boyfriend partner son daughter mum mom dad mother father wonder wondering work works yet question explain detail details offer
  number provide allowed allow example people person someone else instead question questions answer happens much
  ab aber als am an auch auf aus bei bin bis bitte da das dass dein dem den der des die dies diese doch du ein eine einem
  einen einer er es euch euer eure fur gibt hallo hat hatte haben ich ihr ihre im in ist ja kann kein keine konnen kostet
  man mein mich mir mit muss nach nein nicht noch nur oder ohne schon sein sich sie sind so uber um und uns unser viel
  vom von vor was wann warum welche wenn wer wie wieviel will wir wird wo zu zum zur
  au aux avec bonjour ce ces cet cette combien comment dans de des du elle en est et etre faire il ils je la le les leur
  lui ma mais me mes moi mon ne nos notre nous on ou par pas plus pour puis quand que quel quelle quelles quels quest qui
  quoi sa se ses si son sont sur ta te tes toi ton tu un une vos votre vous y
  al algo como con cual cuando cuanto cuesta de del donde el ella ellos en es esta este esto hay hola la las lo los mas
  me mi mis muy ni nos o para pero por porque puedo que quien se ser si sin sobre son soy su sus te tiene tu un una
  uno usted y ya yo
  的 了 吗 呢 吧 啊 是 我 你 您 他 她 它 们 我们 你们 他们 在 有 和 与 或 也 都 就 不 没 没有 这 那 这个 那个 什么 怎么 怎样
  如何 多少 几 哪 哪里 哪儿 为什么 可以 能 能够 会 要 想 请 请问 一个 一下 个 把 被 对 从 到 给 让 得 地 很 还 吗 嗎 嘛
  は が を に で と も の へ か です ます ですか ますか こと これ それ あれ 何 どこ いつ
  ما ماذا هل في من على الى عن مع هو هي هم انا انت نحن كم كيف متي اين لماذا هذا هذه ذلك تلك ان او و يا لا نعم لي لكم لدي
  عندي عندكم لديكم يمكن يمكنني اريد كان كانت التي الذي قد كل شيء`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

/** Words that ask for the same thing, so that "kids" finds "children". Each line is one meaning. */
const meanings = [
  'price cost fee charge rate expensive cheap tariff pay',
  'child kid toddler',
  'hire rent rental',
  'cancel refund',
  'contact phone telephone call email mail reach',
  'open hour close',
  'bring wear pack',
  'parking park car',
  'dog pet puppy',
  'lesson course teach class',
  'voucher gift',
  'disabled accessible accessibility wheelchair',
  'reserve book reservation',
  'sup paddleboard paddleboarding',
  'location located address directions route',
  'different difference compare comparison versus',
  'drop lose lost disconnect offline',
  'install setup start',
  'weather rain storm',
  'age old',
  'gdpr privacy',
  'overnight multiday',
];

const isLatin = /^[\p{sc=Latin}\p{M}]+$/u;
const isArabic = /\p{sc=Arabic}/u;

const foldArabic = (word: string): string => {
  const folded = word
    .replaceAll(/[\u064B-\u065F\u0670\u0640]/g, '')
    .replaceAll(/[أإآٱ]/g, 'ا')
    .replaceAll('ى', 'ي')
    .replaceAll('ة', 'ه');
  const bare = folded.replace(/^(?:وال|بال|كال|فال|لل|ال)(?=.{2})/u, '');
  return bare.length > 4 ? bare.replace(/(?:ها|هم|كم|نا|ات|ون|ين|ه)$/u, '') : bare;
};

/** English endings off, so that booking, booked and bookings are one term. Rough on purpose: both sides are cut alike. */
const stem = (word: string): string => {
  if (word.length < 4 || /\d/.test(word)) return word;
  let base = word
    .replace(/ies$/, 'y')
    .replace(/(?<=(?:ss|sh|ch|x|z))es$/, '')
    .replace(/(?<![su'])s$/, '');
  if (base.length > 5) base = base.replace(/(?:ations?|ments?|ing|ed|er|ly)$/, '');
  else if (base.length > 4) base = base.replace(/(?:ing|ed)$/, '');
  return base.replace(/([bdgklmnprt])\1$/, '$1').replace(/(?<=.{4})y$|(?<=.{3})e$/, '');
};

const foldWord = (word: string): string => {
  const lower = word.normalize('NFKC').toLowerCase();
  if (isArabic.test(lower)) return foldArabic(lower);
  return lower
    .replace(/['’](?:s|re|ll|ve|d|m|t)$/, '')
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .normalize('NFC');
};

/** Amounts and clock times answer questions that name neither: each stands as a word beside itself. */
const withKinds = (text: string): string =>
  text
    .replaceAll(/\bmulti[- ]day/gi, 'multiday')
    .replaceAll(/[£$€¥]\s?(?=\d)|(?<=\d)\s?(?:€|元|円|USD|EUR|GBP)/g, ' price ')
    .replaceAll(/\b\d{1,2}[:.]\d{2}\b(?!\s*(?:m|km|%))/g, '$& time ');

/** How questions ask for a price, a time or an age without naming it. */
const askedKinds: readonly [RegExp, string][] = [
  [
    /\bhow much\b|\bwie ?viel\b|\bkostet\b|\bcombien\b|\bcu[aá]nto (?:cuesta|vale|es)\b|多少钱|كم (?:سعر|ثمن|تكلفة)/iu,
    'price',
  ],
  [
    /\b(?:what|which) time\b|\bwhen (?:do|does|is|are) \b|\bum wie viel uhr\b|\bquelle heure\b|\bqu[eé] hora\b|几点/iu,
    'time',
  ],
  [/\bwhere (?:are|r) (?:you|u)\b(?! from)|\bwo (?:seid ihr|sind sie)\b|\boù êtes-vous\b/iu, 'address'],
  [/\bhow (?:old|young)\b|\b\d+[- ]years?[- ]olds?\b/iu, 'age'],
];

/** The words of a text, as written, but for what `withKinds` adds. */
export const splitWords = (text: string): string[] => {
  const words: string[] = [];
  for (const [run] of withKinds(text).matchAll(wordRun)) {
    if (!unspaced.test(run)) words.push(run);
    else for (const part of segmenter.segment(run)) if (part.isWordLike === true) words.push(part.segment);
  }
  return words;
};

const numerals = new Map(
  ['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'].map((word, at) => [
    word,
    String(at + 2),
  ]),
);

/** A word as its term; null where it says nothing. */
export const toTerm = (word: string): string | null => {
  const folded = foldWord(word);
  if (folded === '' || folded.length > 60 || stopWords.has(folded)) return null;
  if (folded.length === 1 && !unspaced.test(folded) && !/\d/.test(folded)) return null;
  return isLatin.test(folded) ? (numerals.get(folded) ?? stem(folded)) : folded;
};

/** The terms of a text, each once, in their order. */
export const termsOf = (text: string): string[] => [...new Set(splitWords(text).flatMap((word) => toTerm(word) ?? []))];

const synonyms = new Map<string, string[]>();
for (const line of meanings) {
  const terms = [...new Set(line.split(' ').map((word) => stem(word)))];
  for (const term of terms)
    synonyms.set(
      term,
      terms.filter((other) => other !== term),
    );
}

/** Other terms that mean the same. */
export const synonymsOf = (term: string): readonly string[] => synonyms.get(term) ?? [];

/** The terms that a question asks for, those included that it only implies; of terms that mean the same, the first. */
export const questionTerms = (question: string): string[] => {
  const implied = askedKinds.flatMap(([asks, word]) => (asks.test(question) ? [word] : []));
  const terms = termsOf(`${question} ${implied.join(' ')}`);
  return terms.filter((term, at) => !synonymsOf(term).some((other) => terms.slice(0, at).includes(other)));
};
