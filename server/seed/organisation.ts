// What a new installation holds: the demo business, or an empty organisation that is ready to use.
import { widgetDefaults } from '../domain/widget.ts';
import type { WidgetSettings } from '../../shared/widget.ts';

interface SeedAssistant {
  name: string;
  role: string;
  instructions: string;
  tone: string;
}

export interface SeedOrganisation {
  name: string;
  businessType: string;
  owner: { name: string; email: string };
  assistant: SeedAssistant;
  /** Another one, so that there is something to choose from. */
  second?: SeedAssistant;
  widget: Omit<WidgetSettings, 'assistantId'>;
}

export const demoOrganisation: SeedOrganisation = {
  name: 'Selwick Kayaks',
  businessType: 'kayak hire',
  owner: { name: 'Owner', email: 'owner@selwick-kayaks.example' },
  assistant: {
    name: 'Robin',
    role: 'AI at the boathouse',
    instructions: [
      'You answer visitors of Selwick Kayaks, a small family business that hires out kayaks and paddleboards and guides trips on the River Sel.',
      'Answer from the articles you are given. Give prices, times and ages exactly as they stand there.',
      'Where the articles do not say, tell the visitor so and offer a person; never guess about safety, water levels or refunds.',
      'Bookings, changes and complaints are for a person: offer to hand over.',
    ].join('\n'),
    tone: 'Warm, brief and practical, like somebody at the boathouse counter.',
  },
  second: {
    name: 'Wren',
    role: 'AI for groups and schools',
    instructions:
      'You answer schools, clubs and companies who plan a day on the River Sel. You have no articles of your own yet: say what you do not know, and offer a person.',
    tone: 'Friendly and precise.',
  },
  widget: {
    ...widgetDefaults,
    name: 'Selwick Kayaks website',
    colors: { primary: '#0f6e6e' },
    texts: {
      ...widgetDefaults.texts,
      title: 'Selwick Kayaks',
      welcome: "Hi, I'm Robin, the AI at the boathouse. Ask me about hire, trips or the river.",
      offline: "Nobody is at the boathouse right now. Leave your e-mail and we'll write back.",
      status: 'Answers at once',
      placeholder: 'Ask about hire, trips, the river…',
      csatThanks: 'Thank you, that helps us.',
    },
    openingMessages: ['What does it cost to hire a kayak?', 'Can beginners join a trip?', 'What if it rains?'],
    actionButtons: [{ label: 'Talk to a person', action: 'handoff' }],
    // Whoever has read most of the page is asked once whether anything is left open.
    proactive: {
      isEnabled: true,
      cooldownSeconds: 300,
      triggers: [{ type: 'high_engagement', score: 20, message: '' }],
    },
  },
};

export const emptyOrganisation: SeedOrganisation = {
  name: 'My organisation',
  businessType: '',
  owner: { name: 'Owner', email: 'owner@organisation.example' },
  assistant: {
    name: 'Assistant',
    role: 'AI assistant',
    instructions:
      'Answer from the articles you are given. Where they do not say, tell the visitor so and offer a person.',
    tone: 'Friendly and brief.',
  },
  widget: widgetDefaults,
};
