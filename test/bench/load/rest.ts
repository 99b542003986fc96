// REST calls of the contracts: each lane sends its next request when the last was answered.
import { Histogram } from '../statistics.ts';
import { HttpLane } from './http-lane.ts';
import { inParallel } from './target.ts';
import type { Target } from './target.ts';

export type RestKind = 'widget' | 'message';

export interface RestRun {
  answered: number;
  elapsedMs: number;
  p50: number;
  p99: number;
}

interface Calls {
  lanes: HttpLane[];
  path: string;
  head: string;
  /** The next body; bodies differ as far as callers do. */
  next(): string;
  status: number;
}

let calls: Calls | undefined;

const question = 'What does it cost to hire a kayak for half a day?';

/** Sessions to speak in: one message each, as visitors who come with one question do. */
const sessionsOf = (lane: HttpLane, head: string, count: number): Promise<string[]> =>
  inParallel(count, 1, async () => {
    const { status, body } = await lane.post('/api/widget/session', head, '{}');
    if (status !== 200) throw new Error(`no session: ${status} ${body}`);
    return (JSON.parse(body) as { session_id: string }).session_id;
  });

export const openRest = async (input: {
  target: Target;
  kind: RestKind;
  lanes: number;
  sessions: number;
}): Promise<void> => {
  const { target, kind } = input;
  const lanes = await inParallel(input.lanes, 16, () => HttpLane.open(target.url));
  if (kind === 'widget') {
    const body = JSON.stringify({
      agent_id: target.agentId,
      name: 'Support Widget',
      primary_color: '#4f46e5',
      welcome_message: 'Hi there! How can we help you today?',
      collect_visitor_email: true,
      allowed_domains: ['example.com'],
    });
    calls = {
      lanes,
      path: '/functions/v1/create-chat-widget',
      head: `Authorization: Bearer ${target.keys?.functions ?? ''}\r\n`,
      next: () => body,
      status: 201,
    };
    return;
  }
  const head = `X-API-Key: ${target.keys?.widget ?? ''}\r\n`;
  const each = Math.ceil(input.sessions / lanes.length);
  const sessions = (await Promise.all(lanes.map((lane) => sessionsOf(lane, head, each)))).flat();
  let turn = 0;
  calls = {
    lanes,
    path: '/api/widget/message',
    head,
    next: () => {
      const session = sessions[turn % sessions.length]!;
      turn += 1;
      return `{"session_id":"${session}","message":"${question}","context":{"page_url":"https://example.com/prices"}}`;
    },
    status: 200,
  };
};

/** So many calls, each lane its share as it gets to them. */
export const runRest = async ({ count }: { count: number }): Promise<RestRun> => {
  const { lanes, path, head, status, ...made } = calls!;
  const times = new Histogram();
  const began = performance.now();
  let sent = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      while (sent < count) {
        sent += 1;
        const at = performance.now();
        const answer = await lane.post(path, head, made.next());
        if (answer.status !== status) throw new Error(`${path}: ${answer.status} ${answer.body}`);
        times.add(performance.now() - at);
      }
    }),
  );
  const elapsedMs = performance.now() - began;
  return { answered: sent, elapsedMs, p50: times.percentile(0.5), p99: times.percentile(0.99) };
};
