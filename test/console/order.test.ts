// The list holds still under the pointer, draws only what is in sight, and alerts for what concerns one.
import { describe, expect, it } from 'vitest';
import { alertOf } from '../../client/console/alerts.ts';
import { held, settled, windowOf } from '../../client/console/inbox/order.ts';
import { hrefOf, screenOf } from '../../client/console/router.ts';
import { articleOf } from '../../client/console/settings/article-file.ts';
import { changed } from '../../client/console/settings/unsaved.ts';
import { duration, initialsOf, plainText } from '../../client/console/format.ts';
import { foldRow } from '../../shared/inbox.ts';
import type { InboxRow } from '../../shared/inbox.ts';
import { Story, me, theo } from './gallery/story.ts';

const rowOf = (story: Story): InboxRow => foldRow(undefined, story.facts, story.state);
const row = (id: string): InboxRow => rowOf(new Story(id, { at: 1000 }).visitor(`hello from ${id}`));
const ids = (list: readonly { row: InboxRow; isGone?: boolean }[]): string[] =>
  list.map((each) => each.row.conversationId);

describe('a held list', () => {
  const before = settled([row('a'), row('b'), row('c')]);

  it('keeps every row where it was, though another became the latest', () => {
    const { list, waiting } = held(before, [row('c'), row('a'), row('b')]);
    expect(ids(list)).toEqual(['a', 'b', 'c']);
    expect(waiting).toBe(0);
  });

  it('shows the news of a row in its old place', () => {
    const newer = rowOf(new Story('b', { at: 1000 }).visitor('hello').visitor('again'));
    expect(held(before, [newer, row('a'), row('c')]).list[1]?.row.preview?.text).toBe('again');
  });

  it('lets newcomers wait, and counts them', () => {
    const { list, waiting } = held(before, [row('x'), row('a'), row('y'), row('b'), row('c')]);
    expect(ids(list)).toEqual(['a', 'b', 'c']);
    expect(waiting).toBe(2);
  });

  it('appends a page that was loaded, because that moves nothing', () => {
    expect(ids(held(before, [row('a'), row('b'), row('c'), row('d'), row('e')]).list)).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
  });

  it('greys what left the list instead of closing the gap', () => {
    const { list } = held(before, [row('a'), row('c')]);
    expect(list.map(({ isGone }) => isGone)).toEqual([false, true, false]);
  });
});

describe('the window of a long list', () => {
  it('draws only what is in sight, with a margin', () => {
    expect(windowOf(1200, 72, 7200, 720, 6)).toEqual({ from: 94, to: 116 });
    expect(windowOf(3, 72, 0, 720)).toEqual({ from: 0, to: 3 });
    expect(windowOf(0, 72, 5000, 720)).toEqual({ from: 0, to: 0 });
  });
});

describe('alerts', () => {
  it('tells when a conversation begins to need a person, once', () => {
    const story = new Story('s', { at: 1 }).visitor('hello');
    const quiet = rowOf(story);
    const loud = rowOf(story.control({ reason: 'handoff', waiting: 'handoff' }));
    expect(alertOf(quiet, loud, me.id)).toMatch(/needs a person/);
    expect(alertOf(loud, loud, me.id)).toBeNull();
  });

  it('tells of a visitor only to whoever holds the conversation', () => {
    const story = new Story('s', { at: 1 }).visitor('hello').takenBy();
    const before = rowOf(story);
    const after = rowOf(story.visitor('are you there?'));
    expect(alertOf(before, after, me.id)).toMatch(/wrote to you/);
    expect(alertOf(before, after, theo.id)).toBeNull();
  });
});

describe('addresses', () => {
  it('name one screen each, and back', () => {
    const paths = [
      '/console/inbox/mine',
      '/console/inbox/ai/conv_1',
      '/console/settings/widgets/wid_1',
      '/console/settings/widgets/wid_1/proactive',
      '/console/contacts/everyone',
      '/console/contacts/leads/con_1',
    ];
    for (const path of paths) expect(hrefOf(screenOf(path))).toBe(path);
    expect(screenOf('/console/contacts/nonsense')).toEqual({ name: 'contacts', list: 'everyone', contactId: null });
    expect(screenOf('/console/contacts/leads/%E0%A4%A')).toMatchObject({ contactId: '%E0%A4%A' });
    expect(screenOf('/console/')).toEqual({ name: 'inbox', filter: 'needs-person', conversationId: null });
    expect(screenOf('/console/nonsense/x')).toEqual({ name: 'inbox', filter: 'needs-person', conversationId: null });
  });
});

describe('words', () => {
  it('takes an article’s title from its first heading, else from the name of the file', () => {
    expect(articleOf('a-b.md', 'intro\n# Prices #\ntext').title).toBe('Prices');
    expect(articleOf('what-to_bring.txt', 'A towel').title).toBe('what to bring');
    expect(() => articleOf('x.txt', ' \n')).toThrow('empty');
    expect(() => articleOf('x.txt', 'a\u0000b')).toThrow('not a text file');
  });

  it('drops the signs of markdown from a preview, and letters from nowhere', () => {
    expect(plainText('**Boat hire** - see [prices](https://x.example) `now`\n# Yes')).toBe(
      'Boat hire - see prices now Yes',
    );
    expect(plainText('2 * 3 = 6, snake_case')).toBe('2 * 3 = 6, snake_case');
  });

  it('makes initials of letters only', () => {
    expect(initialsOf('<b>Anna</b> Bergström')).toBe('BB');
    expect(initialsOf('李 伟')).toBe('李伟');
    expect(initialsOf('***')).toBe('?');
    expect(duration(59_000)).toBe('now');
    expect(duration(3 * 3_600_000)).toBe('3 h');
  });

  it('holds a field changed back for no change', () => {
    expect(changed({ a: 1, b: ['x'] }, { a: 2 }, { a: 1 })).toEqual({});
    expect(changed({ a: 1, b: ['x'] }, { a: 2 }, { b: ['x'] })).toEqual({ a: 2 });
  });
});
