// A node's store in a process of its own, to be killed: it reports each commit once its promise has resolved.
import { openMongoStore } from '../../server/adapters/store/mongo.ts';
import { systemClock } from '../../server/ports/clock.ts';
import { buildLog } from './log-builder.ts';
import type { LogBuilder } from './log-builder.ts';

const [url = '', orgId = 'org_1'] = process.argv.slice(2);
const store = await openMongoStore({ url, clock: systemClock, follows: true });
process.stdout.write('open\n');

const appendForever = async (log: LogBuilder): Promise<never> => {
  for (let i = 0; ; i++) {
    const entry = i === 0 ? log.open() : log.say(`message ${i}`);
    const [result] = await store.append([entry]);
    if (result !== 'appended') throw new Error(result);
    process.stdout.write(`${entry.commit.conversationId} ${entry.commit.key} ${entry.commit.first}\n`);
  }
};

await Promise.all(Array.from({ length: 12 }, async () => appendForever(buildLog({ orgId }))));
