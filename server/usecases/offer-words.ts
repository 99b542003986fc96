// The sentence with which a widget speaks first: the owner's, else the model's, else one of ours.
import type { Page } from '../../shared/facts.ts';
import type { Language } from '../../shared/language.ts';
import type { ProactiveTrigger, Widget } from '../../shared/widget.ts';
import { offerPrompt, offerText } from '../domain/offer-prompt.ts';
import { offerSentences } from '../domain/proactive.ts';
import type { Contact, Session } from '../ports/documents.ts';
import type { Model } from '../ports/model.ts';
import type { Log } from '../ports/telemetry.ts';
import { askModel } from './answer-stream.ts';
import type { Directory } from './directory.ts';
import type { Limits } from './limits.ts';
import type { Spending } from './spending.ts';

export interface WordingDeps {
  directory: Directory;
  limits: Limits;
  spending: Spending;
  model: Model;
  log: Log;
}

/** A page that waits for a sentence is left before it comes. */
const patienceMs = 4000;
const enoughCharacters = 600;

interface Wording {
  widget: Widget;
  session: Session;
  contact: Contact | undefined;
  trigger: ProactiveTrigger;
  page: Page | undefined;
  language: Language;
}

const byModel = async (deps: WordingDeps, { widget, trigger, page, language }: Wording): Promise<string> => {
  const assistant = await deps.directory.assistant(widget.orgId, widget.assistantId);
  const { name = 'Assistant', instructions = '', tone = '', model = '' } = assistant ?? {};
  let text = '';
  const said = await askModel({
    model: deps.model,
    request: {
      ...offerPrompt({ assistant: { name, instructions, tone }, trigger: trigger.type, page, language }),
      passages: [],
      assistantName: name,
      ...(model === '' ? {} : { model }),
      canHandOff: false,
    },
    signal: AbortSignal.timeout(patienceMs),
    stallMs: patienceMs,
    write: (more) => {
      text += more;
      // Past this `askModel` stops reading: what rambles is not used anyway.
      return text.length > enoughCharacters ? Number.MAX_SAFE_INTEGER : text.length;
    },
  });
  return said === undefined ? '' : offerText(text);
};

/** Never throws: without a model, a budget or a usable sentence the built-in one is said. */
export const wordOffer = async (deps: WordingDeps, wording: Wording): Promise<string> => {
  const { trigger, language, session, widget } = wording;
  // What the owner wrote is what the owner wants said.
  if (trigger.message.trim() !== '') return trigger.message;
  const builtin = offerSentences[trigger.type][language];
  if (deps.model.name === 'builtin') return builtin;
  try {
    const isTooMany = (await deps.limits.checkShared('answer', session.contactId)) !== undefined;
    if (isTooMany || !(await deps.spending.admits(widget, session.conversationId))) return builtin;
    const worded = await byModel(deps, wording);
    return worded === '' ? builtin : worded;
  } catch (error) {
    deps.log.warn({ err: error, widgetId: widget.id }, 'offer not worded');
    return builtin;
  }
};
