// What a start tells: everything once, the public part ever after.
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { embedCode } from '../domain/widget.ts';
import type { Config } from '../config.ts';
import { upgrade } from './upgrade.ts';
import type { Widget } from '../../shared/widget.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Member } from '../ports/documents.ts';
import type { Log } from '../ports/telemetry.ts';
import { makeLink } from '../usecases/accounts.ts';
import { readInstallation, writingTo } from '../usecases/installation.ts';
import type { Installation } from '../usecases/installation.ts';
import { seed } from './demo.ts';
import type { SeedDeps, SeedKeys } from './demo.ts';
import { pause } from '../usecases/stall.ts';

export interface FirstRunDeps extends SeedDeps {
  log?: Pick<Log, 'warn'>;
}

/** The facts of `first-run.json`. `keys` are there at the first start alone; `consoleUrl` is then the one-time link. */
export interface FirstRunFacts {
  url: string;
  consoleUrl: string;
  /** Null where there is no demo. */
  demoUrl: string | null;
  embed: string;
  widgetKey: string;
  keys?: SeedKeys;
}

const publicFacts = (url: string, { isDemo }: Installation, widget: Widget | undefined): FirstRunFacts => ({
  url,
  consoleUrl: `${url}/console`,
  demoUrl: isDemo ? `${url}/demo` : null,
  embed: widget === undefined ? '' : embedCode(url, widget.widgetKey),
  widgetKey: widget?.widgetKey ?? '',
});

/** Where the facts of the first start lie. */
export const firstRunFile = (dataDir: string): string => join(dataDir, 'first-run.json');

/** Readable by the owner of the process alone, also where the file was there already. */
const writeFacts = async (dataDir: string, facts: FirstRunFacts): Promise<void> => {
  const file = firstRunFile(dataDir);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await writeFile(file, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
};

/** Deletes the file; the keys that it held stay valid. Resolves to whether there was one. */
export const forgetFirstRun = (dataDir: string): Promise<boolean> =>
  rm(firstRunFile(dataDir)).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );

/** A link for an owner who never signed in and whose link has expired; nobody else could let them in. */
const linkAgain = async (deps: SeedDeps, owner: Member, isWanted: boolean): Promise<string | undefined> => {
  if (!isWanted) {
    if (owner.passwordHash !== undefined) return undefined;
    const credentials = await deps.store.documents.credentials.list(owner.orgId, { group: owner.id });
    const now = deps.clock.now();
    if (credentials.some(({ kind, expiresAt }) => kind === 'link' && (expiresAt ?? now) > now)) return undefined;
  }
  return makeLink(deps, owner);
};

/** Other nodes start as well, and a node that died in the middle of its first start is waited for, ms. */
const PATIENCE_MS = 60_000;

/** Tries again for a while where the store does not answer or another node has its turn. @throws whatever it did in the end */
const whenItAnswers = async <T>({ clock, log }: FirstRunDeps, task: () => Promise<T>): Promise<T> => {
  const end = clock.monotonic() + PATIENCE_MS;
  for (;;) {
    try {
      return await task();
    } catch (error) {
      const isPassing = error instanceof ChatError && error.code === 'unavailable';
      if (!isPassing || clock.monotonic() > end) throw error;
      log?.warn({ err: error }, 'the first start waits for the store');
      await pause(500, undefined);
    }
  }
};

/** Whether the widget of these facts is in the store. */
const isServed = async ({ store }: FirstRunDeps, { widgetKey }: FirstRunFacts): Promise<boolean> =>
  (await store.documents.widgets.find(`key:${widgetKey}`)) !== undefined;

/** What a start tells. */
export interface FirstRun {
  facts: FirstRunFacts;
  isFirst: boolean;
  /** Whether the file with the first keys is still there, although the owner has a password and can make others. */
  keepsKeys: boolean;
}

/**
 * Seeds an empty store, writes `DATA_DIR/first-run.json` and gives what the start may print.
 * @param url the installation's address, without a trailing slash
 * @param options `renewsLink`: a fresh one-time link for the owner, who has lost the password
 */
export const firstRun = async (
  deps: FirstRunDeps,
  config: Pick<Config, 'dataDir' | 'seedsDemo'>,
  url: string,
  { renewsLink = false }: { renewsLink?: boolean } = {},
): Promise<FirstRun> => {
  let facts: FirstRunFacts | undefined;
  const isFirst = await whenItAnswers(deps, async () => {
    const seeded = await deps.store.exclusively('start', (batch) =>
      seed(
        { ...deps, store: writingTo(deps.store, batch) },
        {
          isDemo: config.seedsDemo,
          whenSeeded: async ({ installation, widget, link, keys }) => {
            facts = { ...publicFacts(url, installation, widget), consoleUrl: link, keys };
            await writeFacts(config.dataDir, facts);
          },
        },
      ),
    );
    // What an earlier try wrote may be there although it was told otherwise.
    return seeded !== undefined || (facts !== undefined && (await isServed(deps, facts)));
  });
  if (facts !== undefined && isFirst) return { facts, isFirst, keepsKeys: false };
  const installation = await readInstallation(deps);
  if (installation === undefined) throw new Error('a seeded store is marked');
  await upgrade(deps, installation);
  const widget = await deps.store.documents.widgets.get(installation.orgId, installation.widgetId);
  const again = publicFacts(url, installation, widget);
  const owner = await deps.store.documents.members.get(installation.orgId, installation.ownerId);
  const link = owner === undefined ? undefined : await linkAgain(deps, owner, renewsLink);
  const keepsKeys = owner?.passwordHash !== undefined && existsSync(firstRunFile(config.dataDir));
  return { facts: link === undefined ? again : { ...again, consoleUrl: link }, isFirst: false, keepsKeys };
};

/**
 * The same facts for people, ending with a line break.
 * @param file where the facts of the first start lie
 * @param warnings what the configuration leaves open to others
 */
export const welcomeText = ({ facts, isFirst, keepsKeys }: FirstRun, file: string, warnings: string[] = []): string => {
  const hasLink = facts.consoleUrl.includes('#');
  const lines = [
    `Tiller is ready at ${facts.url}`,
    '',
    `  Console   ${facts.consoleUrl}`,
    ...(hasLink ? ['            (works once, within 24 hours: it lets you choose a password)'] : []),
    ...(facts.demoUrl === null ? [] : [`  Demo      ${facts.demoUrl}`]),
    ...(facts.embed === '' ? [] : ['', '  Put the widget on a page, before </body>:', '', `  ${facts.embed}`]),
    ...(isFirst ? ['', `  Keys for the APIs, and all of this: ${file}`] : []),
    ...(keepsKeys ? ['', `  ${file} still holds keys: delete it, or run \`npm start -- --forget-first-run\``] : []),
    ...warnings.flatMap((warning) => ['', `  Warning: ${warning}`]),
  ];
  return `\n${lines.join('\n')}\n\n`;
};
