// The fault catalogue: each row plays one fault and says what came of it.
import { newUuid } from '../../shared/ids.ts';
import { startCluster } from '../cluster/cluster.ts';
import { eventually, peopleOf, staleDeltas, streamed } from '../cluster/people.ts';
import type { Visitor } from '../cluster/people.ts';
import type { FactOf } from '../../shared/facts.ts';
import { emptyRow, pause, underLoad } from './stage.ts';
import type { Row, Scale } from './stage.ts';

export interface RowOptions {
  seed: number;
  /** A tenth of the size, for a look. */
  isQuick: boolean;
}

export interface Played {
  name: string;
  play(options: RowOptions): Promise<Row>;
}

const sized = (isQuick: boolean, visitors: number, messages: number): Scale =>
  isQuick ? { visitors: Math.ceil(visitors / 5), messages: Math.ceil(messages / 2) } : { visitors, messages };

/** An answer that streams until somebody ends it. */
const question = 'Tell me everything about your multi-day trips, please';

const kills: Played = {
  name: 'kill',
  play: ({ seed, isQuick }) =>
    // Some forty messages a second: two cores with everything on them sustain that with a node less, and what is overloaded
    // anyway has a row of its own.
    underLoad(
      'kill -9 of a random node under load',
      { ...sized(isQuick, 200, 50), thinkMs: isQuick ? 2000 : 10_000 },
      seed,
      async (stage) => {
        const times = isQuick ? 2 : 8;
        const recoveries: number[] = [];
        for (let i = 0; i < times; i += 1) {
          const victim = stage.up[Math.floor(stage.random() * stage.up.length)]!;
          await victim.kill();
          await stage.replace(victim);
          recoveries.push(await stage.probe());
          await pause(1000 * stage.random());
        }
        const worst = Math.max(...recoveries);
        return { injected: times, recoveryMs: worst, wrong: worst > 10_000 ? [`recovered in ${worst} ms`] : [] };
      },
    ),
};

const betweens: Played = {
  name: 'between',
  async play({ isQuick }) {
    const cluster = await startCluster({ nodes: 1, env: { AI_BUILTIN_WORDS_PER_SECOND: '0' } });
    const people = peopleOf(() => cluster);
    const row = {
      ...emptyRow(),
      fault: 'kill -9 between commit and publish, and just before the commit',
      recoveryMs: 0,
    };
    const times = isQuick ? 2 : 10;
    for (let i = 0; i < times; i += 1) {
      const fault = i % 2 === 0 ? 'before-publish' : 'before-commit';
      const dying = await cluster.startNode({ fault });
      const visitor = await people.visitor(dying);
      await visitor.say('Hello');
      const agent = await people.staff(cluster.nodes[0]!, visitor.conversationId);
      const clientId = newUuid();
      const began = performance.now();
      await visitor.say('kill me', clientId).catch(() => undefined);
      if (fault === 'before-publish') {
        const fact = await agent.untilFact('message.created', ({ text }) => text === 'kill me');
        row.recoveryMs = Math.max(row.recoveryMs, Math.round(performance.now() - began));
        const again = await people.again(cluster.nodes[0]!, visitor);
        if ((await again.say('kill me', clientId)).seq !== fact.seq) row.wrong.push('another seq on retry');
      } else {
        const again = await people.again(cluster.nodes[0]!, visitor);
        await again.say('kill me', clientId);
      }
      const facts = await cluster.store.factsAfter(visitor.conversationId, 0, 100);
      const mine = facts.filter((fact) => fact.type === 'message.created' && fact.clientId === clientId).length;
      row.lost += mine === 0 ? 1 : 0;
      row.doubled += mine > 1 ? 1 : 0;
      row.messages += 2;
      row.injected += 1;
      people.leave();
    }
    if (row.recoveryMs > 5000) row.wrong.push('peers saw it after more than 5 s');
    await cluster.close();
    return row;
  },
};

const redisAway = (seconds: number): Played => ({
  name: `redis-${seconds}`,
  play: ({ seed, isQuick }) =>
    underLoad(
      `Redis killed for ${seconds} s`,
      { ...sized(isQuick, 40, seconds > 10 ? 120 : 40), thinkMs: 1000 },
      seed,
      async (stage) => {
        await stage.cluster.redis.kill();
        const before = stage.load.acked();
        await pause(seconds * 1000);
        const during = stage.load.acked() - before;
        await stage.cluster.redis.restart();
        const recoveryMs = await stage.probe();
        const died = stage.up.filter(({ process }) => process.exitCode !== null);
        return {
          injected: 1,
          recoveryMs,
          note: `${during} acked meanwhile`,
          wrong: [
            ...died.map(({ port }) => `the node at ${port} died`),
            ...(during === 0 ? ['nothing was acked meanwhile'] : []),
            ...(recoveryMs > 5000 ? [`converged after ${Math.round(recoveryMs)} ms`] : []),
          ],
        };
      },
    ),
});

/** Streams on one node, and watchers of each on another. */
const streams = async (count: number, env: Record<string, string> = {}) => {
  const cluster = await startCluster({ nodes: 2, env: { AI_BUILTIN_WORDS_PER_SECOND: '20', ...env } });
  const people = peopleOf(() => cluster);
  const [owner, other] = cluster.nodes as [(typeof cluster.nodes)[0], (typeof cluster.nodes)[0]];
  const visitors: Visitor[] = await Promise.all(Array.from({ length: count }, () => people.visitor(owner)));
  await Promise.all(visitors.map((visitor) => visitor.say(question)));
  const watchers = await Promise.all(visitors.map(({ conversationId }) => people.staff(other, conversationId)));
  await Promise.all(watchers.map((watcher) => watcher.untilSignal('reply.delta', ({ offset }) => offset > 40)));
  return { cluster, people, owner, other, visitors, watchers };
};

const frozenTakeover: Played = {
  name: 'takeover-frozen-redis',
  async play({ isQuick }) {
    const { cluster, people, visitors, watchers } = await streams(isQuick ? 5 : 30);
    const row = {
      ...emptyRow(),
      fault: 'Redis frozen for 8 s during takeovers on another node',
      injected: visitors.length,
    };
    cluster.redis.freeze();
    let worst = 0;
    await Promise.all(
      visitors.map(async ({ client, conversationId }, i) => {
        await watchers[i]!.must('conversation:take', { conversationId, clientId: newUuid() });
        const takenAt = performance.now();
        await client.untilFact('control.changed');
        worst = Math.max(worst, performance.now() - takenAt);
      }),
    );
    await pause(8000);
    cluster.redis.thaw();
    for (const [i, { conversationId, client }] of visitors.entries()) {
      const clientId = newUuid();
      await watchers[i]!.must('message:send', { conversationId, clientId, text: 'A person now' });
      await client.untilFact('message.created', ({ author }) => author.kind === 'agent');
    }
    await pause(1000);
    for (const [i, { client, conversationId }] of visitors.entries()) {
      row.stale += staleDeltas(client) + staleDeltas(watchers[i]!);
      const facts = await cluster.store.factsAfter(conversationId, 0, 100);
      const cut = facts.find((fact) => fact.type === 'message.created' && fact.status === 'interrupted') as
        | FactOf<'message.created'>
        | undefined;
      if (cut !== undefined && !streamed(client, cut.messageId).text.startsWith(cut.text)) row.reordered += 1;
      row.messages += 2;
    }
    row.recoveryMs = Math.round(worst);
    row.note = 'recovery: from the take to the fact at the visitor';
    if (worst > 1500) row.wrong.push(`a stream went on for ${Math.round(worst)} ms`);
    people.leave();
    await cluster.close();
    return row;
  },
};

const owners = (isFrozen: boolean): Played => ({
  name: isFrozen ? 'owner-frozen' : 'owner-killed',
  async play({ isQuick }) {
    const { cluster, people, owner, visitors, watchers } = await streams(isQuick ? 3 : 20);
    const row = {
      ...emptyRow(),
      fault: isFrozen ? 'owner frozen until another claimed, then thawed' : 'owner of answers killed',
      injected: visitors.length,
    };
    const began = performance.now();
    if (isFrozen) owner.freeze();
    else await owner.kill();
    await Promise.all(watchers.map((watcher) => watcher.untilFact('reply.claimed', ({ attempt }) => attempt === 2)));
    row.recoveryMs = Math.round(performance.now() - began);
    if (row.recoveryMs > 10_000) row.wrong.push('claimed after more than 10 s');
    if (isFrozen) {
      owner.thaw();
      await pause(3000);
    }
    await Promise.all(
      visitors.map(async ({ conversationId }, i) => {
        const watcher = watchers[i]!;
        await watcher.untilSignal('reply.delta', ({ attempt, offset }) => attempt === 2 && offset > 100);
        await watcher.must('reply:stop', { conversationId, clientId: newUuid() });
        const cut = await watcher.untilFact('message.created', ({ status }) => status === 'interrupted');
        await eventually(async () => {
          const facts = await cluster.store.factsAfter(conversationId, 0, 100);
          const answers = facts.filter((fact) => fact.type === 'message.created' && fact.author.kind === 'ai');
          if (answers.length !== 1) throw new Error(`${answers.length} answers`);
        });
        if (streamed(watcher, cut.messageId).text !== cut.text) row.reordered += 1;
        row.stale += staleDeltas(watcher);
        row.messages += 2;
      }),
    );
    people.leave();
    await cluster.close();
    return row;
  },
});

const races: Played = {
  name: 'races',
  async play({ isQuick }) {
    const cluster = await startCluster({ nodes: 2, env: { AI_BUILTIN_WORDS_PER_SECOND: '0' } });
    const people = peopleOf(() => cluster);
    const [here, there] = cluster.nodes as [(typeof cluster.nodes)[0], (typeof cluster.nodes)[0]];
    const theo = await people.colleague('Theo');
    const [one, two] = [await people.staff(here), await people.staff(there, undefined, theo.token)];
    const visitors = await Promise.all(Array.from({ length: 20 }, () => people.visitor(here)));
    await Promise.all(visitors.map((visitor) => visitor.say('Hi')));
    const row = { ...emptyRow(), fault: 'two agents on two nodes take the same conversation' };
    const total = isQuick ? 100 : 1000;
    for (let done = 0; done < total; done += visitors.length) {
      await Promise.all(
        visitors.map(async ({ conversationId }) => {
          const take = (agent: typeof one) => agent.ask('conversation:take', { conversationId, clientId: newUuid() });
          const [a, b] = await Promise.all([take(one), take(two)]);
          if (a.ok === b.ok) row.wrong.push(`${a.ok ? 'two' : 'no'} winners in ${conversationId}`);
          const winner = a.ok ? one : two;
          await winner.must('conversation:release', { conversationId, clientId: newUuid(), to: 'queue' });
          row.injected += 1;
        }),
      );
    }
    row.messages = row.injected * 2;
    people.leave();
    await cluster.close();
    return row;
  },
};

export const rows: Played[] = [
  kills,
  betweens,
  redisAway(2),
  redisAway(15),
  redisAway(60),
  frozenTakeover,
  owners(false),
  owners(true),
  races,
];
