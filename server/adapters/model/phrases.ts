// What the built-in answerer says of itself, in the languages it can tell apart. It never claims to be a person.

import type { Language } from '../../../shared/language.ts';

export interface Phrases {
  greet: (name: string) => string;
  thanks: string;
  bye: string;
  acknowledge: string;
  bot: (name: string) => string;
  /** Follows `bot` where a person could join. */
  botHandOff: string;
  /** A person was asked for and could join. */
  handOff: string;
  /** A person was asked for and none can join. */
  nobody: string;
  unknown: string;
  /** Follows `unknown` where a person could join: the question that a "yes" answers. */
  offer: string;
  /** Follows `unknown` where none can. */
  rephrase: string;
  declined: string;
  /** Somebody asks for help without saying with what. */
  help: string;
}

export const phrases: Record<Language, Phrases> = {
  en: {
    greet: (name) => `Hello! I’m ${name}, an automated assistant. What would you like to know?`,
    thanks: 'You’re welcome! Is there anything else you’d like to know?',
    bye: 'Goodbye, and thanks for stopping by. I’m here whenever you have another question.',
    acknowledge: 'Glad to hear it. What else would you like to know?',
    bot: (name) =>
      `Yes: I’m ${name}, a computer program, not a person. I look for your answer in the articles of this site, and tell you when I can’t find one.`,
    botHandOff: 'If you’d rather talk to a person, just say so.',
    handOff: 'Of course. I’m asking a person to join; they will see everything you’ve written here.',
    nobody:
      'I can’t bring a person in at the moment. Leave your question here all the same, and I’ll answer what I can.',
    unknown: 'I don’t know that: I couldn’t find it in what I have been given to read, and I’d rather not guess.',
    offer: 'Shall I ask a person to help you?',
    rephrase: 'If you put it in other words, I’ll look again.',
    declined: 'All right. What else would you like to know?',
    help: 'Of course. Ask me in your own words; I look for the answer in the articles of this site.',
  },
  de: {
    greet: (name) => `Hallo! Ich bin ${name}, ein automatischer Assistent. Was möchten Sie wissen?`,
    thanks: 'Gern geschehen! Möchten Sie noch etwas wissen?',
    bye: 'Auf Wiedersehen und danke für Ihren Besuch. Für weitere Fragen bin ich da.',
    acknowledge: 'Das freut mich. Was möchten Sie noch wissen?',
    bot: (name) =>
      `Ja, ich bin ${name}, ein Computerprogramm und kein Mensch. Ich suche Ihre Antwort in den Artikeln dieser Website und sage es, wenn ich keine finde.`,
    botHandOff: 'Wenn Sie lieber mit einem Menschen sprechen möchten, sagen Sie es einfach.',
    handOff: 'Natürlich. Ich bitte einen Menschen dazu; er sieht alles, was Sie hier geschrieben haben.',
    nobody:
      'Im Moment kann ich keinen Menschen dazuholen. Schreiben Sie Ihre Frage trotzdem, ich beantworte, was ich kann.',
    unknown: 'Das weiß ich nicht: In dem, was mir vorliegt, steht es nicht, und raten möchte ich nicht.',
    offer: 'Soll ich einen Menschen um Hilfe bitten?',
    rephrase: 'Wenn Sie es anders formulieren, suche ich noch einmal.',
    declined: 'In Ordnung. Was möchten Sie noch wissen?',
    help: 'Gern. Fragen Sie in Ihren eigenen Worten, ich suche die Antwort in den Artikeln dieser Website.',
  },
  fr: {
    greet: (name) => `Bonjour ! Je suis ${name}, un assistant automatique. Que souhaitez-vous savoir ?`,
    thanks: 'Avec plaisir ! Souhaitez-vous savoir autre chose ?',
    bye: 'Au revoir et merci de votre visite. Je reste là pour vos prochaines questions.',
    acknowledge: 'Tant mieux. Que souhaitez-vous savoir d’autre ?',
    bot: (name) =>
      `Oui, je suis ${name}, un programme informatique et non une personne. Je cherche votre réponse dans les articles de ce site et je vous dis quand je n’en trouve pas.`,
    botHandOff: 'Si vous préférez parler à une personne, dites-le simplement.',
    handOff: 'Bien sûr. Je demande à une personne de nous rejoindre ; elle verra tout ce que vous avez écrit ici.',
    nobody:
      'Je ne peux joindre personne pour le moment. Posez tout de même votre question, je réponds à ce que je peux.',
    unknown: 'Je ne sais pas : je ne l’ai pas trouvé dans ce que l’on m’a donné à lire, et je préfère ne pas deviner.',
    offer: 'Voulez-vous que je demande à une personne de vous aider ?',
    rephrase: 'Si vous le dites autrement, je chercherai encore.',
    declined: 'Très bien. Que souhaitez-vous savoir d’autre ?',
    help: 'Bien sûr. Posez votre question avec vos mots, je cherche la réponse dans les articles de ce site.',
  },
  es: {
    greet: (name) => `¡Hola! Soy ${name}, un asistente automático. ¿Qué le gustaría saber?`,
    thanks: '¡De nada! ¿Le gustaría saber algo más?',
    bye: 'Adiós y gracias por su visita. Aquí estoy para cualquier otra pregunta.',
    acknowledge: 'Me alegro. ¿Qué más le gustaría saber?',
    bot: (name) =>
      `Sí, soy ${name}, un programa informático y no una persona. Busco su respuesta en los artículos de este sitio y le digo cuando no la encuentro.`,
    botHandOff: 'Si prefiere hablar con una persona, solo tiene que decirlo.',
    handOff: 'Por supuesto. Voy a pedir a una persona que se una; verá todo lo que ha escrito aquí.',
    nobody: 'Ahora mismo no puedo avisar a una persona. Deje su pregunta de todos modos y responderé lo que pueda.',
    unknown: 'No lo sé: no lo encuentro en lo que me han dado para leer y prefiero no adivinar.',
    offer: '¿Quiere que pida a una persona que le ayude?',
    rephrase: 'Si lo dice con otras palabras, volveré a buscar.',
    declined: 'De acuerdo. ¿Qué más le gustaría saber?',
    help: 'Claro. Pregunte con sus palabras y buscaré la respuesta en los artículos de este sitio.',
  },
  ar: {
    greet: (name) => `مرحبًا! أنا ${name}، مساعد آلي. ماذا تود أن تعرف؟`,
    thanks: 'على الرحب والسعة! هل تود معرفة شيء آخر؟',
    bye: 'مع السلامة وشكرًا لزيارتك. أنا هنا متى كان لديك سؤال آخر.',
    acknowledge: 'يسعدني ذلك. ماذا تود أن تعرف أيضًا؟',
    bot: (name) =>
      `نعم، أنا ${name}، برنامج حاسوبي ولست إنسانًا. أبحث عن الإجابة في مقالات هذا الموقع وأخبرك حين لا أجدها.`,
    botHandOff: 'إن كنت تفضل التحدث إلى شخص فقل ذلك فحسب.',
    handOff: 'بالطبع. سأطلب من شخص الانضمام، وسيرى كل ما كتبته هنا.',
    nobody: 'لا يمكنني استدعاء شخص الآن. اكتب سؤالك على أي حال وسأجيب بما أستطيع.',
    unknown: 'لا أعرف ذلك: لم أجده فيما لديّ من معلومات، ولا أريد أن أخمّن.',
    offer: 'هل أطلب من شخص أن يساعدك؟',
    rephrase: 'إن سألت بكلمات أخرى فسأبحث مرة ثانية.',
    declined: 'حسنًا. ماذا تود أن تعرف أيضًا؟',
    help: 'بالطبع. اسأل بكلماتك وسأبحث عن الإجابة في مقالات هذا الموقع.',
  },
  zh: {
    greet: (name) => `您好！我是${name}，一个自动助手。您想了解什么？`,
    thanks: '不客气！还有什么想了解的吗？',
    bye: '再见，感谢您的光临。有问题随时找我。',
    acknowledge: '很高兴听到这个。您还想了解什么？',
    bot: (name) => `是的，我是${name}，是计算机程序，不是真人。我会在本站的文章中查找答案，找不到时会如实告诉您。`,
    botHandOff: '如果您想和真人交谈，直接告诉我就好。',
    handOff: '好的。我这就请一位工作人员加入，他们能看到您在这里写的全部内容。',
    nobody: '目前我无法请工作人员加入。您仍可以留下问题，我会尽力回答。',
    unknown: '这个我不知道：我手头的资料里没有找到，也不想随意猜测。',
    offer: '需要我请一位工作人员来帮您吗？',
    rephrase: '换一种说法，我再查一次。',
    declined: '好的。您还想了解什么？',
    help: '当然。请直接提问，我会在本站的文章中查找答案。',
  },
};

/** Whether a text of the assistant ended by offering a person. */
export const offersPerson = (text: string): boolean =>
  Object.values(phrases).some(({ offer }) => text.trimEnd().endsWith(offer)) ||
  /\b(?:person|human|someone|colleague|agent|team)\b[^.!?]*\?\s*$/iu.test(text);
