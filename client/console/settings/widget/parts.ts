// The parts of a widget's editor: which fields stand in which, and which contracts can express a field too.
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

/** `widget` is the visitors' own API: it reads what the others write. */
export const contractNames = ['functions', 'v1', 'webchats', 'widget'] as const;
export type ContractName = (typeof contractNames)[number];

interface FieldNote {
  part: Part;
  /** What people call it. */
  text: string;
  /** The contracts that can express it. */
  in: readonly ContractName[];
}

/** Every setting by its path. A test holds it against the tables of the contracts themselves. */
export const fieldNotes: Readonly<Record<string, FieldNote>> = {
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
  'colors.statusText': { part: 'look', text: 'status line', in: ['webchats'] },
  'colors.launcher': { part: 'look', text: 'launcher', in: ['v1'] },
  'colors.botMessage': { part: 'look', text: 'AI’s bubble', in: ['v1'] },
  'colors.botMessageText': { part: 'look', text: 'text in the AI’s bubble', in: ['v1'] },
  'colors.userMessageText': { part: 'look', text: 'text in the visitor’s bubble', in: ['v1'] },
  'colors.timestamp': { part: 'look', text: 'times', in: ['webchats'] },
  'colors.avatar': { part: 'look', text: 'AI’s sign', in: ['v1'] },
  'colors.starters': { part: 'look', text: 'opening messages', in: ['v1'] },
  'colors.actionButtons': { part: 'look', text: 'action buttons', in: ['v1'] },
  'colors.csatBackground': { part: 'look', text: 'survey', in: ['webchats'] },
  'colors.csatText': { part: 'look', text: 'survey', in: ['webchats'] },
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
  'form.name': { part: 'start', text: 'asking for a name', in: ['functions'] },
  'form.email': { part: 'start', text: 'asking for an e-mail address', in: ['functions'] },
  'form.when': { part: 'start', text: 'when to ask', in: [] },
  proactive: { part: 'proactive', text: 'rules and their pause', in: ['widget'] },
  allowedDomains: { part: 'access', text: 'domains', in: ['functions', 'webchats'] },
  typingPreview: { part: 'access', text: 'typing preview', in: [] },
  privacyUrl: { part: 'access', text: 'privacy page', in: [] },
  hideBranding: { part: 'access', text: 'branding', in: ['v1'] },
};

/** The part in which a setting, or a path within it, is edited. */
export const partOf = (path: string): Part | undefined => {
  const [name = ''] = path.split(/[.[]/);
  return Object.entries(fieldNotes).find(([known]) => known === name || known.startsWith(`${name}.`))?.[1].part;
};

/** What each contract can express of a part. */
export const reachOf = (part: Part): { contract: ContractName; texts: string[] }[] =>
  contractNames.flatMap((contract) => {
    const texts = Object.values(fieldNotes).flatMap((field) =>
      field.part === part && field.in.includes(contract) ? [field.text] : [],
    );
    return texts.length === 0 ? [] : [{ contract, texts: [...new Set(texts)] }];
  });
