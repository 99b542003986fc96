// The product as it is composed, with a scripted model, and on request with the store that is not durable.
import { startNode } from '../../../server/compose.ts';
import { readConfig } from '../../../server/config.ts';
import { systemClock } from '../../../server/ports/clock.ts';
import type { Parts } from '../../../server/compose.ts';
import { serveParent } from '../child.ts';
import { commandsSoFar, watchCommands } from './commands.ts';
import { fillStore } from './fill.ts';
import { openForgetfulStore } from './forgetful-store.ts';
import { startProfile, stopProfile } from './profile.ts';
import { createShortModel, createTokenModel } from './token-source.ts';

const env = process.env;
if (env['BENCH_COMMANDS'] === '1') watchCommands();
/** The answerer that comes with the product, without its pace. */
const isBuiltin = env['BENCH_MODEL'] === 'builtin';
const config = readConfig({
  ...env,
  PORT: '0',
  LOG_LEVEL: 'error',
  TILLER_LIMITS: 'off',
  TILLER_DEMO: '0',
  AI_BUILTIN_WORDS_PER_SECOND: '0',
});
const tokens = Number(env['BENCH_TOKENS'] ?? 0);
const parts: Parts = {
  distDir: env['DATA_DIR'] ?? '.',
  ...(isBuiltin ? {} : { model: tokens > 0 ? createTokenModel({ perSecond: 50, count: tokens }) : createShortModel() }),
  ...(env['BENCH_STORE'] === 'memory' ? { store: await openForgetfulStore({ clock: systemClock }) } : {}),
};
const node = await startNode(config, parts);
const { url, facts, store } = node;
const { keys } = facts;
const owner = await store.documents.members.find('email:owner@organisation.example');
const [assistant] = await store.documents.assistants.list(owner?.orgId ?? '', { limit: 1 });

/** As many articles as a small business has, one of which answers what is asked. */
const teach = async ({ id: assistantId, orgId }: { id: string; orgId: string }): Promise<void> => {
  const now = Date.now();
  for (let n = 0; n < 40; n += 1) {
    const isPrices = n === 7;
    await store.documents.articles.put({
      id: `art_${String(n).padStart(24, '0')}`,
      orgId,
      createdAt: now,
      updatedAt: now,
      assistantId,
      title: isPrices ? 'What it costs to hire a kayak' : `House rule ${n}`,
      text: isPrices
        ? 'A single kayak is £28 for half a day and £42 for a whole one. A tandem is £45 and £68. Paddles are included.'
        : `Rule number ${n} says that boats of row ${n} are back at the pontoon by ${(n % 9) + 9} o'clock. `.repeat(4),
    });
  }
};
if (isBuiltin && assistant !== undefined) await teach(assistant);

serveParent({
  about: () => ({ url, widgetKey: facts.widgetKey, token: keys?.console, keys, agentId: assistant?.uuid }),
  fill: (input: { from: number; to: number }) => fillStore(store, input),
  commands: commandsSoFar,
  startProfile,
  stopProfile,
});
