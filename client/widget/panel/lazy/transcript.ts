// The conversation as a text file, made in the browser.
import { make } from '../../../page.ts';
import type { VisibleFact } from '../../../../shared/facts.ts';
import type { PanelModel } from '../model.ts';

/** One paragraph a message: time, who, text. Pure. */
export const transcriptOf = (
  facts: readonly VisibleFact[],
  names: { you: string; ai: string; team: string },
  locale: string,
): string => {
  const time = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium' });
  return facts
    .filter((fact) => fact.type === 'message.created')
    .map(({ at, author, text }) => {
      const who =
        author.kind === 'visitor'
          ? names.you
          : author.kind === 'ai'
            ? `${author.name || names.ai} (${names.ai})`
            : author.name || names.team;
      return `[${time.format(at)}] ${who}:\n${text}\n`;
    })
    .join('\n');
};

/** Loads what is not loaded yet, then hands the browser a file. */
export const downloadTranscript = async (model: PanelModel): Promise<void> => {
  for (let before = -1; model.snapshot.value?.hasEarlier && model.facts.value.length !== before;) {
    before = model.facts.value.length;
    await model.client.loadEarlier();
  }
  const { you, ai, team } = model.words.value;
  const text = transcriptOf(model.facts.value, { you, ai, team }, model.locale.value);
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  const link = make('a');
  link.href = url;
  link.download = 'conversation.txt';
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
};
