// The canonical model as contract 003 shows it.
import type { z } from 'zod';
import type { Control } from '../../../../../shared/conversation.ts';
import type { Action, FactOf } from '../../../../../shared/facts.ts';
import { languageOf } from '../../../../../shared/language.ts';
import type { Language } from '../../../../../shared/language.ts';
import type { Widget } from '../../../../../shared/widget.ts';
import { classifyIntent } from '../../../../domain/intent.ts';
import { publicTrigger } from '../../../../domain/proactive.ts';
import { suggestedActions } from '../../../../domain/suggested-actions.ts';
import type { LinkRules } from '../../../../domain/suggested-actions.ts';
import { handledBy, waitingWords } from '../../../../domain/turn.ts';
import { readLeadScore } from '../../../../usecases/lead-scores.ts';
import { publicWidgetOf } from '../../../../usecases/public-widget.ts';
import type { Turn } from '../../../../usecases/turn.ts';
import type { HttpDeps } from '../../deps.ts';
import type { Visiting } from './admission.ts';
import type { configBody, messageBody } from './schema.ts';

/** `2026-01-28T10:00:00Z`. */
export const stampOf = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');

export const presentConfig = async (deps: HttpDeps, widget: Widget): Promise<z.input<typeof configBody>['config']> => {
  const [shown, organisation, assistant] = await Promise.all([
    publicWidgetOf(deps, widget),
    deps.store.documents.organisations.get(widget.orgId, widget.orgId),
    deps.store.documents.assistants.get(widget.orgId, widget.assistantId),
  ]);
  const tokens = shown.scheme === 'dark' ? shown.theme.dark : shown.theme.light;
  return {
    widget_id: widget.uuid,
    business: { name: organisation?.name ?? '', type: organisation?.businessType ?? '' },
    persona: { name: shown.assistantName, role: assistant?.role ?? '', tone: assistant?.tone ?? '' },
    appearance: {
      theme: shown.scheme,
      position: shown.position,
      colors: {
        primary: tokens.fill,
        secondary: tokens.visitorBubble,
        background: tokens.surface,
        text: tokens.text,
        header_text: tokens.onHeader,
      },
    },
    behavior: {
      greeting: { enabled: shown.texts.welcome.trim() !== '', content: shown.texts.welcome },
      proactive: {
        enabled: shown.isProactive,
        triggers: shown.isProactive ? widget.proactive.triggers.map(publicTrigger) : [],
        cooldown_seconds: widget.proactive.cooldownSeconds,
      },
    },
  };
};

export const linkRules = (deps: HttpDeps, { widget, session, contact }: Visiting): LinkRules => ({
  allowedDomains: widget.allowedDomains,
  pageUrl: (contact?.page ?? session.page)?.url,
  ownOrigin: deps.baseUrl(),
  known: [],
});

/** A message's actions as they may leave. */
export const presentActions = (
  deps: HttpDeps,
  visiting: Visiting,
  message: Pick<FactOf<'message.created'>, 'actions' | 'sources'>,
  { canHandOff, language }: { canHandOff: boolean; language: Language },
): Action[] => suggestedActions(message, { rules: linkRules(deps, visiting), canHandOff, language });

/** The whole answer to a message, whatever became of it. */
export const presentTurn = async (
  deps: HttpDeps,
  visiting: Visiting,
  said: string,
  { outcome, state }: Turn,
): Promise<z.input<typeof messageBody>> => {
  const language = languageOf(said);
  const words = waitingWords[language];
  const { orgId, contactId } = visiting.session;
  const score = await readLeadScore(deps, { orgId, conversationId: state.conversationId, contactId });
  const { control } = state;
  const canHandOff = control.waiting === null && control.agentId === null && state.status === 'open';
  const { intent, confidence } = classifyIntent(said);
  const byAi = { intent, confidence, lead_score: score };
  const byOthers = { intent: null, confidence: null, lead_score: score };
  const none = { suggested_actions: [] };
  if (outcome === undefined) {
    const metadata = { ...byAi, handled_by: 'ai' as const, pending: true as const };
    return { success: true, response: { content: words.pending, ...none }, metadata };
  }
  switch (outcome.kind) {
    case 'answered': {
      const { message } = outcome;
      const actions = presentActions(deps, visiting, message, { canHandOff, language });
      // What a person approved was the AI's answer all the same; what they wrote instead would be theirs.
      return { success: true, response: { content: message.text, suggested_actions: actions }, metadata: byAi };
    }
    case 'cut': {
      const { message, handledBy: handled_by } = outcome;
      const metadata = { ...(handled_by === 'ai' ? byAi : byOthers), handled_by };
      return { success: true, response: { content: message.text, ...none }, metadata };
    }
    case 'waiting': {
      const isAway = !deps.presence.isStaffOnline(orgId);
      const content = outcome.said?.text ?? waitingText(visiting, { why: outcome.why, language, isAway, control });
      const metadata = { ...byOthers, handled_by: handledBy(state) };
      return { success: true, response: { content, ...none }, metadata };
    }
    case 'stopped':
      return { success: true, response: { content: '', ...none }, metadata: { ...byAi, handled_by: 'ai' } };
  }
};

/** What a visitor is told who waits for a person. `isAway`: nobody of the staff is there. */
export const waitingText = (
  { widget }: Visiting,
  {
    why,
    language,
    isAway,
    control,
  }: { why: keyof typeof waitingWords.en; language: Language; isAway: boolean; control: Control },
): string => {
  const words = waitingWords[language];
  if (why === 'person') return words.person.replace('{name}', () => control.agentName ?? '');
  // The owner's own words for "nobody is here", where there are any.
  if (why === 'queue' && isAway && widget.texts.offline.trim() !== '') return widget.texts.offline;
  return words[why];
};
