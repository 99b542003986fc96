// Contract 001 in schemas: 24 fields in, 29 out, and what its companions take and give.
import { z } from 'zod';
import { graceSeconds } from '../../../../../shared/console-provisioning.ts';
import { limits, text } from '../../../../../shared/text.ts';
import { widgetType } from '../../../../../shared/widget.ts';
import { pageNumber, pageSize } from '../paging.ts';
import { freeList, freeObject } from './free-form.ts';

/** Free text: a colour is judged where it is shown, not where it is stored. */
const color = text(200).nullable();
const words = (max: number) => text(max).nullable();
const uuid = z.guid('Must be a UUID').nullable();

/** Every field of the document, in its order; nullable where the document says so. */
const fields = {
  widget_type: widgetType.nullable(),
  user_opening_messages: z.array(text(1000)).max(100).nullable(),
  action_buttons: freeList(100).nullable(),
  org_id: uuid,
  assistant_id: uuid,
  name: words(limits.name),
  description: words(limits.description),
  attributes: freeObject,
  display_name: words(limits.name),
  intro_message: words(1000),
  header_color: color,
  user_message_color: color,
  bot_message_color: color,
  bot_icon_color: color,
  remove_branding: z.boolean().nullable(),
  ice_break_color: color,
  bubble_color: color,
  bubble_text: words(1000),
  bot_text_message_color: color,
  user_text_message_color: color,
  header_text_color: color,
  textbox_default_text: words(200),
  action_buttons_color: color,
  style_params: freeObject,
};

export type V1Field = keyof typeof fields;

/** Three must be there, though they may be null; what else is absent is null, false or `{}`. */
export const createBody = z.object({
  widget_type: fields.widget_type,
  user_opening_messages: fields.user_opening_messages,
  action_buttons: fields.action_buttons,
  org_id: fields.org_id.default(null),
  assistant_id: fields.assistant_id.default(null),
  name: fields.name.default(null),
  description: fields.description.default(null),
  attributes: fields.attributes.default({}),
  display_name: fields.display_name.default(null),
  intro_message: fields.intro_message.default(null),
  header_color: fields.header_color.default(null),
  user_message_color: fields.user_message_color.default(null),
  bot_message_color: fields.bot_message_color.default(null),
  bot_icon_color: fields.bot_icon_color.default(null),
  remove_branding: fields.remove_branding.default(false),
  ice_break_color: fields.ice_break_color.default(null),
  bubble_color: fields.bubble_color.default(null),
  bubble_text: fields.bubble_text.default(null),
  bot_text_message_color: fields.bot_text_message_color.default(null),
  user_text_message_color: fields.user_text_message_color.default(null),
  header_text_color: fields.header_text_color.default(null),
  textbox_default_text: fields.textbox_default_text.default(null),
  action_buttons_color: fields.action_buttons_color.default(null),
  style_params: fields.style_params.default({}),
});

/** What is absent stays. */
export const updateBody = z.object(fields).partial();

const nullableText = z.string().nullable();

/** All 29, always, in the order of the document. */
export const widgetRead = z.object({
  widget_type: fields.widget_type,
  user_opening_messages: z.array(z.string()).nullable(),
  action_buttons: z.array(z.unknown()).nullable(),
  id: z.string(),
  conversation_bot_icon: z.string().describe("Address of the widget's picture; empty where it has none."),
  bubble_bot_icon: z.string().describe("Address of the widget's picture; empty where it has none."),
  provider_user_friendly_label: z.string(),
  widget_provider: z.string(),
  org_id: nullableText,
  assistant_id: nullableText,
  name: nullableText,
  description: nullableText,
  attributes: z.record(z.string(), z.unknown()),
  display_name: nullableText,
  intro_message: nullableText,
  header_color: nullableText,
  user_message_color: nullableText,
  bot_message_color: nullableText,
  bot_icon_color: nullableText,
  remove_branding: z.boolean().nullable(),
  ice_break_color: nullableText,
  bubble_color: nullableText,
  bubble_text: nullableText,
  bot_text_message_color: nullableText,
  user_text_message_color: nullableText,
  header_text_color: nullableText,
  textbox_default_text: nullableText,
  action_buttons_color: nullableText,
  style_params: z.record(z.string(), z.unknown()),
});
export type WidgetRead = z.input<typeof widgetRead>;

export const idParams = z.object({ id: z.guid() });
export const listQuery = z.object({ page: pageNumber, size: pageSize });
export const rotateBody = z.object({ grace_seconds: graceSeconds.nullable() });

const answer = <D extends z.ZodType, M extends z.ZodType>(data: D, meta: M) =>
  z.object({ message: z.string().nullable(), meta, data });
const noMeta = z.object({});
const pageMeta = z.object({ page: z.number(), size: z.number(), total: z.number(), pages: z.number() });

export const widgetAnswer = answer(widgetRead, noMeta);
export const widgetListAnswer = answer(z.array(widgetRead), pageMeta);
export const deletedAnswer = answer(z.object({ id: z.string() }), noMeta);
export const embedAnswer = answer(z.object({ id: z.string(), widget_key: z.string(), embed_code: z.string() }), noMeta);
export const rotatedAnswer = answer(
  z.object({
    id: z.string(),
    widget_key: z.string(),
    embed_code: z.string().nullable().describe('Null where no page can hold a widget of this type.'),
    old_key_valid_until: z.string().nullable(),
  }),
  noMeta,
);
export const assistantListAnswer = answer(
  z.array(
    z.object({
      id: z.string(),
      org_id: z.string(),
      name: z.string(),
      role: z.string(),
      is_default: z.boolean(),
      created_at: z.string(),
    }),
  ),
  pageMeta,
);

export const detailBody = z.object({ detail: z.string() });
export const problemsBody = z.object({
  detail: z.array(z.object({ type: z.string(), loc: z.array(z.union([z.string(), z.number()])), msg: z.string() })),
});
