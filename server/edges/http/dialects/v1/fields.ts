// Contract 001's fields on the canonical widget. Ids are translated by the routes; what has no counterpart is kept.
import { clip, limits } from '../../../../../shared/text.ts';
import type { ActionButton, WidgetColors, WidgetSettings, WidgetType } from '../../../../../shared/widget.ts';
import { isSafeLink, widgetDefaults } from '../../../../domain/widget.ts';
import type { Fields, SharedField } from '../fields.ts';
import type { V1Field } from './schema.ts';

const { texts: ours, colors: ourColors, name: ourName } = widgetDefaults;

const longestColor = 64;
const mostChips = 8;
const longest = { opening: 200, label: 80, bubble: 40 } as const;

/** As written where it fits, so that what a visitor taps is what was meant. */
const fitting = (value: string, max: number): string => (value.length <= max ? value : clip(value, max));

/** Null takes a colour away, and so does one that is too long to be one. The brand goes back to ours. */
const color = (name: keyof WidgetColors): SharedField => ({
  read: ({ colors }) => colors[name] ?? null,
  write: (value: string | null, { colors }) => {
    const { [name]: _before, ...others } = colors;
    const isUsable = value !== null && value.length <= longestColor;
    if (name === 'primary') return { colors: { ...colors, primary: isUsable ? value : ourColors.primary } };
    return { colors: { primary: colors.primary, ...others, ...(isUsable ? { [name]: value } : {}) } };
  },
});

type TextName = 'title' | 'welcome' | 'placeholder';

/** Null is our own text. */
const textOf = (name: TextName): SharedField => ({
  read: ({ texts }) => texts[name],
  write: (value: string | null, { texts }) => ({ texts: { ...texts, [name]: value ?? ours[name] } }),
});

const openings = (sent: readonly string[] | null): string[] =>
  (sent ?? [])
    .filter((message) => message.trim() !== '')
    .slice(0, mostChips)
    .map((message) => fitting(message, longest.opening));

const firstText = (record: Record<string, unknown>, names: readonly string[]): string | undefined =>
  names.map((name) => record[name]).find((value): value is string => typeof value === 'string' && value.trim() !== '');

/**
 * What a button of any shape offers: a plain string is said by the visitor; an object has a label, and may lead to a safe
 * link or ask for a person. Undefined for what offers nothing, which is stored all the same.
 */
export const buttonOf = (sent: unknown): ActionButton | undefined => {
  if (typeof sent === 'string') {
    return sent.trim() === '' ? undefined : { label: fitting(sent, longest.label), action: 'message' };
  }
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return undefined;
  const button = sent as Record<string, unknown>;
  const words = firstText(button, ['label', 'title', 'text', 'name']);
  if (words === undefined) return undefined;
  const label = fitting(words, longest.label);
  const action = firstText(button, ['action', 'type']);
  if (action === 'handoff') return { label, action };
  const url = firstText(button, ['url', 'href']);
  if (url === undefined) return action === 'link' ? undefined : { label, action: 'message' };
  return url.length <= limits.url && isSafeLink(url) ? { label, action: 'link', url } : undefined;
};

const buttons = (sent: readonly unknown[] | null): ActionButton[] =>
  (sent ?? [])
    .map(buttonOf)
    .filter((button) => button !== undefined)
    .slice(0, mostChips);

/** @param defaultAssistantId what a null `assistant_id` means; reading needs none */
export const v1Fields = (defaultAssistantId = ''): Record<V1Field, SharedField | 'kept'> =>
  ({
    widget_type: {
      read: ({ type }) => type,
      write: (type: WidgetType | null) => ({ type: type ?? 'chat' }),
    },
    user_opening_messages: {
      read: ({ openingMessages }) => openingMessages,
      write: (sent: string[] | null) => ({ openingMessages: openings(sent) }),
    },
    action_buttons: {
      read: ({ actionButtons }) => actionButtons,
      write: (sent: unknown[] | null) => ({ actionButtons: buttons(sent) }),
    },
    org_id: 'kept',
    assistant_id: {
      read: ({ assistantId }) => assistantId,
      write: (id: string | null) => ({ assistantId: id ?? defaultAssistantId }),
    },
    name: {
      read: ({ name }) => name,
      write: (name: string | null) => ({ name: name === null || name.trim() === '' ? ourName : name }),
    },
    description: {
      read: ({ description }) => (description === '' ? null : description),
      write: (description: string | null) => ({ description: description ?? '' }),
    },
    attributes: 'kept',
    display_name: textOf('title'),
    intro_message: textOf('welcome'),
    header_color: color('primary'),
    user_message_color: color('secondary'),
    bot_message_color: color('botMessage'),
    bot_icon_color: color('avatar'),
    remove_branding: {
      read: ({ hideBranding }) => hideBranding,
      write: (hide: boolean | null) => ({ hideBranding: hide ?? false }),
    },
    ice_break_color: color('starters'),
    bubble_color: color('launcher'),
    bubble_text: {
      read: ({ texts }) => (texts.bubble === '' ? null : texts.bubble),
      write: (sent: string | null, { texts }: WidgetSettings) => ({
        texts: { ...texts, bubble: fitting(sent ?? '', longest.bubble) },
      }),
    },
    bot_text_message_color: color('botMessageText'),
    user_text_message_color: color('userMessageText'),
    header_text_color: color('headerText'),
    textbox_default_text: textOf('placeholder'),
    action_buttons_color: color('actionButtons'),
    style_params: 'kept',
  }) satisfies Fields;
