// A conversation that is marked as spam: closed, silent, and as it was once the mark is taken back.
import { beforeEach, describe, expect, it } from 'vitest';
import { evolve, initialState, owes } from '../../shared/conversation.ts';
import { forVisitor, stateForVisitor } from '../../server/domain/audience.ts';
import { World, boss, maya, theo } from '../support/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
  world.visitorSays('Cheap pills');
});

const mark = (isSpam = true, by = maya) => world.do({ type: 'agent.spam', by, isSpam });

describe('a mark of spam', () => {
  it('closes in the same commit, freezes the answer in flight, and asks for no rating', () => {
    world.aiCompletes();
    world.visitorSays('More pills');
    world.aiSaid('We sell');
    expect(world.types(mark())).toEqual(['message.created', 'spam.changed', 'conversation.closed']);
    expect(world.state).toMatchObject({ status: 'closed', isSpam: true, reply: null, unanswered: null });
    expect(world.state.csat.requested).toBe(false);
    expect(owes(world.state)).toBe('none');
  });

  it('changes nothing the second time', () => {
    mark();
    expect(mark()).toEqual([]);
    mark(false);
    expect(mark(false)).toEqual([]);
  });

  it('leaves a conversation closed that was closed before, and open one that it has closed', () => {
    mark();
    expect(world.types(mark(false))).toEqual(['spam.changed', 'conversation.reopened']);
    expect(world.state).toMatchObject({ status: 'open' });
    world.do({ type: 'agent.close', by: maya });
    expect(world.types(mark())).toEqual(['spam.changed']);
    expect(world.types(mark(false))).toEqual(['spam.changed']);
    expect(world.state).toMatchObject({ status: 'closed' });
    expect(world.state).not.toHaveProperty('isSpam');
  });

  it('is refused to who does not hold it, unless they may overrule', () => {
    world.do({ type: 'agent.take', by: theo });
    expect(world.refused({ type: 'agent.spam', by: maya, isSpam: true })).toBe('conflict');
    mark(true, boss);
    expect(world.state.isSpam).toBe(true);
  });

  it('ends where a member takes or reopens the conversation', () => {
    for (const type of ['agent.take', 'agent.reopen'] as const) {
      mark();
      expect(world.types(world.do({ type, by: maya })).slice(0, 2)).toEqual(['spam.changed', 'conversation.reopened']);
      expect(world.state).not.toHaveProperty('isSpam');
      expect(world.state.status).toBe('open');
      world.do({ type: 'agent.close', by: maya });
    }
  });

  it('is hidden from the visitor, in facts and in the state, and both folds agree', () => {
    const all = [...world.log];
    all.push(...mark());
    const seen = all.map(forVisitor);
    expect(JSON.stringify(seen)).not.toContain('spam');
    expect(JSON.stringify(stateForVisitor(world.state))).not.toMatch(/spam/i);
    expect(seen.reduce(evolve, initialState('conv_1', true))).toEqual(stateForVisitor(world.state));
  });
});

describe('in what is marked as spam', () => {
  beforeEach(() => void mark());

  it('nothing a visitor says or leaves is stored, and nobody is woken', () => {
    const before = world.log.length;
    expect(world.refused({ type: 'visitor.message', text: 'Hello?', clientId: 'k' })).toBe('conflict');
    expect(world.refused({ type: 'visitor.handoff' })).toBe('conflict');
    expect(world.refused({ type: 'visitor.lead', email: 'a@b.example' })).toBe('conflict');
    expect(world.refused({ type: 'visitor.csat', rating: 1 })).toBe('conflict');
    expect(world.log).toHaveLength(before);
    expect(world.state.status).toBe('closed');
  });

  it('a visitor may leave, stop and say who they are, as far as the caller can tell', () => {
    expect(world.do({ type: 'visitor.leave', next: 'conv_2' })).toEqual([]);
    expect(world.do({ type: 'visitor.stop' })).toEqual([]);
    expect(world.do({ type: 'visitor.identify', verified: false, name: 'Ann' })).toEqual([]);
    // Whose it is changes nothing of what was marked, and must not be lost.
    const signed = { verified: true, signed: ['name'], name: 'Ann', contactId: 'con_ann' } as const;
    const facts = world.do({ type: 'visitor.identify', ...signed, signed: ['name'] });
    expect(world.types(facts)).toEqual(['visitor.identified']);
    expect(world.state).toMatchObject({ status: 'closed', isSpam: true, contactId: 'con_ann' });
  });
});

describe('an answer to a banned visitor', () => {
  it('is frozen and not owed any more; where nothing is owed nothing happens', () => {
    world.aiSaid('We sell');
    const facts = world.do({ type: 'reply.stop' });
    expect(world.types(facts)).toEqual(['message.created', 'control.changed']);
    expect(world.state).toMatchObject({ reply: null, unanswered: null, status: 'open' });
    expect(world.do({ type: 'reply.stop' })).toEqual([]);
    expect(JSON.stringify(facts.map(forVisitor))).not.toContain('banned');
  });
});
