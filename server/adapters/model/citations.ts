// Which of the passages that a model was given its answer plausibly rests on: models are not asked to cite, they forget.
import type { Source } from '../../../shared/facts.ts';
import type { Passage } from '../../ports/model.ts';

const most = 3;
/** The share of an answer's telling words that a passage must hold: more for one that search did not rank first. */
const needed = { first: 0.2, other: 0.35 } as const;

const run = /[\p{L}\p{N}]+/gu;
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u;

/** Words that tell texts apart: long ones by their beginning, numbers, pairs of characters where words have no spaces. */
const tellingOf = (text: string): Set<string> => {
  const telling = new Set<string>();
  for (const [word] of text.normalize('NFKC').toLowerCase().matchAll(run)) {
    if (unspaced.test(word)) for (let at = 0; at + 1 < word.length; at++) telling.add(word.slice(at, at + 2));
    else if (/\d/.test(word) || word.length >= 5) telling.add(word.slice(0, 6));
  }
  return telling;
};

const sharedOf = (a: ReadonlySet<string>, b: ReadonlySet<string>): string[] => [...a].filter((word) => b.has(word));

/** Sources of an answer, at most three articles, the likeliest first; none where nothing of the passages is in it. */
export const citationsOf = (answer: string, passages: readonly Passage[]): Source[] => {
  const said = tellingOf(answer);
  if (said.size === 0) return [];
  const lower = answer.toLowerCase();
  const cited = passages.map((passage, rank) => {
    const shared = sharedOf(said, tellingOf(passage.text));
    const share = shared.length / said.size;
    // An answer in another language still shares the article's numbers.
    const hasNumber = rank === 0 && shared.some((word) => /\d{2}/.test(word));
    const isNamed = passage.title.length >= 5 && lower.includes(passage.title.toLowerCase());
    const rests = shared.length >= 2 && share >= (rank === 0 ? needed.first : needed.other);
    return { passage, weight: rests || isNamed || hasNumber ? share + (isNamed ? 1 : 0) : -1 };
  });
  const sources = new Map<string, Source>();
  for (const { passage, weight } of cited.toSorted((a, b) => b.weight - a.weight)) {
    if (weight < 0 || sources.size === most || sources.has(passage.articleId)) continue;
    const { articleId, title, url } = passage;
    sources.set(articleId, url === undefined ? { title } : { title, url });
  }
  return [...sources.values()];
};
