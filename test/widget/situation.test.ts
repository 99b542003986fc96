// Who answers, what is waited for and what is asked of the visitor.
import { describe, expect, it } from 'vitest';
import { MESSAGE_LIMIT } from '../../client/widget/panel/model.ts';
import { formOf, noticeOf, personaOf } from '../../client/widget/panel/situation.ts';
import { initialState } from '../../shared/conversation.ts';
import type { ConversationState } from '../../shared/conversation.ts';
import type { VisibleFact } from '../../shared/facts.ts';
import { limits } from '../../shared/text.ts';
import type { PublicWidget } from '../../shared/widget.ts';

const widget = {
  isAutopilot: true,
  assistantName: 'Skipper',
  texts: { title: 'Selwick' },
  form: { name: true, email: true, when: 'after-answer' },
} as PublicWidget;
const open = (control: Partial<ConversationState['control']> = {}, more: Partial<ConversationState> = {}) => {
  const state = initialState('c', true);
  return { ...state, status: 'open' as const, ...more, control: { ...state.control, ...control } };
};
const message = (kind: string, status = 'complete'): VisibleFact =>
  ({
    type: 'message.created',
    seq: 1,
    author: { kind, name: 'Maya Lind' },
    status,
    text: '',
  }) as unknown as VisibleFact;

describe('the situation of a conversation', () => {
  it('shows the picture of the person from the server alone, whatever address a message holds', () => {
    const path = `/avatars/${'0a'.repeat(16)}.png`;
    const pictureOf = (avatarUrl: string) => {
      const said = message('agent') as { author: object };
      const fact = { ...said, author: { ...said.author, avatarUrl } } as VisibleFact;
      const state = open({ agentId: 'a', agentName: 'Maya Lind' });
      return personaOf(widget, state, [fact], 'https://chat.example').avatarUrl;
    };
    expect(pictureOf(path)).toBe(`https://chat.example${path}`);
    const others = [
      `https://evil.example${path}`,
      `//evil.example${path}`,
      'data:,',
      `@evil.example${path}`,
      '/a.png',
      `${path}/`,
    ];
    for (const address of others) expect([address, pictureOf(address)]).toEqual([address, undefined]);
  });

  it('shows the person who holds it by first name, the AI where it answers, else the team', () => {
    expect(personaOf(widget, open(), [])).toMatchObject({ kind: 'ai', name: 'Selwick' });
    expect(personaOf(widget, open({ agentId: 'a', agentName: 'Maya Lind' }), [])).toMatchObject({
      kind: 'agent',
      name: 'Maya',
    });
    expect(personaOf(widget, open({ waiting: 'handoff' }), []).kind).toBe('team');
    expect(personaOf(widget, open({ isAutopilot: false }), []).kind).toBe('team');
  });

  it('says what is waited for, and nothing while an answer is on its way or a person is there', () => {
    const waits = open({ isAutopilot: false }, { unanswered: 3 });
    expect(noticeOf(waits, 'online', false, false)).toBe('approval');
    expect(noticeOf(waits, 'online', true, false)).toBeNull();
    expect(noticeOf(open({ waiting: 'handoff' }), 'online', false, false)).toBe('person');
    expect(noticeOf(open({ waiting: 'failed' }), 'online', false, false)).toBe('failed');
    expect(noticeOf(open({ isAutopilot: false, agentId: 'a' }, { unanswered: 3 }), 'online', false, false)).toBeNull();
    expect(noticeOf(waits, 'away', false, false)).toBe('away');
  });

  it('asks for contact details after the first answer, and never for what is known', () => {
    const facts = [message('visitor'), message('ai')];
    expect(formOf(widget, open(), [message('visitor')], 'online')).toBeNull();
    expect(formOf(widget, open(), [message('visitor'), message('ai', 'interrupted')], 'online')).toBeNull();
    expect(formOf(widget, open(), facts, 'online')).toEqual({ name: true, email: true, reason: 'after-answer' });
    const known = open({}, { visitor: { name: 'Anna', verified: false } });
    expect(formOf(widget, known, facts, 'online')).toEqual({ name: false, email: true, reason: 'after-answer' });
    expect(formOf(widget, open({}, { leadId: 'lead_1' }), facts, 'online')).toBeNull();
  });

  it('asks for an address where nobody can answer, even where the form is off', () => {
    const never = { ...widget, form: { name: false, email: false, when: 'never' as const } };
    expect(formOf(never, open(), [], 'online')).toBeNull();
    expect(formOf(never, open(), [], 'away')).toEqual({ name: false, email: true, reason: 'away' });
  });

  it('lets no message be written that the server would refuse as too long', () => {
    expect(MESSAGE_LIMIT).toBe(limits.message);
  });
});
