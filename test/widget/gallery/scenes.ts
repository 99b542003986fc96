// The states of the panel that look.md's checklist is held against, each a few lines of script.
import type { PublicWidget } from '../../../shared/widget.ts';
import { MINUTE } from './scripted-client.ts';
import type { Script } from './scripted-client.ts';

export interface Scene {
  /** Changes to the widget's settings. */
  widget?: Partial<PublicWidget>;
  locale?: string;
  /** Colour of the brand. */
  brand?: string;
  play?: (script: Script) => void | Promise<void>;
  /** Clicks through the shadow root after the script was played. */
  click?: string;
  isClosed?: boolean;
}

const question = 'Do I need a licence for the two-day trip on the Elbe?';
const answer =
  'No licence is needed for the **two-day trip**. You do need to be able to swim, and children under 14 sit with an adult.\n\nWe bring:\n\n- kayaks, paddles and vests\n- dry bags (20 l each)\n- a guide who knows the river';
const long = `${answer}\n\n${Array.from({ length: 9 }, (_, n) => `Day plan, part ${n + 1}: we meet at the boathouse, check the weather together and paddle at the pace of the slowest boat, with a break about every forty minutes.`).join('\n\n')}`;
const sources = [
  { title: 'Trips: the Elbe in two days', url: 'https://example.com/elbe' },
  { title: 'What you need to know before you book with us', url: 'https://example.com/before' },
  { title: 'House rules' },
];
const maya = { name: 'Maya Lindqvist' };
const ai = { author: { name: 'Skipper' } };

const asked = (script: Script): void => void script.say('visitor', question);
const answered = (script: Script): void => {
  asked(script);
  script.say('ai', answer, { ...ai, sources });
};
const taken = (script: Script): void => {
  script.fact({
    type: 'control.changed',
    isAutopilot: false,
    agentId: 'mem_1',
    agentName: maya.name,
    waiting: null,
    turn: 2,
    reason: 'taken',
  });
  script.control({ isAutopilot: false, agentId: 'mem_1', agentName: maya.name });
};
const takeover = (script: Script): void => {
  asked(script);
  const part = 'No licence is needed for the two-day trip. You do need to be able to';
  script.stream('reply-1', part);
  script.say('ai', part, { ...ai, messageId: 'reply-1', status: 'interrupted', cut: 'taken' });
  taken(script);
  script.say('agent', 'Hi, Maya here. One moment, I check the water level for your dates.', { author: maya });
};

export const scenes: Record<string, Scene> = {
  empty: {},
  launcher: { isClosed: true },
  thinking: { play: (script) => (asked(script), script.stream('reply-1', '')) },
  streaming: { play: (script) => (asked(script), script.stream('reply-1', answer.slice(0, 150))) },
  answered: { play: answered },
  actions: {
    play(script) {
      asked(script);
      script.say('ai', 'No licence is needed. Shall I look for free dates?', {
        ...ai,
        sources: sources.slice(0, 1),
        actions: [
          { label: 'Yes, in July', action: 'message' },
          { label: 'Prices', action: 'link', url: '/prices' },
          { label: 'Talk to a person', action: 'handoff' },
          { label: 'No, thanks', action: 'dismiss' },
        ],
      });
    },
  },
  long: { play: (script) => void (asked(script), script.say('ai', long, { ...ai, sources })) },
  unbroken: {
    play(script) {
      script.say('visitor', 'W'.repeat(180));
      script.say('ai', `https://example.com/${'very-long-path-'.repeat(14)} and ${'Donaudampfschiff'.repeat(12)}`, ai);
    },
  },
  markdown: {
    play(script) {
      asked(script);
      script.say(
        'ai',
        '## Booking by API\n\nCall `POST /bookings` with a **token** that costs $5 a month:\n\n```sh\ncurl -X POST https://example.com/bookings -H "Authorization: Bearer $TOKEN" -d "{}"\n```\n\n1. Check *availability*\n2. Book\n   - with [a voucher](https://example.com/voucher)\n   - or [bad](javascript:alert(1)) without\n\n> Bookings are free to change for 24 h.\n\n| Boat | Day | Week |\n|---|---|---|\n| Single | 39 | 180 |\n| Double | 55 | 260 |\n\n![map](https://example.com/map.png)',
        ai,
      );
    },
  },
  takeover: { play: takeover },
  'stopped-by-you': {
    play(script) {
      asked(script);
      script.say('ai', 'No licence is needed for the two-day', { ...ai, status: 'interrupted', cut: 'stopped' });
      script.control({});
    },
  },
  person: {
    play(script) {
      takeover(script);
      script.say('visitor', 'Thank you! We are four, two of them children.');
      script.patch({
        reads: { visitor: 99, staff: 99 },
        typing: { agents: [{ agentId: 'mem_1', name: maya.name }], visitor: false },
      });
    },
  },
  checked: {
    widget: { isAutopilot: false },
    play(script) {
      asked(script);
      script.say('ai', answer, { author: { name: 'Skipper', reviewedBy: maya.name } });
    },
  },
  own: {
    play(script) {
      script.say('visitor', 'Hello?');
      script.queue('Is the river safe in March?', 'failed', { error: { code: 'invalid', message: '' } });
      script.queue('And in April?', 'waiting', { retryAt: Date.now() + 12_000 });
      script.queue('Or May?', 'queued');
    },
  },
  offline: {
    play(script) {
      answered(script);
      script.connection.set({ status: 'offline', since: Date.now() - 5000, retryAt: null });
      script.queue('Can we bring a dog?', 'queued');
    },
  },
  refused: {
    play: (script) =>
      script.connection.set({ status: 'refused', error: { code: 'forbidden', message: 'Not allowed here' } }),
  },
  waiting: {
    play(script) {
      answered(script);
      script.fact({
        type: 'control.changed',
        isAutopilot: true,
        agentId: null,
        agentName: null,
        waiting: 'handoff',
        turn: 2,
        reason: 'handoff',
      });
      script.control({ waiting: 'handoff' });
    },
  },
  approval: {
    widget: { isAutopilot: false },
    play(script) {
      asked(script);
      script.state({ unanswered: 1 });
    },
  },
  away: {
    widget: { availability: 'away', isAutopilot: false },
    play(script) {
      asked(script);
      script.state({ unanswered: 1 });
    },
  },
  'away-empty': { widget: { availability: 'away', isAutopilot: false } },
  'form-after': { widget: { form: { name: true, email: true, when: 'after-answer' } }, play: answered },
  'form-before': { widget: { form: { name: true, email: true, when: 'before' } } },
  csat: {
    play(script) {
      answered(script);
      script.fact({ type: 'conversation.closed', turn: 3, by: { kind: 'agent' } });
      script.state({ status: 'closed', csat: { requested: true, rating: null } });
    },
  },
  days: {
    play(script) {
      const day = 24 * 60 * MINUTE;
      script.say('visitor', 'Hello', {}, Date.now() - 3 * day);
      script.say('ai', 'Hello! Ask me anything about our trips.', ai, Date.now() - 3 * day + 5000);
      script.say('visitor', 'Back again', {}, Date.now() - day);
      script.say('visitor', 'Are there free places in June?', {}, Date.now() - day + MINUTE);
      script.say('ai', 'Yes: the 6th, the 13th and the 20th.', ai, Date.now() - day + 2 * MINUTE);
      script.say('visitor', 'The 13th then.', {}, Date.now() - MINUTE);
    },
  },
  menu: { play: answered, click: '[aria-haspopup=menu]' },
  earlier: {
    play(script) {
      answered(script);
      script.earlier.set([
        {
          conversationId: 'conv_1',
          lastAt: Date.now() - 5e8,
          preview: 'Free places in June for four people',
          status: 'open',
        },
        {
          conversationId: 'conv_2',
          lastAt: Date.now() - 9e9,
          preview: 'هل تحتاج رحلة اليومين إلى رخصة؟',
          status: 'closed',
        },
      ]);
    },
    click: '[aria-haspopup=menu]|[role=menuitem]:nth-of-type(3)',
  },
  arabic: {
    locale: 'ar',
    widget: { openingMessages: [] },
    play(script) {
      script.say('visitor', 'هل أحتاج إلى رخصة للرحلة؟');
      script.say(
        'ai',
        'لا، لا تحتاج إلى **رخصة**. نوفر لك:\n\n- القوارب والمجاديف\n- سترات النجاة\n\n[التفاصيل](https://example.com)',
        {
          author: { name: 'Skipper' },
          sources: sources.slice(0, 1),
        },
      );
      script.say('visitor', 'And in English, is lunch included?');
      script.queue('شكرًا', 'failed', { error: { code: 'invalid', message: '' } });
    },
  },
  'arabic-empty': { locale: 'ar', widget: { openingMessages: ['هل أحتاج إلى رخصة؟'] } },
};
