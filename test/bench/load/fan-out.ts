// One conversation with many members: facts at a steady pace, each delivered to all.
import { Histogram } from '../statistics.ts';
import type { WireClient } from '../wire-client.ts';
import { inParallel, openAgent, openVisitor, say } from './target.ts';
import type { Target, Visitor } from './target.ts';

export interface FanOutRun {
  facts: number;
  deliveries: number;
  p50: number;
  p99: number;
}

let speaker: Visitor;
let members: WireClient[] = [];

/** Tabs of one visitor, and the agent who has taken the conversation: as many sockets in one room. */
export const connectMembers = async ({ target, count }: { target: Target; count: number }): Promise<void> => {
  speaker = await openVisitor(target);
  await say(speaker, 'Hello');
  const agent = await openAgent(target, speaker.conversationId);
  const tabs = await inParallel(count - 2, 20, () => openVisitor(target, speaker));
  members = [speaker.client, agent, ...tabs.map(({ client }) => client)];
};

const text = 'Could you tell me whether the Saturday trip still has two places left for beginners?';

export const runFanOut = async ({ perSecond, ms }: { perSecond: number; ms: number }): Promise<FanOutRun> => {
  const times = new Histogram();
  const sentAt: number[] = [];
  const total = Math.round((perSecond * ms) / 1000);
  await new Promise<void>((resolve, reject) => {
    let left = total * members.length;
    for (const client of members) {
      // Facts of one room arrive in order, so a member's n-th is the n-th sent.
      let seen = 0;
      client.onEvent = (bytes) => {
        if (bytes[2] !== 0x66) return;
        times.add(performance.now() - sentAt[seen]!);
        seen += 1;
        left -= 1;
        if (left === 0) resolve();
      };
    }
    const began = performance.now();
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - began) * perSecond) / 1000) + 1);
      while (sentAt.length < due) {
        sentAt.push(performance.now());
        say(speaker, text).catch(reject);
      }
      if (sentAt.length === total) clearInterval(timer);
    }, 2);
  });
  return { facts: total, deliveries: times.total, p50: times.percentile(0.5), p99: times.percentile(0.99) };
};
