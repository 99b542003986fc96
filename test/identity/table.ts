// The table of docs/identity.md, read from the page and played field by field.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect } from 'vitest';
import { newUuid } from '../../shared/ids.ts';
import { openVisitor } from '../support/raw-client.ts';
import { say, tokenOf, ways } from './people.ts';
import type { Person, Signing, Site } from './people.ts';

export interface Field {
  who: string;
  by: string;
  where: string;
  outcome: string;
}

/** Every field of the table. */
export const fieldsOfTable = (): Field[] => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/identity.md'), 'utf8');
  const rows = page
    .slice(page.indexOf('| who comes |'))
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const [head = [], , ...body] = rows;
  return body.flatMap(([who = '', by = '', ...outcomes]) =>
    outcomes.map((outcome, i) => ({ who, by, where: head[i + 2] ?? '', outcome })),
  );
};

/** The secrets of the widget must have been rotated twice: 0 counts no more, 1 is in its overlap, 2 is the present one. */
const signers: Record<string, { isBob?: true; signing: Signing } | null> = {
  'no token': null,
  Ann: { signing: { secretVersion: 2 } },
  Bob: { isBob: true, signing: { secretVersion: 2 } },
  'Ann, by a rotated secret in its overlap': { signing: { secretVersion: 1 } },
  'Ann, by a rotated secret after it': { signing: { secretVersion: 0 } },
  'Ann, by an expired token': { signing: { secretVersion: 2, expires: Math.floor(Date.now() / 1000) - 3600 } },
};

/** What came of a field. */
export interface Outcome {
  isRefused: boolean;
  /** Whose conversation was seen. */
  sees: 'Ann' | 'stranger';
  /** Ann's own page, where it was open. */
  home: 'goes on' | 'ended' | 'left';
}

/** Whoever signs in with what Ann's browser kept ends Ann there. Whoever else comes, Ann's own page goes on. */
const endsHome = ({ who, where, by }: Field): boolean =>
  who === 'Bob' && where === 'second tab' && by !== 'visitor:identify';

export const expectedOf = (field: Field): Outcome => ({
  isRefused: field.outcome === 'refused',
  sees: field.outcome === 'Ann' ? 'Ann' : 'stranger',
  home: field.where === 'same browser' ? 'left' : endsHome(field) ? 'ended' : 'goes on',
});

/** Plays one field from the beginning. */
export const playField = async (site: Site, { who, by, where }: Field): Promise<Outcome> => {
  const ann: Person = { sub: `ann-${newUuid()}`, name: 'Ann', email: 'ann@example.com' };
  const secret = `Only Ann knows ${newUuid()}`;
  const home = await openVisitor(site.url, site.widgetKey, {
    identity: await tokenOf(site, ann, { secretVersion: 2 }),
  });
  await say(home.client, home.conversationId, secret);
  const isLeft = where === 'same browser';
  if (isLeft) home.client.close();
  const ended = new Promise<'ended'>((resolve) => home.client.socket.once('disconnect', () => resolve('ended')));

  const signer = signers[who];
  const way = ways[by];
  if (signer === undefined || way === undefined) throw new Error(`The table names ${who}, ${by}: nobody plays that`);
  const person = signer?.isBob === true ? { sub: `bob-${newUuid()}`, name: 'Bob' } : ann;
  const met = await way(site, {
    url: where === 'other node' ? site.otherUrl : site.url,
    visitorToken: isLeft || where === 'second tab' ? home.view.visitorToken : undefined,
    token: signer === null ? undefined : await tokenOf(site, person, signer.signing),
  });
  try {
    // It says what is wrong, so that somebody can mend it.
    if (met.refusal !== undefined) {
      expect(met.refusal).toMatch(/has expired|is not signed with this widget's identity secret/);
    }
    const sees = met.seen.includes(secret) ? 'Ann' : 'stranger';
    if (sees !== 'Ann') expect(met.seen).not.toContain(home.conversationId);
    const goesOn = (): Promise<'goes on' | 'ended'> =>
      Promise.race([ended, say(home.client, home.conversationId, 'Still here').then(() => 'goes on' as const)]);
    return { isRefused: met.refusal !== undefined, sees, home: isLeft ? 'left' : await goesOn() };
  } finally {
    met.close();
    home.client.close();
  }
};
