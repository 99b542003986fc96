// The widget's own words, in every language it speaks.
import { describe, expect, it } from 'vitest';
import { chooseLocale, directionOf, languages, loadWords } from '../../client/widget/panel/i18n/locale.ts';
import { en, fill } from '../../client/widget/panel/i18n/words.ts';

const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

describe('the words of the widget', () => {
  for (const language of languages)
    it(`says everything in ${language}, with the same places to fill`, async () => {
      const words = await loadWords(language);
      expect(Object.keys(words).sort()).toEqual(Object.keys(en).sort());
      for (const [key, text] of Object.entries(words)) {
        expect(text, key).not.toBe('');
        expect(places(text), key).toEqual(places(en[key as keyof typeof en]));
      }
      if (language !== 'en') expect(words.welcome).not.toBe(en.welcome);
    });

  it('never uses the house words towards visitors', async () => {
    for (const language of languages) {
      const said = Object.values(await loadWords(language)).join(' ');
      expect(said).not.toMatch(/\b(turn|fact|draft|autopilot)s?\b/i);
    }
  });

  it('takes the first wish that it can speak, by language, and English where there is none', () => {
    expect(chooseLocale(['xx', 'de-AT', 'fr'])).toBe('de-AT');
    expect(chooseLocale([undefined, 'nl'])).toBe('en');
    expect(directionOf('ar-EG')).toBe('rtl');
    expect(directionOf('de')).toBe('ltr');
  });

  it('leaves a place that nobody fills as it stands', () => {
    expect(fill('{name} and {other}', { name: 'Maya' })).toBe('Maya and {other}');
  });
});
