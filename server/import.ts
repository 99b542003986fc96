// `npm run import -- data/ mongodb://…`: takes the data folder of a single server into the MongoDB of several, and proves it.
import { parseArgs } from 'node:util';
import { StoreStartError } from './adapters/store/data-lock.ts';
import { openImport } from './adapters/store/mongo-import.ts';
import { openExport } from './adapters/store/sqlite-export.ts';
import type { Export } from './adapters/store/sqlite-export.ts';
import { systemClock } from './ports/clock.ts';

const usage = `Usage: npm run import -- <data folder> <mongodb://…> [--verify]

Copies every log, row, document and read mark of a stopped server's data folder into an empty database, then compares
both log by log. Started again after an interruption it goes on where it was. --verify only compares.`;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const number = (value: number): string => value.toLocaleString('en-US');

/** A line about every so many conversations. */
const progress = (total: number): ((done: number) => void) => {
  const step = Math.max(100, Math.ceil(total / 20));
  let next = step;
  return (done) => {
    if (done < next) return;
    next = done + step;
    say(`  ${number(done)} of ${number(total)} conversations`);
  };
};

const run = async (source: Export, url: string, isVerifying: boolean): Promise<number> => {
  const target = await openImport(url, systemClock, source.fingerprint);
  try {
    const { conversations, commits, documents } = source.totals;
    say(`${number(conversations)} conversations, ${number(commits)} commits, ${number(documents)} documents`);
    if (!isVerifying) {
      const { copied, skipped } = await target.copyLogs(source, progress(conversations));
      say(`Copied ${number(copied)} conversations; ${number(skipped)} were there already`);
      await target.copyDocuments(source);
      await target.copyReads(source);
      say(`Copied ${number(documents)} documents`);
    }
    const compared = await target.compare(source);
    for (const difference of compared.found) say(`  ${difference}`);
    if (compared.found.length > 0) {
      say('The two are not the same. Nothing was changed in the data folder; import again, or into an empty database.');
      return 1;
    }
    say(
      `Verified: ${number(compared.conversations)} logs by their hashes, ${number(compared.commits)} commits, ` +
        `${number(compared.documents)} documents. Start the nodes with MONGODB_URL.`,
    );
    return 0;
  } finally {
    await target.close();
  }
};

const main = async (): Promise<number> => {
  const options = { verify: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } as const;
  const { positionals, values } = parseArgs({ options, allowPositionals: true });
  const [dataDir, url] = positionals;
  if (values.help || dataDir === undefined || url === undefined || positionals.length > 2) {
    say(usage);
    return values.help ? 0 : 2;
  }
  const source = openExport(dataDir);
  try {
    return await run(source, url, values.verify);
  } finally {
    source.close();
  }
};

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (isUsage) process.stderr.write(`${error.message}\n\n${usage}\n`);
  else if (error instanceof StoreStartError) process.stderr.write(`Cannot import: ${error.message}\n`);
  else
    process.stderr.write(`The import stopped: ${(error as Error).message}. Started again it goes on where it was.\n`);
  process.exitCode = isUsage ? 2 : 1;
}
