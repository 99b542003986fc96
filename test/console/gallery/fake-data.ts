// What the played server holds: an organisation with widgets, keys, pipelines, contacts and leads. `long`: names that try the layout.
import type { BanView } from '../../../shared/bans.ts';
import type {
  AssistantView,
  ContactView,
  KeyView,
  LeadView,
  OrganisationView,
  PipelineView,
  WidgetView,
} from '../../../shared/console-api.ts';
import type { WidgetType } from '../../../shared/widget.ts';
import { me, theo } from './story.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export interface Held {
  organisation: OrganisationView;
  widgets: WidgetView[];
  assistants: AssistantView[];
  pipelines: PipelineView[];
  keys: KeyView[];
  contacts: ContactView[];
  leads: LeadView[];
  bans: BanView[];
}

const hex = (number: number): string => number.toString(16).padStart(24, '6');
const ids = (number: number) => ({
  uuid: `550e8400-e29b-41d4-a716-${number.toString(16).padStart(12, '0')}`,
  hexId: hex(number),
});

const long =
  'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft, with a name that nobody reads';

const widget = (number: number, more: Partial<WidgetView>): WidgetView => ({
  id: `wid_${number}`,
  ...ids(number),
  name: 'Selwick Kayaks website',
  description: '',
  type: 'chat',
  assistantId: 'asst_1',
  isEnabled: true,
  isAutopilot: true,
  position: 'bottom-right',
  offsetX: 24,
  offsetY: 24,
  zIndex: 9999,
  scheme: 'auto',
  colors: { primary: '#0d5c75', csatBackground: '#F3F4F6' },
  texts: {
    title: 'Selwick Kayaks',
    welcome: 'Hello! Ask about boats, prices and trips.',
    offline: 'Leave a message and we’ll get back to you.',
    status: 'We reply within minutes',
    placeholder: 'Write a message',
    bubble: '',
    csatThanks: 'Thank you for your feedback.',
  },
  form: { name: true, email: true, when: 'after-answer' },
  openingMessages: ['What does a kayak cost?', 'Is there a trip on Sunday?'],
  actionButtons: [
    { label: 'Book a trip', action: 'link', url: 'https://selwick.example/book' },
    { label: 'Talk to a person', action: 'handoff' },
  ],
  allowedDomains: ['selwick.example', '*.selwick.example'],
  typingPreview: false,
  hideBranding: false,
  proactive: {
    isEnabled: true,
    cooldownSeconds: 300,
    triggers: [
      { type: 'time_on_page', seconds: 45, message: 'Can I help you choose a boat?' },
      { type: 'page', path: '/groups', seconds: 10, message: '' },
    ],
  },
  widgetKey: `wgt_${hex(number)}`,
  catyKey: `caty_${hex(number)}aabbccdd`,
  createdAt: Date.now() - 40 * day,
  updatedAt: Date.now() - day,
  ...more,
});

const pipeline = (number: number, name: string, isDefault: boolean, stages: readonly string[]): PipelineView => ({
  id: `pipe_${number}`,
  ...ids(100 + number),
  name,
  isDefault,
  stages: stages.map((stage, at) => ({
    id: `stage_${number}_${at}`,
    ...ids(1000 + number * 40 + at),
    key: stage
      .toLowerCase()
      .replace(/[^a-z]+/g, '-')
      .slice(0, 40),
    name: stage,
  })),
  createdAt: Date.now() - 40 * day,
  updatedAt: Date.now() - day,
});

const key = (number: number, more: Partial<KeyView> & Pick<KeyView, 'kind' | 'name' | 'hint'>): KeyView => ({
  id: `key_${number}`,
  member: me,
  createdAt: Date.now() - number * 3 * day,
  ...more,
});

const people = ['Anna Bergström', 'Oskar', 'Fatima Al-Sayed', 'Li Wei', 'ليلى حداد', '王小明', 'María José Fernández'];

const contact = (number: number): ContactView => {
  const name = number % 4 === 3 ? undefined : people[number % people.length];
  const isLead = number % 3 === 0;
  return {
    id: `con_${number}`,
    ...(name === undefined ? {} : { name }),
    ...(isLead ? { email: `visitor${number}@example.com`, leadId: `lead_${number}` } : {}),
    ...(number % 5 === 0 ? { phone: '+46 70 123 45 67', company: 'Bergström & Daughters' } : {}),
    ...(isLead ? { customFields: { Plan: 'Family', 'Customer since': '2024' } } : {}),
    verified: number % 6 === 0,
    createdAt: Date.now() - number * day,
    lastSeenAt: Date.now() - number * 3 * hour,
    visits: 1 + (number % 7),
    page: { url: 'https://selwick.example/hire', title: 'Hire a kayak', referrer: 'https://search.example/' },
    locale: 'sv-SE',
    userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36',
    pipelineId: 'pipe_1',
    stageId: `stage_1_${number % 4}`,
  };
};

const leadOf = (from: ContactView, number: number): LeadView => ({
  id: `lead_${number}`,
  contactId: from.id,
  conversationId: 'conv_needs',
  widgetId: 'wid_1',
  ...(from.name === undefined ? {} : { name: from.name }),
  ...(from.email === undefined ? {} : { email: from.email }),
  ...(from.phone === undefined ? {} : { phone: from.phone }),
  ...(from.company === undefined ? {} : { company: from.company }),
  ...(from.customFields === undefined ? {} : { customFields: from.customFields }),
  score: (number * 17) % 101,
  createdAt: from.lastSeenAt,
  updatedAt: from.lastSeenAt,
});

const ban = (number: number, more: Partial<BanView>): BanView => ({
  id: `ban_${number}`,
  kind: 'address',
  value: '203.0.113.7',
  reason: '',
  createdAt: Date.now() - number * day,
  by: theo,
  ...more,
});

/** Every text as long as it may be, and one that tries to be more than text. */
const stretch = (held: Held): Held => {
  const [first, ...others] = held.contacts;
  const huge: ContactView = {
    ...first!,
    name: long.slice(0, 100),
    email: `${'a.very.long.address.'.repeat(5)}@${'subdomain.'.repeat(8)}example`,
    company: `<img src=x onerror="window.__hit=1"> ${'GmbH & Co. '.repeat(7)}`.slice(0, 100),
    customFields: { ['Field'.repeat(18)]: 'w'.repeat(400), '<b>bold</b>': '<script>window.__hit=1</script>' },
    page: { url: `https://selwick.example/${'path/'.repeat(80)}`, title: 'A title that goes on '.repeat(12) },
  };
  return {
    ...held,
    organisation: { ...held.organisation, name: long.slice(0, 100) },
    widgets: held.widgets.map((each) => ({
      ...each,
      name: long.slice(0, 100),
      description: 'What it is for. '.repeat(60),
      allowedDomains: Array.from({ length: 12 }, (_, at) => `a-very-long-subdomain-number-${at}.of.somewhere.example`),
    })),
    assistants: held.assistants.map((each) => ({ ...each, name: long.slice(0, 100), role: long.slice(0, 100) })),
    pipelines: [
      pipeline(
        1,
        long.slice(0, 100),
        true,
        Array.from({ length: 12 }, (_, at) => `Stage ${'abcdefghijkl'[at]} ${long}`.slice(0, 100)),
      ),
      ...held.pipelines.slice(1),
    ],
    keys: held.keys.map((each) => ({ ...each, name: long.slice(0, 100) })),
    contacts: [huge, ...others],
    bans: held.bans.map((each) => ({
      ...each,
      ...(each.kind === 'contact' ? { contact: { id: huge.id, name: huge.name! } } : {}),
      reason: `<b>${'Because '.repeat(36)}`,
    })),
    leads: [leadOf(huge, 0), ...held.leads.slice(1)],
  };
};

const types: WidgetType[] = ['chat', 'chat', 'whatsapp', 'render_form'];

export const held = (flags: { isEmpty: boolean; isLong: boolean }): Held => {
  const contacts = Array.from({ length: 120 }, (_, number) => contact(number));
  const full: Held = {
    organisation: { id: 'org_1', ...ids(1), name: 'Selwick Kayaks', businessType: 'Kayak hire', dailyAnswers: 2000 },
    widgets: types.map((type, at) =>
      widget(at + 1, {
        type,
        name: ['Selwick Kayaks website', 'Shop checkout', 'WhatsApp line', 'Group request'][at]!,
        ...(at === 1 ? { isAutopilot: false, allowedDomains: [], description: 'Drafts only, for the season.' } : {}),
        ...(at === 3 ? { isEnabled: false } : {}),
      }),
    ),
    assistants: ['Robin', 'Skipper'].map((name, at) => ({
      id: `asst_${at + 1}`,
      ...ids(20 + at),
      name,
      role: at === 0 ? 'AI assistant' : 'Trip planner',
      instructions: 'Answer from the articles. Hand over where money is involved.',
      tone: 'Friendly and brief',
      model: '',
      articles: 12 - at * 9,
      createdAt: Date.now() - 40 * day,
      updatedAt: Date.now() - day,
    })),
    pipelines: [
      pipeline(1, 'Visitors', true, ['New', 'In talks', 'Won', 'Lost']),
      pipeline(2, 'Group bookings', false, ['Asked', 'Offer sent', 'Deposit paid']),
    ],
    keys: [
      key(1, { kind: 'webchats', name: 'CRM', hint: 'k3Qx', lastUsedAt: Date.now() - 4 * minute }),
      key(2, { kind: 'functions', name: 'Website builder', hint: '9fLm', lastUsedAt: Date.now() - 30 * hour }),
      key(3, { kind: 'v1', name: 'Agency import', hint: 'Zz01', member: theo }),
      key(4, { kind: 'token', name: 'Night watch', hint: 'aB9-', expiresAt: Date.now() + 20 * hour }),
    ],
    contacts,
    leads: contacts.filter(({ leadId }) => leadId !== undefined).map((each, at) => leadOf(each, at * 3)),
    bans: [
      ban(1, { kind: 'contact', value: 'con_0', contact: { id: 'con_0', name: 'Anna Bergström' }, reason: 'Insults' }),
      ban(2, { kind: 'address', value: '203.0.113.7', expiresAt: Date.now() + 5 * hour, reason: 'Spam every minute' }),
      ban(3, { kind: 'range', value: '2001:db8:1::/48', expiresAt: Date.now() + 20 * day }),
      ban(4, { kind: 'address', value: '2001:db8:ffff:1234::/64', by: { id: 'mem_gone', name: '' } }),
    ],
  };
  if (flags.isLong) return stretch(full);
  return flags.isEmpty
    ? { ...full, widgets: [], assistants: [], pipelines: [], keys: [], contacts: [], leads: [], bans: [] }
    : full;
};
