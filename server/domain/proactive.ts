// Whether a widget speaks first, and why. Pure: rules of the widget, what the visitor did, what was offered before.
import type { ConversationState } from '../../shared/conversation.ts';
import { isMet } from '../../shared/engagement.ts';
import type { Watched } from '../../shared/engagement.ts';
import type { ProactiveTrigger, ProactiveTriggerType, PublicTrigger, WidgetProactive } from '../../shared/widget.ts';

/** Offers to one session within 24 h. */
export const offersPerDay = 6;
const day = 86_400_000;
/** An offer that was told by `track` may be fetched with its actions for this long. */
const fetchableMs = 5 * 60_000;

/** One that was made. */
export interface PastOffer {
  type: string;
  /** ms since 1970. */
  at: number;
  /** It was given with its message id; before that it was only announced. */
  isTaken?: boolean;
}

export interface Circumstances {
  rules: WidgetProactive;
  offers: readonly PastOffer[];
  /** Undefined before the first word. */
  conversation: ConversationState | undefined;
  now: number;
}

/** Why nothing is offered. */
export type Quiet = 'off' | 'cooling' | 'budget' | 'person' | 'closed' | 'talking' | 'repeated' | 'unmet' | 'unknown';

export type Offering = { trigger: ProactiveTrigger } | { quiet: Quiet };

/** Why nothing at all may be offered now, whichever rule; undefined where one may. */
const quietNow = ({ rules, offers, conversation, now }: Circumstances): Quiet | undefined => {
  if (!rules.isEnabled || rules.triggers.length === 0) return 'off';
  if (conversation !== undefined) {
    const { status, control, reply, unanswered, csat } = conversation;
    if (status === 'closed' || (csat.requested && csat.rating === null)) return 'closed';
    if (control.agentId !== null || control.waiting !== null) return 'person';
    // An answer is on its way: that is what the visitor waits for.
    if (reply !== null || unanswered !== null) return 'talking';
  }
  const today = offers.filter(({ at }) => now - at < day);
  if (today.length >= offersPerDay) return 'budget';
  if (offers.some(({ at }) => now - at < rules.cooldownSeconds * 1000)) return 'cooling';
  return undefined;
};

/** The first rule of the widget whose condition holds and whose type this session has not met yet. */
export const triggerToFire = (circumstances: Circumstances, watched: Watched): Offering => {
  const quiet = quietNow(circumstances);
  if (quiet !== undefined) return { quiet };
  const { rules, offers } = circumstances;
  const met = rules.triggers.filter((trigger) => isMet(trigger, watched));
  const trigger = met.find(({ type }) => !offers.some((offer) => offer.type === type));
  if (trigger === undefined) return { quiet: met.length > 0 ? 'repeated' : 'unmet' };
  return { trigger };
};

/** A rule without its words, which are the server's to say when it comes to it. */
export const publicTrigger = (trigger: ProactiveTrigger): PublicTrigger =>
  Object.fromEntries(Object.entries(trigger).filter(([name]) => name !== 'message')) as PublicTrigger;

const isType = (type: string, trigger: ProactiveTrigger): boolean => trigger.type === type;

/**
 * What a page that names the trigger itself gets: an offer that `track` announced a moment ago is its own; otherwise the
 * widget must have a rule of this type, and every limit holds. The rule's condition is the page's to judge here: it may
 * see what it never reported.
 */
export const triggerNamed = (circumstances: Circumstances, type: string): Offering => {
  const { rules, offers, now } = circumstances;
  const trigger = rules.triggers.find((rule) => isType(type, rule));
  const announced = offers.findLast((offer) => offer.type === type);
  if (announced !== undefined) {
    const isOpen = announced.isTaken !== true && now - announced.at < fetchableMs;
    if (!isOpen || trigger === undefined || !rules.isEnabled) return { quiet: 'repeated' };
    const later = quietNow({ ...circumstances, offers: [] });
    return later === undefined ? { trigger } : { quiet: later };
  }
  const quiet = quietNow(circumstances);
  if (quiet !== undefined) return { quiet };
  return trigger === undefined ? { quiet: 'unknown' } : { trigger };
};

/** What is said where nobody worded it: the trigger decides, the language is the visitor's. */
export const offerSentences: Record<ProactiveTriggerType, Record<'en' | 'de' | 'fr' | 'es' | 'ar' | 'zh', string>> = {
  time_on_page: {
    en: 'Can I help you find something?',
    de: 'Kann ich Ihnen helfen, etwas zu finden?',
    fr: 'Puis-je vous aider à trouver quelque chose ?',
    es: '¿Puedo ayudarle a encontrar algo?',
    ar: 'هل يمكنني مساعدتك في العثور على شيء؟',
    zh: '需要我帮您找些什么吗？',
  },
  scroll_depth: {
    en: 'You have read quite a bit. Is there a question I can answer?',
    de: 'Sie haben schon einiges gelesen. Kann ich eine Frage beantworten?',
    fr: 'Vous avez déjà bien parcouru la page. Puis-je répondre à une question ?',
    es: 'Ya ha leído bastante. ¿Hay alguna pregunta que pueda responder?',
    ar: 'لقد قرأت الكثير. هل من سؤال يمكنني الإجابة عنه؟',
    zh: '您已经看了不少内容，有什么问题我可以解答吗？',
  },
  high_engagement: {
    en: 'I see you’re having a good look around. Can I explain anything?',
    de: 'Sie sehen sich hier gründlich um. Kann ich etwas erklären?',
    fr: 'Je vois que vous explorez le site. Puis-je vous expliquer quelque chose ?',
    es: 'Veo que está mirando con detalle. ¿Puedo explicarle algo?',
    ar: 'أرى أنك تتصفح باهتمام. هل أشرح لك شيئًا؟',
    zh: '看到您在仔细浏览，需要我为您解释些什么吗？',
  },
  exit_intent: {
    en: 'Before you go: is there anything I can answer?',
    de: 'Bevor Sie gehen: Kann ich noch etwas beantworten?',
    fr: 'Avant de partir : puis-je répondre à une question ?',
    es: 'Antes de irse: ¿puedo responder a alguna pregunta?',
    ar: 'قبل أن تغادر: هل من سؤال يمكنني الإجابة عنه؟',
    zh: '离开之前，还有什么我可以解答的吗？',
  },
  return_visit: {
    en: 'Welcome back! Is there something I can help you decide?',
    de: 'Willkommen zurück! Kann ich Ihnen bei einer Entscheidung helfen?',
    fr: 'Content de vous revoir ! Puis-je vous aider à vous décider ?',
    es: '¡Qué bueno verle de nuevo! ¿Puedo ayudarle a decidirse?',
    ar: 'أهلًا بعودتك! هل يمكنني مساعدتك في اتخاذ قرار؟',
    zh: '欢迎回来！有什么我可以帮您参考的吗？',
  },
  page: {
    en: 'Do you have a question about this page?',
    de: 'Haben Sie eine Frage zu dieser Seite?',
    fr: 'Avez-vous une question sur cette page ?',
    es: '¿Tiene alguna pregunta sobre esta página?',
    ar: 'هل لديك سؤال حول هذه الصفحة؟',
    zh: '您对这个页面有什么疑问吗？',
  },
};
