// The canonical widget, and the public view of it that a browser may see.
import { z } from 'zod';
import { limits, filledText, text } from './text.ts';

export const position = z.enum(['bottom-right', 'bottom-left']);
export const scheme = z.enum(['auto', 'light', 'dark']);

/** Colours as the owner wrote them; what is not a valid CSS colour is stored but not used (`theme.ts`). */
export const widgetColors = z.object({
  /** The brand: launcher, header, primary buttons. */
  primary: text(64),
  /** The visitor's bubble. */
  secondary: text(64).optional(),
  background: text(64).optional(),
  headerText: text(64).optional(),
  botMessage: text(64).optional(),
  botMessageText: text(64).optional(),
  userMessageText: text(64).optional(),
  statusText: text(64).optional(),
  timestamp: text(64).optional(),
  actionButtons: text(64).optional(),
  /** The round button in the corner; absent: the brand. */
  launcher: text(64).optional(),
  /** Behind the AI's sign. */
  avatar: text(64).optional(),
  /** The opening messages. */
  starters: text(64).optional(),
  csatBackground: text(64).optional(),
  csatText: text(64).optional(),
});
export type WidgetColors = z.infer<typeof widgetColors>;

export const widgetTexts = z.object({
  /** The title in the header. */
  title: text(limits.name),
  welcome: text(1000),
  offline: text(1000),
  status: text(200),
  placeholder: text(200),
  /** A label on the launcher; empty: a round launcher. */
  bubble: text(40),
  csatThanks: text(500),
});
export type WidgetTexts = z.infer<typeof widgetTexts>;

/** Which contact fields the card asks for, and when; `never` asks only where nobody can answer. */
export const widgetForm = z.object({
  name: z.boolean(),
  email: z.boolean(),
  when: z.enum(['after-answer', 'before', 'never']),
});

export const actionButton = z.object({
  label: filledText(80),
  action: z.enum(['message', 'link', 'handoff']),
  url: text(limits.url).optional(),
});
export type ActionButton = z.infer<typeof actionButton>;

/** The kinds of widget that contract 001 knows. Most need a bridge to another network; see `channels.ts`. */
export const widgetType = z.enum([
  'chat',
  'html',
  'whatsapp',
  'phone',
  'html_call',
  'leadconnector',
  'leadconnector_call',
  'sms',
  'fb_messenger',
  'instagram',
  'web_call',
  'plivo_call',
  'telnyx_call',
  'telegram',
  'render_form',
  'sip',
]);
export type WidgetType = z.infer<typeof widgetType>;

/** What makes the widget speak first. Thresholds: seconds, percent of the page, a score of 0 to 100. */
export const proactiveTrigger = z.discriminatedUnion('type', [
  z.object({ type: z.literal('time_on_page'), seconds: z.number().int().min(1).max(86_400), message: text(500) }),
  z.object({ type: z.literal('scroll_depth'), percent: z.number().int().min(1).max(100), message: text(500) }),
  z.object({ type: z.literal('high_engagement'), score: z.number().int().min(1).max(100), message: text(500) }),
  z.object({ type: z.literal('exit_intent'), message: text(500) }),
  z.object({ type: z.literal('return_visit'), visits: z.number().int().min(2).max(100), message: text(500) }),
  /** `path` is a prefix of the page's path, such as `/pricing`. */
  z.object({
    type: z.literal('page'),
    path: filledText(200),
    seconds: z.number().int().min(0).max(86_400),
    message: text(500),
  }),
]);
export type ProactiveTrigger = z.infer<typeof proactiveTrigger>;
export type ProactiveTriggerType = ProactiveTrigger['type'];
type WithoutMessage<T> = T extends unknown ? Omit<T, 'message'> : never;
/** A trigger as a page may see it: its condition, not its words. */
export type PublicTrigger = WithoutMessage<ProactiveTrigger>;

/** When to speak first. An empty `message` of a trigger is worded by the model, or by the built-in answerer. */
export const widgetProactive = z.object({
  isEnabled: z.boolean(),
  /** Between two offers to one session. */
  cooldownSeconds: z.number().int().min(30).max(86_400),
  triggers: z.array(proactiveTrigger).max(limits.triggers),
});
export type WidgetProactive = z.infer<typeof widgetProactive>;

/** The fields of a widget that settings may change. */
export const widgetSettings = z.object({
  name: filledText(limits.name),
  /** For colleagues; visitors never see it. */
  description: text(limits.description),
  type: widgetType,
  assistantId: z.string().min(1).max(64),
  isEnabled: z.boolean(),
  /** False: what the AI writes is a draft that staff alone see, until a person approves it. */
  isAutopilot: z.boolean(),
  position,
  offsetX: z.number().int().min(0).max(400),
  offsetY: z.number().int().min(0).max(400),
  zIndex: z.number().int().min(1).max(2_147_483_647),
  scheme,
  colors: widgetColors,
  texts: widgetTexts,
  form: widgetForm,
  /** What the visitor may send with one tap before anything was said. */
  openingMessages: z.array(filledText(200)).max(8),
  actionButtons: z.array(actionButton).max(8),
  /** Hosts or origins, as written; empty means every domain. */
  allowedDomains: z.array(text(300)).max(100),
  /** Whether staff may see what the visitor is typing, unsent. */
  typingPreview: z.boolean(),
  hideBranding: z.boolean(),
  /** Where the privacy note under the composer leads, if anywhere. */
  privacyUrl: text(limits.url).optional(),
  proactive: widgetProactive,
  /** Where a new contact is placed; absent: the organisation's default pipeline and its first stage. */
  pipelineId: text(64).optional(),
  stageId: text(64).optional(),
  /** The storage key of a picture that this organisation uploaded. */
  iconKey: text(300).optional(),
  /** Answers of the AI a day; absent: the organisation's budget alone counts. */
  dailyAnswers: z.number().int().min(0).max(1_000_000).optional(),
});
export type WidgetSettings = z.infer<typeof widgetSettings>;

/** Some of the settings; `''` (and null for a number) takes an optional one away. */
export const widgetPatch = widgetSettings.partial().extend({
  dailyAnswers: widgetSettings.shape.dailyAnswers.nullable(),
});

/** What a contract's document has and Tiller does not: JSON values by the contract's own field names. */
export type KeptFields = Record<string, unknown>;
export type DialectName = 'functions' | 'v1' | 'webchats';

export interface Widget extends WidgetSettings {
  id: string;
  orgId: string;
  /** The public forms of `id`. */
  uuid: string;
  hexId: string;
  /** The two public keys, stored readable. */
  widgetKey: string;
  catyKey: string;
  /** Keys that were rotated and still work until `until` (ms). */
  oldKeys?: { key: string; until: number }[];
  /** Rises with every rotation of the identity secret; absent: 0, never rotated. */
  secretVersion?: number;
  /** Identity secrets that were rotated and still sign until `until` (ms). */
  oldSecrets?: { version: number; until: number }[];
  /** The member who made it, or whose credential did. */
  createdBy: string;
  /** Fields of the contracts that have no counterpart here, kept for their dialect through edits by others. */
  kept?: { [K in DialectName]?: KeptFields };
  createdAt: number;
  updatedAt: number;
}

/** The tokens of one colour scheme, all as `#rrggbb` (`theme.ts` derives them; browsers get hex only). */
export const schemeTokens = z.object({
  surface: z.string(),
  sunken: z.string(),
  raised: z.string(),
  line: z.string(),
  strong: z.string(),
  text: z.string(),
  text2: z.string(),
  /** The brand as a fill, and the text on it. */
  fill: z.string(),
  onFill: z.string(),
  fillHover: z.string(),
  /** A border around fills that the surface would swallow; `transparent` where none is needed. */
  fillLine: z.string(),
  /** The brand as text on `surface` (links). */
  brandText: z.string(),
  focus: z.string(),
  header: z.string(),
  onHeader: z.string(),
  /** The status line in the header. */
  onHeader2: z.string(),
  visitorBubble: z.string(),
  onVisitorBubble: z.string(),
  aiBubble: z.string(),
  onAiBubble: z.string(),
  time: z.string(),
  chip: z.string(),
  onChip: z.string(),
  launcher: z.string(),
  onLauncher: z.string(),
  launcherHover: z.string(),
  launcherLine: z.string(),
  avatar: z.string(),
  onAvatar: z.string(),
  starter: z.string(),
  onStarter: z.string(),
  starterHover: z.string(),
  danger: z.string(),
  success: z.string(),
  csat: z.string(),
  onCsat: z.string(),
});
export type SchemeTokens = z.infer<typeof schemeTokens>;

export const theme = z.object({
  light: schemeTokens,
  dark: schemeTokens,
  /** Names of the colours that were moved to be readable, or dropped as invalid; settings tell the owner. */
  adjusted: z.array(z.string()),
});
export type Theme = z.infer<typeof theme>;

/** What the launcher and the panel need, and all that a browser may see of a widget. */
export const publicWidget = z.object({
  widgetKey: z.string(),
  position,
  offsetX: z.number(),
  offsetY: z.number(),
  zIndex: z.number(),
  scheme,
  theme,
  texts: widgetTexts,
  form: widgetForm,
  openingMessages: z.array(z.string()),
  actionButtons: z.array(actionButton),
  typingPreview: z.boolean(),
  hideBranding: z.boolean(),
  privacyUrl: z.string().optional(),
  /** The widget's picture, at an address that does not expire. */
  iconUrl: z.string().optional(),
  /** Whether the page should report what the visitor does (`behavior:track`), because a trigger may fire. */
  isProactive: z.boolean(),
  /** On what conditions; the page asks the server no sooner than one of them holds. */
  triggers: (z.array(z.looseObject({ type: z.string() })) as unknown as z.ZodType<PublicTrigger[]>).optional(),
  /** The assistant's name, shown over its messages. */
  assistantName: z.string(),
  isAutopilot: z.boolean(),
  /** `away` where neither the AI answers by itself nor a person is online. */
  availability: z.enum(['online', 'away']),
});
export type PublicWidget = z.infer<typeof publicWidget>;
