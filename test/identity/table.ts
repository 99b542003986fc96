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

/** Plays one field from the beginning. */
export const playField = async (site: Site, { who, by, where, outcome }: Field): Promise<void> => {
  const ann: Person = { sub: `ann-${newUuid()}`, name: 'Ann', email: 'ann@example.com' };
  const secret = `Only Ann knows ${newUuid()}`;
  const home = await openVisitor(site.url, site.widgetKey, {
    identity: await tokenOf(site, ann, { secretVersion: 2 }),
  });
  await say(home.client, home.conversationId, secret);
  const isOpen = where === 'second tab' || where === 'second device' || where === 'other node';
  if (!isOpen) home.client.close();

  const signer = signers[who];
  const way = ways[by];
  if (signer === undefined || way === undefined) throw new Error(`The table names ${who}, ${by}: nobody plays that`);
  const person = signer?.isBob === true ? { sub: `bob-${newUuid()}`, name: 'Bob' } : ann;
  const met = await way(site, {
    url: where === 'other node' ? site.otherUrl : site.url,
    visitorToken: where === 'same browser' || where === 'second tab' ? home.view.visitorToken : undefined,
    token: signer === null ? undefined : await tokenOf(site, person, signer.signing),
  });
  try {
    expect(met.refusal === undefined ? 'let in' : 'refused').toBe(outcome === 'refused' ? 'refused' : 'let in');
    // It says what is wrong, so that somebody can mend it.
    if (outcome === 'refused')
      expect(met.refusal).toMatch(/has expired|is not signed with this widget's identity secret/);
    expect(met.seen.includes(secret) ? 'Ann' : 'stranger').toBe(outcome === 'Ann' ? 'Ann' : 'stranger');
    if (outcome !== 'Ann') expect(met.seen).not.toContain(home.conversationId);
    if (!isOpen) return;
    // Who signs in with what Ann's browser kept ends Ann there. Whoever else came, Ann's own page goes on.
    const isEnded = who === 'Bob' && where === 'second tab' && by !== 'visitor:identify';
    if (isEnded) await expect.poll(() => home.client.socket.connected).toBe(false);
    else await say(home.client, home.conversationId, 'Still here');
  } finally {
    met.close();
    home.client.close();
  }
};
