// Random interleavings of visitors, members, the AI and other nodes: what must hold after every one of them.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evolve, initialState, owes } from '../../shared/conversation.ts';
import { foldRow } from '../../shared/inbox.ts';
import type { InboxRow } from '../../shared/inbox.ts';
import { fact as factSchema } from '../../shared/facts.ts';
import type { Fact } from '../../shared/facts.ts';
import { forVisitor, stateForVisitor } from '../../server/domain/audience.ts';
import type { Claim, Command } from '../../server/domain/conversation.ts';
import { isRefusal } from '../../server/domain/decision.ts';
import { World, boss, maya, theo } from '../support/world.ts';

/** Marks what only staff may ever read: it must not turn up in anything that a visitor gets. */
const secret = 'STAFF-ONLY';

type Step = (world: World, claims: Claim[]) => Command | null;

const agent = fc.constantFrom(maya, theo, boss);
const claimOf = (claims: Claim[], which: number): Claim | undefined => claims[which % Math.max(1, claims.length)];
const draftOf = (world: World): string =>
  world.state.draft?.draftId ?? world.log.findLast((fact) => fact.type === 'draft.created')?.draftId ?? 'none';

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.string({ minLength: 1, maxLength: 20 }).map((text): Step => () => ({
      type: 'visitor.message',
      text: `m${text}`,
      clientId: text,
    })),
  },
  fc.constant<Step>(() => ({ type: 'visitor.stop' })),
  fc.constant<Step>(() => ({ type: 'visitor.handoff', reason: secret })),
  fc.constant<Step>(() => ({ type: 'visitor.lead', name: 'Ann', email: 'ann@example.com' })),
  fc.constant<Step>(() => ({ type: 'visitor.identify', name: 'Ann', verified: false })),
  fc.constant<Step>(() => ({ type: 'visitor.csat', rating: 4 })),
  fc.constant<Step>(() => ({ type: 'visitor.leave', next: 'conv_2' })),
  agent.map((by): Step => () => ({ type: 'agent.take', by })),
  fc.tuple(agent, fc.constantFrom('autopilot' as const, 'queue' as const)).map(([by, to]): Step => () => ({
    type: 'agent.release',
    by,
    to,
  })),
  fc.tuple(agent, agent).map(([by, to]): Step => () => ({
    type: 'agent.assign',
    by,
    to: { id: to.agentId, name: to.name },
  })),
  agent.map((by): Step => () => ({ type: 'agent.close', by })),
  agent.map((by): Step => () => ({ type: 'agent.reopen', by })),
  fc.tuple(agent, fc.boolean()).map(([by, isAutopilot]): Step => () => ({ type: 'agent.autopilot', by, isAutopilot })),
  agent.map((by): Step => () => ({ type: 'agent.stop', by })),
  agent.map((by): Step => () => ({ type: 'agent.note', by, text: secret })),
  agent.map((by): Step => () => ({ type: 'agent.label', by, labels: [secret] })),
  agent.map((by): Step => () => ({ type: 'agent.message', by, text: 'by hand', clientId: 'x' })),
  fc.tuple(agent, fc.option(fc.constant('edited'), { nil: undefined })).map(([by, text]): Step => (world) => ({
    type: 'draft.approve',
    by,
    draftId: draftOf(world),
    ...(text === undefined ? {} : { text }),
  })),
  agent.map((by): Step => (world) => ({ type: 'draft.reject', by, draftId: draftOf(world) })),
  agent.map((by): Step => () => ({ type: 'draft.request', by })),
  fc.boolean().map((isOwnerGone): Step => () => ({ type: 'reply.claim', isOwnerGone })),
  fc.boolean().map((isAutopilot): Step => () => ({ type: 'widget.autopilot', isAutopilot })),
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.nat(30), fc.option(fc.constant(secret), { nil: undefined }))
      .map(([which, handoff]): Step => (world, claims) => {
        const claim = claimOf(claims, which);
        if (claim === undefined) return null;
        const isDraft = world.state.reply?.mode === 'draft';
        const usage = { model: secret, inputTokens: 10, totalMs: 5 };
        return {
          type: 'reply.complete',
          claim,
          text: isDraft ? secret : 'An answer',
          sources: [],
          actions: [],
          usage,
          ...(handoff === undefined ? {} : { handoff }),
        };
      }),
  },
  fc.nat(30).map((which): Step => (_, claims) => {
    const claim = claimOf(claims, which);
    return claim === undefined ? null : { type: 'reply.fail', claim, why: secret, detail: secret, sentence: 'Sorry' };
  }),
);

interface Scene {
  step: Step;
  node: 'node_1' | 'node_2' | null;
  said: boolean;
  isStaffOnline: boolean;
}
const scene: fc.Arbitrary<Scene> = fc.record({
  step,
  node: fc.constantFrom('node_1' as const, 'node_1' as const, 'node_2' as const, null),
  said: fc.boolean(),
  isStaffOnline: fc.boolean(),
});

/** Plays scenes on a fresh world; `look` sees every decision that stood. */
const play = (
  scenes: Scene[],
  isAutopilot: boolean,
  look: (world: World, before: World['state'], facts: Fact[], command: Command) => void,
): World => {
  const world = new World();
  world.isAutopilot = isAutopilot;
  const claims: Claim[] = [];
  for (const { step: next, node, said, isStaffOnline } of scenes) {
    world.node = node;
    world.isStaffOnline = isStaffOnline;
    const { reply } = world.state;
    world.said = said && reply !== null ? { replyId: reply.replyId, attempt: reply.attempt, text: 'So far' } : null;
    const command = next(world, claims);
    if (command === null) continue;
    const before = world.state;
    const decision = world.try(command);
    if (isRefusal(decision)) {
      expect(world.state).toBe(before);
      continue;
    }
    for (const fact of decision.facts) {
      if (fact.type === 'reply.claimed')
        claims.unshift({ replyId: fact.replyId, turn: fact.turn, attempt: fact.attempt });
    }
    look(world, before, decision.facts, command);
  }
  return world;
};

const scenes = fc.array(scene, { minLength: 5, maxLength: 60 });

describe('any interleaving', () => {
  it('[R2] leaves a dense log, and folding it gives the state', () => {
    fc.assert(
      fc.property(scenes, fc.boolean(), (all, isAutopilot) => {
        const world = play(all, isAutopilot, () => undefined);
        expect(world.log.map(({ seq }) => seq)).toEqual(world.log.map((_, i) => i + 1));
        expect(new Set(world.log.map(({ id }) => id)).size).toBe(world.log.length);
        const folded = world.log.reduce(evolve, initialState('conv_1', true));
        expect(folded).toEqual(world.state);
      }),
      { numRuns: 300 },
    );
  });

  it('stores nothing that its own schema would refuse', () => {
    fc.assert(
      fc.property(scenes, (all) => {
        const world = play(all, true, () => undefined);
        for (const fact of world.log) expect(factSchema.parse(fact)).toEqual(fact);
      }),
      { numRuns: 60 },
    );
  });

  it('never lets the turn fall, and never keeps a claim or a draft of an older one', () => {
    fc.assert(
      fc.property(scenes, fc.boolean(), (all, isAutopilot) => {
        play(all, isAutopilot, (world, before) => {
          const { control, reply, draft } = world.state;
          expect(control.turn).toBeGreaterThanOrEqual(before.control.turn);
          if (reply !== null) expect(reply.turn).toBe(control.turn);
          if (draft !== null) expect(draft.turn).toBe(control.turn);
          if (control.agentId !== null) expect(control.isAutopilot).toBe(false);
          if (control.waiting !== null) expect(control.waitingSince).toBeTypeOf('number');
        });
      }),
      { numRuns: 300 },
    );
  });

  it('[R9] accepts an answer only from the owner of the folded claim, of this turn and attempt', () => {
    fc.assert(
      fc.property(scenes, fc.boolean(), (all, isAutopilot) => {
        play(all, isAutopilot, (world, before, facts, command) => {
          if (command.type !== 'reply.complete' && command.type !== 'reply.fail') return;
          expect(facts.length).toBeGreaterThan(0);
          expect(before.reply).toMatchObject({ ...command.claim, owner: world.node });
          expect(before.control.turn).toBe(command.claim.turn);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('never has the AI speak to a visitor while a person holds it, or without autopilot or approval', () => {
    fc.assert(
      fc.property(scenes, fc.boolean(), (all, isAutopilot) => {
        play(all, isAutopilot, (_, before, facts, command) => {
          for (const fact of facts) {
            if (fact.type !== 'message.created' || fact.author.kind !== 'ai' || fact.status === 'interrupted') continue;
            if (command.type === 'draft.approve') continue;
            expect(before.control).toMatchObject({ isAutopilot: true, agentId: null });
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  it('[R8] forgets no answer: what is owed is claimed in the very commit, unless the node claims nothing', () => {
    fc.assert(
      fc.property(scenes, fc.boolean(), (all, isAutopilot) => {
        play(all, isAutopilot, (world, _, facts, command) => {
          const isVisitorMessage = command.type === 'visitor.message';
          if (!isVisitorMessage || world.node === null || facts.length === 0) return;
          expect(owes(world.state)).toBe('none');
        });
      }),
      { numRuns: 300 },
    );
  });

  it('never shows a visitor a note, a draft, a label, a cost or a failure', () => {
    fc.assert(
      fc.property(scenes, fc.boolean(), (all, isAutopilot) => {
        // What a person approved unchanged was said in the open; the mark of such a draft is no secret any more.
        const world = play(all, isAutopilot, () => undefined);
        const approved = new Set(world.log.flatMap((fact) => (fact.type === 'draft.approved' ? [fact.messageId] : [])));
        for (const fact of world.log) {
          const seen = forVisitor(fact);
          if (seen.type === 'message.created' && approved.has(seen.messageId)) continue;
          expect(JSON.stringify(seen)).not.toContain(secret);
        }
        expect(JSON.stringify(stateForVisitor(world.state))).not.toContain(secret);
      }),
      { numRuns: 300 },
    );
  });

  it("gives a visitor's own fold of what they see the very state that a view shows them", () => {
    fc.assert(
      fc.property(scenes, fc.boolean(), (all, isAutopilot) => {
        const world = play(all, isAutopilot, () => undefined);
        const folded = world.log.map(forVisitor).reduce(evolve, initialState('conv_1', true));
        expect(folded).toEqual(stateForVisitor(world.state));
      }),
      { numRuns: 300 },
    );
  });

  it('folds the same inbox row from any split into commits, and a commit twice changes nothing', () => {
    fc.assert(
      fc.property(scenes, (all) => {
        let row: InboxRow | undefined;
        const world = play(all, true, (now, _, facts) => {
          if (facts.length === 0) return;
          row = foldRow(row, facts, now.state);
          expect(foldRow(row, facts, now.state)).toBe(row);
        });
        if (row === undefined) return;
        expect(row.head).toEqual(world.state.head);
        expect(row.hasDraft).toBe(world.state.draft !== null);
      }),
      { numRuns: 100 },
    );
  });
});
