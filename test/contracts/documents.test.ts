// The fixtures beside the documents themselves, where those are present; the fixtures' completeness everywhere.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examplesOf } from './document.ts';
import { fixtureIndex, storedFixtures } from './fixture.ts';
import type { Fixture } from './fixture.ts';

const folder = resolve(import.meta.dirname, '../../../shared/contracts');
const documents = Object.keys(fixtureIndex);

/** A fixture as the document has it; its name and its status are ours. */
const printed = (fixture: Record<string, unknown>): Fixture => {
  const { name: _name, status: _status, ...rest } = fixture;
  return rest as unknown as Fixture;
};

/** Every JSON object that a document prints at the start of a line and that is in no other, however it got there. */
const objectsIn = (text: string): unknown[] => {
  const found: unknown[] = [];
  const lines = text.replaceAll('{ ... }', '{"...": "..."}').split('\n');
  for (let first = 0; first < lines.length; first += 1) {
    if (!lines[first]!.startsWith('{')) continue;
    for (let last = first; last < lines.length; last += 1) {
      const source = lines.slice(first, last + 1).join('\n');
      try {
        found.push(JSON.parse(source.slice(0, source.lastIndexOf('}') + 1)));
        first = last;
        break;
      } catch {
        // Not whole yet.
      }
    }
  }
  return found;
};

describe('the fixtures', () => {
  it('are all there, of four documents', () => {
    expect(documents.length).toBe(4);
    expect(storedFixtures.map(({ name }) => name).toSorted()).toEqual(Object.values(fixtureIndex).flat().toSorted());
    for (const [document, names] of Object.entries(fixtureIndex)) {
      const own = storedFixtures.filter((fixture) => fixture.document === document);
      expect(own.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    }
  });

  it('hold a request and an answer wherever a method has a body', () => {
    for (const fixture of storedFixtures) {
      if ('code' in fixture) continue;
      const hasRequest = fixture.request !== undefined || fixture.method === 'GET' || fixture.part !== undefined;
      expect([fixture.name, hasRequest, typeof fixture.response]).toEqual([fixture.name, true, 'object']);
    }
  });
});

describe.each(documents)('%s', (document) => {
  const file = join(folder, document);
  const isPresent = existsSync(file);
  const text = isPresent ? readFileSync(file, 'utf8') : '';
  const own = storedFixtures.filter((fixture) => fixture.document === document);

  it('every fixture equals its example, and none was left out; where the document is not here, there are fixtures', () => {
    expect(own.length).toBeGreaterThan(0);
    if (!isPresent) return;
    expect(new Set(own.map((fixture) => JSON.stringify(printed({ ...fixture }))))).toEqual(
      new Set(examplesOf(document, text).map((example) => JSON.stringify(example))),
    );
  });

  it('every JSON object that the document prints is in a fixture', () => {
    const kept = new Set(
      own.flatMap((fixture) =>
        'code' in fixture
          ? []
          : [
              fixture.request,
              fixture.response,
              ...(fixture.part === undefined ? [] : [(fixture.response as Record<string, unknown>)[fixture.part]]),
            ].map((value) => JSON.stringify(value)),
      ),
    );
    const objects = objectsIn(text);
    expect(objects.length).toBeGreaterThanOrEqual(isPresent ? 2 : 0);
    for (const object of objects) expect(kept).toContain(JSON.stringify(object));
  });
});
