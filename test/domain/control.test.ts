// Every row of "Control, and who acts when".
import { beforeEach, describe, expect, it } from 'vitest';
import { owes } from '../../shared/conversation.ts';
import type { FactOf } from '../../shared/facts.ts';
import type { Command } from '../../server/domain/conversation.ts';
import { World, boss, maya, theo } from '../support/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

describe('an answer in flight', () => {
  beforeEach(() => {
    world.visitorSays();
    world.aiSaid('The price is');
  });

  const cuts: [string, () => ReturnType<World['do']>, string][] = [
    ['a take', () => world.do({ type: 'agent.take', by: maya }), 'taken'],
    ["the visitor's stop", () => world.do({ type: 'visitor.stop' }), 'stopped'],
    ["staff's stop", () => world.do({ type: 'agent.stop', by: maya }), 'stopped'],
    ['autopilot off', () => world.do({ type: 'agent.autopilot', by: maya, isAutopilot: false }), 'autopilot'],
    ['a close', () => world.do({ type: 'agent.close', by: maya }), 'closed'],
    ['a new message', () => world.visitorSays('And for two?'), 'message'],
    ['a hand-off', () => world.do({ type: 'visitor.handoff' }), 'handoff'],
    [
      'an assignment',
      () => world.do({ type: 'agent.assign', by: maya, to: { id: 'mem_theo', name: 'Theo' } }),
      'assigned',
    ],
    ["the widget's switch", () => world.do({ type: 'widget.autopilot', isAutopilot: false }), 'widget'],
  ];

  it.each(cuts)('is frozen first by %s, in the same commit', (_, act, reason) => {
    const { replyId, turn } = world.state.reply!;
    const facts = act();
    expect(facts[0]).toMatchObject({
      type: 'message.created',
      messageId: replyId,
      text: 'The price is',
      status: 'interrupted',
      cut: reason,
      author: { kind: 'ai' },
    });
    expect(facts.length).toBeGreaterThan(1);
    expect(world.state.control.turn).toBeGreaterThan(turn);
    expect(world.state.reply?.replyId).not.toBe(replyId);
  });

  it.each(cuts)('leaves no message behind where nothing was said before %s', (_, act) => {
    world.said = null;
    const facts = act();
    expect(facts.filter((fact) => fact.type === 'message.created' && fact.author.kind === 'ai')).toEqual([]);
  });

  it('[R9] refuses the completion of an older turn, and of an older attempt', () => {
    const { replyId, turn, attempt } = world.state.reply!;
    const late: Extract<Command, { type: 'reply.complete' }> = {
      type: 'reply.complete',
      claim: { replyId, turn, attempt },
      text: 'late',
      sources: [],
      actions: [],
    };
    world.node = 'node_2';
    world.do({ type: 'reply.claim', isOwnerGone: true });
    expect(world.state.reply).toMatchObject({ replyId, attempt: attempt + 1, owner: 'node_2' });
    world.node = 'node_1';
    expect(world.refused(late)).toBe('stale_turn');
    world.do({ type: 'agent.take', by: maya });
    expect(world.refused(late)).toBe('stale_turn');
    expect(world.refused({ ...late, claim: { replyId, turn, attempt: attempt + 1 } })).toBe('stale_turn');
  });

  it('is not answered again by itself after a stop', () => {
    world.do({ type: 'visitor.stop' });
    expect(owes(world.state)).toBe('none');
  });

  it('never freezes the text of another attempt', () => {
    world.node = 'node_2';
    world.do({ type: 'reply.claim', isOwnerGone: true });
    expect(world.types(world.do({ type: 'agent.take', by: maya }))).toEqual(['control.changed']);
  });
});

describe('closed', () => {
  beforeEach(() => {
    world.visitorSays();
    world.aiCompletes();
    world.do({ type: 'agent.take', by: maya });
    world.do({ type: 'agent.close', by: maya });
  });

  it("reopens with a visitor's message under the widget's default control, and claims the answer", () => {
    const facts = world.visitorSays('One more thing');
    expect(world.types(facts)).toEqual(['conversation.reopened', 'message.created', 'reply.claimed']);
    expect(world.state.control).toMatchObject({ isAutopilot: true, agentId: null });
  });

  it('reopens with a take', () => {
    const facts = world.do({ type: 'agent.take', by: theo });
    expect(world.types(facts)).toEqual(['conversation.reopened', 'control.changed']);
    expect(world.state).toMatchObject({ status: 'open', control: { agentId: theo.agentId } });
  });

  it('refuses release, assign and autopilot', () => {
    expect(world.refused({ type: 'agent.release', by: maya, to: 'queue' })).toBe('conflict');
    expect(world.refused({ type: 'agent.autopilot', by: maya, isAutopilot: true })).toBe('conflict');
    expect(world.refused({ type: 'agent.assign', by: maya, to: { id: 'x', name: 'X' } })).toBe('conflict');
  });

  it('asks for a rating once', () => {
    expect(world.state.csat.requested).toBe(true);
    world.do({ type: 'agent.reopen', by: maya });
    expect(world.types(world.do({ type: 'agent.close', by: maya }))).toEqual(['conversation.closed']);
  });
});

describe('held', () => {
  let taken: FactOf<'control.changed'>;
  beforeEach(() => {
    world.visitorSays();
    world.aiCompletes();
    taken = world.do({ type: 'agent.take', by: maya }).at(-1) as typeof taken;
  });

  it('gives the holder the same ack again, and writes nothing', () => {
    const again = world.try({ type: 'agent.take', by: maya });
    expect(again).toMatchObject({ facts: [], result: { seq: taken.seq } });
  });

  it('refuses another with who has it', () => {
    const refusal = world.try({ type: 'agent.take', by: theo });
    expect(refusal).toMatchObject({
      refused: 'conflict',
      details: { control: { agentId: maya.agentId, agentName: 'Maya' } },
    });
  });

  it('is moved by a role that may, and by no other', () => {
    const to = { id: theo.agentId, name: 'Theo' };
    expect(world.refused({ type: 'agent.assign', by: theo, to })).toBe('conflict');
    world.do({ type: 'agent.assign', by: boss, to });
    expect(world.state.control).toMatchObject({ agentId: theo.agentId, isAutopilot: false });
  });

  it('is handed back to the AI by its holder alone, which implies release', () => {
    expect(world.refused({ type: 'agent.autopilot', by: theo, isAutopilot: true })).toBe('conflict');
    world.do({ type: 'agent.autopilot', by: maya, isAutopilot: true });
    expect(world.state.control).toMatchObject({ isAutopilot: true, agentId: null, waiting: null });
  });

  it('lets only the holder write', () => {
    expect(world.refused({ type: 'agent.message', by: theo, text: 'hi', clientId: 'a' })).toBe('forbidden');
    expect(world.types(world.do({ type: 'agent.message', by: maya, text: 'hi', clientId: 'a' }))).toEqual([
      'message.created',
    ]);
  });

  it('owes nothing while a person is there', () => {
    world.visitorSays('Anybody?');
    expect(world.state.reply).toBeNull();
    expect(owes(world.state)).toBe('none');
  });

  it('answers an unanswered message when it is released to autopilot', () => {
    world.visitorSays('Anybody?');
    expect(world.types(world.do({ type: 'agent.release', by: maya, to: 'autopilot' }))).toEqual([
      'control.changed',
      'reply.claimed',
    ]);
    expect(world.state.reply?.mode).toBe('answer');
  });

  it('starts nothing when it is released with nothing unanswered', () => {
    world.visitorSays('Anybody?');
    world.do({ type: 'agent.message', by: maya, text: 'Yes', clientId: 'a' });
    expect(world.types(world.do({ type: 'agent.release', by: maya, to: 'autopilot' }))).toEqual(['control.changed']);
  });

  it('waits in the queue when it is released to it', () => {
    world.do({ type: 'agent.release', by: maya, to: 'queue' });
    expect(world.state.control).toMatchObject({ agentId: null, waiting: 'released' });
    expect(world.state.control.waitingSince).toBeTypeOf('number');
  });

  it("keeps its holder when the widget's switch changes", () => {
    expect(world.do({ type: 'widget.autopilot', isAutopilot: true })).toEqual([]);
  });
});

describe("the widget's switch", () => {
  it('moves an open conversation that nobody holds, with the reason', () => {
    world.visitorSays();
    world.aiCompletes();
    expect(world.do({ type: 'widget.autopilot', isAutopilot: false })).toMatchObject([
      { type: 'control.changed', reason: 'widget' },
    ]);
    world.visitorSays('More');
    expect(world.state.reply?.mode).toBe('draft');
  });
});

describe('a draft', () => {
  let draftId: string;
  beforeEach(() => {
    world.isAutopilot = false;
    world.visitorSays();
    draftId = world.state.reply!.replyId;
    world.aiCompletes('A draft');
  });

  it('is made instead of an answer, and nothing of it is said', () => {
    expect(world.state.draft?.draftId).toBe(draftId);
    expect(world.log.filter((fact) => fact.type === 'message.created' && fact.author.kind === 'ai')).toEqual([]);
    expect(owes(world.state)).toBe('none');
  });

  it('goes out as the AI, reviewed, where it is approved as it is; the same ack again', () => {
    const facts = world.do({ type: 'draft.approve', by: maya, draftId });
    expect(facts).toMatchObject([
      { type: 'draft.approved' },
      { type: 'message.created', messageId: draftId, text: 'A draft', author: { kind: 'ai', reviewedBy: 'Maya' } },
    ]);
    const again = world.try({ type: 'draft.approve', by: theo, draftId });
    expect(again).toMatchObject({ facts: [], result: { messageId: draftId, seq: facts[1]!.seq } });
  });

  it("goes out as the person's own where the text was edited", () => {
    const facts = world.do({ type: 'draft.approve', by: maya, draftId, text: 'Better' });
    expect(facts[1]).toMatchObject({ text: 'Better', author: { kind: 'agent', name: 'Maya' } });
  });

  it('is dead when the turn rises', () => {
    world.visitorSays('Wait');
    expect(world.refused({ type: 'draft.approve', by: maya, draftId })).toBe('stale_turn');
    expect(world.refused({ type: 'draft.reject', by: maya, draftId })).toBe('stale_turn');
  });

  it('is dropped by a rejection, and not written again by itself', () => {
    world.do({ type: 'draft.reject', by: maya, draftId });
    expect(owes(world.state)).toBe('none');
    expect(world.refused({ type: 'draft.approve', by: maya, draftId })).toBe('stale_turn');
  });

  it("is the holder's alone to approve, where it is held", () => {
    world.do({ type: 'agent.take', by: maya });
    world.do({ type: 'draft.request', by: maya });
    const mine = world.state.reply!.replyId;
    world.aiCompletes('Another');
    expect(world.refused({ type: 'draft.approve', by: theo, draftId: mine })).toBe('forbidden');
    world.do({ type: 'draft.approve', by: maya, draftId: mine });
  });

  it('is made all the same with no staff online, and the conversation waits', () => {
    const other = new World();
    other.isAutopilot = false;
    other.isStaffOnline = false;
    const facts = other.visitorSays();
    expect(other.types(facts)).toEqual(['conversation.opened', 'message.created', 'control.changed', 'reply.claimed']);
    expect(other.state).toMatchObject({ control: { waiting: 'handoff' }, reply: { mode: 'draft' } });
  });
});

describe('a failure', () => {
  it('tells the visitor an honest sentence, tells staff why, and waits for a person', () => {
    world.visitorSays();
    world.aiSaid('Half an');
    const { replyId, turn, attempt } = world.state.reply!;
    const facts = world.do({
      type: 'reply.fail',
      claim: { replyId, turn, attempt },
      why: 'stalled',
      sentence: 'Sorry.',
    });
    expect(facts).toMatchObject([
      { type: 'message.created', status: 'interrupted', text: 'Half an' },
      { type: 'reply.failed', why: 'stalled' },
      { type: 'message.created', author: { kind: 'system' }, text: 'Sorry.' },
      { type: 'control.changed', waiting: 'failed' },
    ]);
    expect(owes(world.state)).toBe('none');
  });
});

describe('a draining node', () => {
  it('commits a message and claims nothing; the answer stays owed', () => {
    world.node = null;
    expect(world.types(world.visitorSays())).toEqual(['conversation.opened', 'message.created']);
    expect(owes(world.state)).toBe('answer');
  });
});

describe('a holder who is gone', () => {
  it('lets go to the queue, and only of what they still hold', () => {
    world.visitorSays();
    world.do({ type: 'agent.take', by: maya });
    const facts = world.do({ type: 'holder.absent', agentId: 'mem_maya' });
    expect(facts[0]).toMatchObject({ type: 'control.changed', agentId: null, waiting: 'released', reason: 'released' });
    expect(facts[0]).not.toHaveProperty('by');
    expect(world.do({ type: 'holder.absent', agentId: 'mem_maya' })).toEqual([]);
    world.do({ type: 'agent.take', by: theo });
    expect(world.do({ type: 'holder.absent', agentId: 'mem_maya' })).toEqual([]);
    expect(world.state.control.agentId).toBe('mem_theo');
  });
});

describe('[R9] a claim of an owner that is gone', () => {
  it('is refused its sense where another one has claimed meanwhile', () => {
    world.visitorSays();
    world.node = 'node_2';
    world.do({ type: 'reply.claim', isOwnerGone: true, owner: 'node_1' });
    world.node = 'node_3';
    expect(world.do({ type: 'reply.claim', isOwnerGone: true, owner: 'node_1' })).toEqual([]);
    expect(world.state.reply).toMatchObject({ owner: 'node_2', attempt: 2 });
  });
});
