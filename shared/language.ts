// The language of what a visitor wrote, of the six that the product speaks, and the few words that chips need in each.

export type Language = 'en' | 'de' | 'fr' | 'es' | 'ar' | 'zh';

const clues: Record<'de' | 'fr' | 'es' | 'en', RegExp> = {
  de: /\b(?:ich|und|der|die|das|ist|sind|nicht|wie|was|wo|wann|kann|kostet|ein|eine|einem|einen|mit|für|bitte|danke|hallo|haben|möchte|mensch|ja|nein|tschüss|guten|tag|morgen|abend|gut|vielen|auf|wiedersehen)\b/giu,
  fr: /\b(?:je|et|le|la|les|des|est|sont|pas|comment|combien|quel|quelle|où|quand|peut|puis|une|avec|pour|merci|bonjour|vous|avez|voudrais|salut|oui|parler|bonsoir|revoir)\b/giu,
  es: /\b(?:yo|y|el|los|las|es|son|cómo|cuánto|cuál|dónde|cuándo|puedo|una|con|para|gracias|hola|tiene|tienen|quiero|hablar|adiós|adios|sí|qué|buenas|buenos)\b/giu,
  en: /\b(?:i|and|the|is|are|not|how|what|where|when|can|cost|a|an|with|for|please|thanks|hello|have|would|want|you|your|do|does|yes|no|person)\b/giu,
};

/** The language of a text, by its script and its small words; English where nothing tells. */
export const languageOf = (text: string): Language => {
  if (/\p{sc=Arabic}/u.test(text)) return 'ar';
  if (/\p{sc=Han}/u.test(text) && !/[\p{sc=Hiragana}\p{sc=Katakana}]/u.test(text)) return 'zh';
  let language: Language = 'en';
  let most = text.match(clues.en)?.length ?? 0;
  for (const other of ['de', 'fr', 'es'] as const) {
    const count = text.match(clues[other])?.length ?? 0;
    if (count > most) {
      language = other;
      most = count;
    }
  }
  return language;
};

/** The language that a browser's own setting names (`pt-BR`, `de`); undefined where it is none of ours. */
export const languageOfLocale = (locale: string): Language | undefined => {
  const code = locale.slice(0, 2).toLowerCase();
  return code in chipWords ? (code as Language) : undefined;
};

/** What chips say. */
export const chipWords: Record<Language, { person: string; tellMore: string; noThanks: string }> = {
  en: { person: 'Talk to a person', tellMore: 'Tell me more', noThanks: 'No thanks' },
  de: { person: 'Mit einem Menschen sprechen', tellMore: 'Mehr erfahren', noThanks: 'Nein danke' },
  fr: { person: 'Parler à une personne', tellMore: 'En savoir plus', noThanks: 'Non merci' },
  es: { person: 'Hablar con una persona', tellMore: 'Quiero saber más', noThanks: 'No, gracias' },
  ar: { person: 'التحدث إلى شخص', tellMore: 'أخبرني المزيد', noThanks: 'لا، شكرًا' },
  zh: { person: '联系人工', tellMore: '了解更多', noThanks: '不用了' },
};
