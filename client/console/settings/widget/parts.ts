// The parts of a widget's editor: which fields stand in which, and which contracts can express a field too.
import type { WidgetSettings } from '../../../../shared/widget.ts';

export const parts = ['general', 'look', 'texts', 'start', 'proactive', 'access', 'install'] as const;
export type Part = (typeof parts)[number];

export const partNames: Record<Part, string> = {
  general: 'General',
  look: 'Look',
  texts: 'Texts',
  start: 'Start',
  proactive: 'Proactive',
  access: 'Access',
  install: 'Install',
};

export const contractNames = ['functions', 'v1', 'webchats', 'widget'] as const;
export type ContractName = (typeof contractNames)[number];

/** By path: the part that edits it, what people call it, and the contracts that can read or write it. */
const fields: Record<string, { part: Part; text: string; in: readonly ContractName[] }> = {
  name: { part: 'general', text: 'name', in: ['functions', 'v1', 'webchats'] },
  description: { part: 'general', text: 'description', in: ['v1', 'webchats'] },
  type: { part: 'general', text: 'type', in: ['v1'] },
  assistantId: { part: 'general', text: 'assistant', in: ['functions', 'v1', 'webchats', 'widget'] },
  isEnabled: { part: 'general', text: 'on or off', in: ['functions', 'webchats'] },
  isAutopilot: { part: 'general', text: 'autopilot', in: ['webchats'] },
  pipelineId: { part: 'general', text: 'pipeline', in: ['webchats'] },
  stageId: { part: 'general', text: 'stage', in: ['webchats'] },
  dailyAnswers: { part: 'general', text: 'daily budget', in: [] },
  'colors.primary': { part: 'look', text: 'brand', in: ['functions', 'v1', 'webchats', 'widget'] },
  'colors.secondary': { part: 'look', text: 'visitor’s bubble', in: ['v1', 'webchats', 'widget'] },
  'colors.background': { part: 'look', text: 'background', in: ['webchats', 'widget'] },
  'colors.headerText': { part: 'look', text: 'text in the header', in: ['v1', 'webchats', 'widget'] },
  'colors.botMessage': { part: 'look', text: 'AI’s bubble', in: ['v1'] },
  'colors.messageTexts': { part: 'look', text: 'texts in the bubbles', in: ['v1', 'widget'] },
  'colors.actionButtons': { part: 'look', text: 'action buttons', in: ['v1'] },
  'colors.status': { part: 'look', text: 'status line and times', in: ['webchats'] },
  'colors.csat': { part: 'look', text: 'survey', in: ['webchats'] },
  iconKey: { part: 'look', text: 'icon', in: ['webchats'] },
  scheme: { part: 'look', text: 'light or dark', in: ['widget'] },
  position: { part: 'look', text: 'position', in: ['functions', 'webchats', 'widget'] },
  offsetX: { part: 'look', text: 'distances', in: ['webchats'] },
  offsetY: { part: 'look', text: 'distances', in: ['webchats'] },
  zIndex: { part: 'look', text: 'layer', in: ['webchats'] },
  'texts.title': { part: 'texts', text: 'title', in: ['v1'] },
  'texts.status': { part: 'texts', text: 'status line', in: ['webchats'] },
  'texts.welcome': { part: 'texts', text: 'welcome', in: ['functions', 'v1', 'webchats', 'widget'] },
  'texts.offline': { part: 'texts', text: 'offline text', in: ['functions'] },
  'texts.placeholder': { part: 'texts', text: 'text in the empty field', in: ['v1'] },
  'texts.bubble': { part: 'texts', text: 'text on the launcher', in: ['v1'] },
  'texts.csatThanks': { part: 'texts', text: 'thanks for a rating', in: ['webchats'] },
  openingMessages: { part: 'start', text: 'opening messages', in: ['v1'] },
  actionButtons: { part: 'start', text: 'action buttons', in: ['v1'] },
  form: { part: 'start', text: 'asking for name and e-mail', in: ['functions'] },
  proactive: { part: 'proactive', text: 'rules and their pause', in: ['widget'] },
  allowedDomains: { part: 'access', text: 'domains', in: ['functions', 'webchats'] },
  typingPreview: { part: 'access', text: 'typing preview', in: [] },
  privacyUrl: { part: 'access', text: 'privacy page', in: [] },
  hideBranding: { part: 'access', text: 'branding', in: ['v1'] },
};

/** The part in which a setting, or a path within it, is edited. */
export const partOf = (path: string): Part | undefined => {
  const [name = ''] = path.split(/[.[]/);
  return Object.entries(fields).find(([known]) => known === name || known.startsWith(`${name}.`))?.[1].part;
};

/** What each contract can express of a part. */
export const reachOf = (part: Part): { contract: ContractName; texts: string[] }[] =>
  contractNames.flatMap((contract) => {
    const texts = Object.values(fields).flatMap((field) =>
      field.part === part && field.in.includes(contract) ? [field.text] : [],
    );
    return texts.length === 0 ? [] : [{ contract, texts: [...new Set(texts)] }];
  });

/** Every setting has its part: a new one that has none does not compile into silence. */
export const settingsWithoutPart = (names: readonly (keyof WidgetSettings)[]): string[] =>
  names.filter((name) => partOf(name) === undefined);
