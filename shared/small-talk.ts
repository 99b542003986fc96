// What a visitor's words want beside an answer: a greeting back, thanks, a person. Six languages, no model.

export type SmallTalk = 'greet' | 'thanks' | 'bye' | 'acknowledge' | 'bot' | 'person' | 'yes' | 'no' | 'question';

/**
 * Longer messages are no mere small talk. It also bounds the patterns below, which try every way to cut a message into their
 * words: "please please please…" has as many as would keep a server busy for years.
 */
const longestTalk = 80;

/** A whole message that is nothing but this, give or take politeness and punctuation. */
const whole = (words: string): RegExp =>
  new RegExp(
    `^(?:${words})(?:[\\s,.!…]+(?:${words}|there|again|everyone|all|so|very|much|you|a lot|please|then|for now))*[\\s.!?…,:)🙂👋🙏]*$`,
    'iu',
  );

const greet = whole(
  'hi+|hello+|hey+|hiya|yo|howdy|good (?:morning|afternoon|evening|day)|greetings|how are you(?: doing)?|hallo|guten (?:tag|morgen|abend)|moin|servus|bonjour|bonsoir|salut|hola|buenas?(?: (?:días|dias|tardes|noches))?|buenos (?:días|dias)|ciao|你好|您好|嗨|مرحبا|مرحبًا|اهلا|أهلا|السلام عليكم',
);
const thanks = whole(
  "thanks?|thank (?:you|u)|thx|ty|cheers|much appreciated|danke(?: (?:schön|sehr))?|vielen dank|merci(?: beaucoup)?|(?:muchas )?gracias|谢谢|多谢|شكرا|شكرًا|that(?:[’']s| is) (?:great|perfect|helpful|all)|(?:great|perfect|ok|okay|lovely|brilliant)[,.!]? thank(?:s| you)",
);
const bye = whole(
  'bye+|bye bye|goodbye|good night|see (?:you|ya)(?: (?:later|soon|there))?|later|cya|take care|have a (?:nice|good|great) (?:day|evening|one|weekend)|tschüss|auf wiedersehen|au revoir|adiós|adios|hasta luego|再见|拜拜|مع السلامة|وداعا',
);
const acknowledge = whole(
  "ok|okay|k|great|cool|perfect|nice|good|lovely|brilliant|awesome|super|got it|i see|understood|alright|all right|fine|wow|ha(?:ha)+|lol|gut|prima|d[’']accord|vale|好|好的|حسنا",
);
const yes = whole(
  "yes|yeah|yep|yup|sure|ok|okay|please|please do|go ahead|do it|do that|of course|definitely|absolutely|alright|all right|that would be (?:great|good|nice|lovely)|i would|i[’']d like that|yes i would|ja|gerne|bitte|oui|volontiers|sí|si|claro|por favor|vale|是|是的|好|好的|可以|需要|要|نعم|أجل|من فضلك|حسنا|ايوه",
);
const no = whole(
  'no|nope|nah|not now|no need|no thank(?:s| you)|nein(?: danke)?|non(?: merci)?|no gracias|不|不用|不需要|لا|لا شكرا',
);

const bot =
  /\b(?:are|r) (?:you|u) (?:(?:a|an|really|just|actually|even) )*(?:bot|robot|human|person|machine|computer|program|real|ai|a\.i\.|automated|chatbot|someone)\b|\b(?:am i|is this|i[’']m) (?:(?:talking|speaking|chatting|writing) (?:to|with) )?(?:(?:a|an|really|just) )*(?:bot|robot|human|machine|computer|ai|chatbot|real person)\b|\b(?:who|what) are you\b|bist du (?:ein )?(?:bot|mensch|roboter)|sind sie (?:ein )?(?:bot|mensch|roboter)|(?:êtes[- ]vous|es[- ]tu|tu es|vous êtes) (?:un |une )?(?:robot|bot|humain|machine|vraie personne)|(?:eres|es usted) (?:un |una )?(?:robot|bot|humano|persona|máquina)|你是(?:机器人|真人|人工|AI)|هل (?:أنت|انت) (?:روبوت|إنسان|انسان|برنامج|شخص)/iu;

const someone =
  '(?:human(?: being)?|(?:real |actual |live )?person|real human|someone(?: real| else)?|somebody(?: real)?|(?:live |human |support |service |sales )?agent|advisor|adviser|representative|rep|operator|(?:member of (?:the )?)?staff|(?:your |the )?team|(?:your |a )?colleague|(?:your |the |a )?manager|supervisor|customer (?:service|support|care)|support)';
const wantsPerson = new RegExp(
  [
    `\\b(?:talk|speak|chat|write|connect|transfer|put me through|pass me|hand me|hand over|escalate|switch|forward)\\b[^.!?]{0,30}?\\b(?:to|with|over to)\\b (?:(?:a|an|the|some|your|one of your|another) )*${someone}\\b`,
    `\\b(?:get|give|find|need|want|bring|send|call|like|have)\\b (?:me |us |in |for )*(?:(?:a|an|the|to have) )*(?:human|real person|live person|actual person|person|live agent|human agent|agent|operator|representative|manager|supervisor)\\b(?!\\s+(?:booking|price|trip))`,
    `^\\W*(?:(?:a|an|the) )?(?:human|agent|operator|representative|real person|live agent|human agent|live chat|person|staff|customer (?:service|support)|talk to (?:a |an )?(?:person|human|agent|someone))(?: please| now)*\\W*$`,
    '(?:mit|zu) (?:einem|einer|einen|jemandem) ?(?:echten |richtigen )?(?:mensch(?:en)?|mitarbeiter(?:in)?|person|berater(?:in)?|kollegen)?\\s*(?:sprechen|reden|verbinden|chatten)',
    "parler (?:à|avec|a) (?:un |une |quelqu[’']un|des |votre )?(?:vraie |vrai )?(?:humain|personne|conseiller|conseillère|agent|opérateur|équipe|quelqu[’']un)?",
    'hablar con (?:un |una |alguien|su )?(?:persona|humano|agente|operador|asesor|representante|equipo)?',
    'parlare con (?:una |un )?(?:persona|operatore|umano)',
    'falar com (?:uma |um )?(?:pessoa|atendente|humano)',
    '转人工|人工(?:客服|服务)|真人|找(?:个)?人|联系人工|客服人员|轉人工|真人客服',
    '(?:التحدث|اتحدث|أتحدث|اتكلم|أتكلم|التكلم|احكي|أريد التحدث)\\s*(?:إلى|الى|مع)\\s*(?:شخص|إنسان|انسان|موظف|ممثل|احد|أحد|وكيل)',
  ].join('|'),
  'iu',
);
const refusesPerson =
  /\b(?:don[’']?t|do not|not|no need to|rather not|without|never)\b[^.!?]{0,25}\b(?:talk|speak|want|need|human|person|agent)\b/iu;

/** `offered`: whether the assistant's last turn ended by offering a person. */
export const smallTalkOf = (text: string, offered: boolean): SmallTalk => {
  const words = text.replaceAll(/\s+/g, ' ').trim().slice(0, 500);
  if (bot.test(words)) return 'bot';
  if (wantsPerson.test(words)) return refusesPerson.test(words) ? 'no' : 'person';
  if (words.length > longestTalk) return 'question';
  if (offered && yes.test(words)) return 'yes';
  if (no.test(words)) return 'no';
  if (greet.test(words)) return 'greet';
  if (thanks.test(words)) return 'thanks';
  if (bye.test(words)) return 'bye';
  if (acknowledge.test(words) || yes.test(words)) return 'acknowledge';
  return 'question';
};

/** Whether all there is to know is asked for, rather than one fact. */
export const wantsEverything = (text: string): boolean =>
  /\b(?:everything|all about|all (?:there is|the details|you know)|in (?:full )?detail|full details?|details? (?:of|on|about)|tell me (?:more|about|all|everything)|more about|overview|explain|describe|complete guide|step by step|walk me through|alles|tout sur|todo sobre)\b|详细|所有|全部|كل شيء|بالتفصيل/iu.test(
    text,
  );

/** Whether nothing in particular is asked for. */
export const asksForHelp = (text: string): boolean =>
  /^\W*(?:(?:can|could|would) (?:you|u|someone|anyone) (?:please )?help(?: me)?|(?:i need |please )?(?:some )?help(?: me)?|what (?:can|do) you (?:do|offer|know)|what (?:can|should) i ask(?: you)?|(?:i have|i[’']ve got) (?:a|some|another) questions?|hilfe|(?:können sie|kannst du) mir helfen|aide|(?:pouvez-vous|peux-tu) m[’']aider|ayuda|(?:puede|puedes) ayudarme|帮助|帮帮我|你能做什么|مساعدة|ساعدني)(?: please)?\W*$/iu.test(
    text.trim().slice(0, 200),
  );
