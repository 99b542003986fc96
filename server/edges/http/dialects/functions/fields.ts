// Contract 000's fields on the canonical widget. `agent_id` is translated between UUID and inner id by the routes.
import type { WidgetSettings } from '../../../../../shared/widget.ts';
import { widgetDefaults } from '../../../../domain/widget.ts';
import type { Fields } from '../fields.ts';
import { hexOf } from '../hex-color.ts';
import { functionsDefaults } from './schema.ts';

type Position = WidgetSettings['position'];

export const functionsFields = {
  agent_id: {
    read: ({ assistantId }) => assistantId,
    write: (assistantId: string) => ({ assistantId }),
  },
  /** An empty name is kept for this contract; colleagues need something to click on. */
  name: {
    read: ({ name }) => name,
    write: (name: string) => ({ name: name.trim() === '' ? widgetDefaults.name : name }),
  },
  /** Another writer may have used any CSS colour, or none; here it reads as hex. */
  primary_color: {
    read: ({ colors }) => hexOf(colors.primary) ?? functionsDefaults.primary_color,
    write: (primary: string, { colors }) => ({ colors: { ...colors, primary } }),
  },
  position: {
    read: ({ position }) => position,
    write: (position: Position) => ({ position }),
  },
  welcome_message: {
    read: ({ texts }) => texts.welcome,
    write: (welcome: string, { texts }) => ({ texts: { ...texts, welcome } }),
  },
  offline_message: {
    read: ({ texts }) => texts.offline,
    write: (offline: string, { texts }) => ({ texts: { ...texts, offline } }),
  },
  collect_visitor_name: {
    read: ({ form }) => form.name,
    write: (name: boolean, { form }) => ({ form: { ...form, name } }),
  },
  collect_visitor_email: {
    read: ({ form }) => form.email,
    write: (email: boolean, { form }) => ({ form: { ...form, email } }),
  },
  allowed_domains: {
    read: ({ allowedDomains }) => allowedDomains,
    write: (allowedDomains: string[]) => ({ allowedDomains }),
  },
  is_active: {
    read: ({ isEnabled }) => isEnabled,
    write: (isEnabled: boolean) => ({ isEnabled }),
  },
} satisfies Fields;

/** A body without its nulls, which mean the default, and without what it does not have. */
export const meant = (body: Record<string, unknown>): Record<string, unknown> => {
  const defaults: Record<string, unknown> = { ...functionsDefaults, is_active: true };
  return Object.fromEntries(
    Object.entries(body)
      .filter(([name, value]) => value !== undefined && Object.hasOwn(functionsFields, name))
      .map(([name, value]) => [name, value ?? defaults[name]]),
  );
};
