// A server's store in a process of its own, to be killed: `append` reports each commit once its promise has resolved.
import { openSqliteStore } from '../../server/adapters/store/sqlite.ts';
import { systemClock } from '../../server/ports/clock.ts';
import { buildLog } from './log-builder.ts';
import type { LogBuilder } from './log-builder.ts';

const [dataDir = '', task = 'hold', orgId = 'org_1'] = process.argv.slice(2);
const store = await openSqliteStore({ dataDir, clock: systemClock });
process.stdout.write('open\n');

const appendForever = async (log: LogBuilder): Promise<never> => {
  await store.append([log.open()]);
  for (let i = 0; ; i++) {
    const entries = [log.say(`message ${i}`)];
    if (i % 2 === 1) entries.push(log.answer(`answer ${i}`));
    const results = await store.append(entries);
    for (const [k, { commit }] of entries.entries()) {
      if (results[k] !== 'appended') throw new Error(results[k]);
      process.stdout.write(`${commit.conversationId} ${commit.key} ${commit.first}\n`);
    }
  }
};

if (task === 'append') await Promise.all(Array.from({ length: 20 }, async () => appendForever(buildLog({ orgId }))));
else setInterval(() => {}, 60_000);
