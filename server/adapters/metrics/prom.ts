// Numbers for operators, in Prometheus' text format: counts and times, never a name or a text.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Metrics } from '../../ports/telemetry.ts';

export interface RenderedMetrics {
  contentType: string;
  body: string;
}

/** One registry per call, so that two servers in one process count apart. */
export const createMetrics = (): Metrics & { render(): Promise<RenderedMetrics> } => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const connections = new Gauge({
    name: 'tiller_connections',
    help: 'Open sockets.',
    labelNames: ['namespace'],
    registers,
  });
  const messages = new Counter({
    name: 'tiller_messages_total',
    help: 'Messages that entered a log.',
    labelNames: ['author'],
    registers,
  });
  const refusals = new Counter({
    name: 'tiller_refusals_total',
    help: 'Commands and requests refused, by code.',
    labelNames: ['surface', 'code'],
    registers,
  });
  const answers = new Counter({
    name: 'tiller_answers_total',
    help: 'Answers that ended, by how.',
    labelNames: ['outcome'],
    registers,
  });
  const firstToken = new Histogram({
    name: 'tiller_first_token_seconds',
    help: "From the visitor's message to the first token.",
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16],
    registers,
  });
  const batches = new Histogram({
    name: 'tiller_commits_per_batch',
    help: 'Commits that shared one write of the store.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    registers,
  });
  const stalled = new Counter({
    name: 'tiller_stalled_sockets_total',
    help: 'Sockets cut because their reader stalled.',
    registers,
  });
  const overloaded = new Gauge({
    name: 'tiller_overloaded',
    help: '1 while this node has too much to do and refuses newcomers and new work of visitors.',
    registers,
  });
  for (const namespace of ['widget', 'console']) connections.set({ namespace }, 0);
  return {
    message: (author) => messages.inc({ author }),
    refused: (surface, code) => refusals.inc({ surface, code }),
    firstToken: (ms) => firstToken.observe(ms / 1000),
    answer: (outcome) => answers.inc({ outcome }),
    connection: (namespace, delta) => connections.inc({ namespace }, delta),
    batch: (commits) => batches.observe(commits),
    stalled: () => stalled.inc(),
    overloaded: (isOver) => overloaded.set(isOver ? 1 : 0),
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
};
