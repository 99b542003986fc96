// The product as it is composed, with a scripted model, and on request with the store that is not durable.
import { startNode } from '../../../server/compose.ts';
import { readConfig } from '../../../server/config.ts';
import { systemClock } from '../../../server/ports/clock.ts';
import type { Parts } from '../../../server/compose.ts';
import { serveParent } from '../child.ts';
import { fillStore } from './fill.ts';
import { openForgetfulStore } from './forgetful-store.ts';
import { startProfile, stopProfile } from './profile.ts';
import { createShortModel, createTokenModel } from './token-source.ts';

const env = process.env;
const config = readConfig({ ...env, PORT: '0', LOG_LEVEL: 'error', TILLER_LIMITS: 'off', TILLER_DEMO: '0' });
const tokens = Number(env['BENCH_TOKENS'] ?? 0);
const parts: Parts = {
  distDir: env['DATA_DIR'] ?? '.',
  model: tokens > 0 ? createTokenModel({ perSecond: 50, count: tokens }) : createShortModel(),
  ...(env['BENCH_STORE'] === 'memory' ? { store: await openForgetfulStore({ clock: systemClock }) } : {}),
};
const node = await startNode(config, parts);
const { url, facts, store } = node;

serveParent({
  about: () => ({ url, widgetKey: facts.widgetKey, token: facts.keys?.console }),
  fill: (input: { from: number; to: number }) => fillStore(store, input),
  startProfile,
  stopProfile,
});
