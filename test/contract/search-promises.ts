// What a keeper promises of search: words and parts of them, in every script, within one organisation.
import { expect, test } from 'vitest';
import { newId } from '../../shared/ids.ts';
import type { Entry } from '../../server/ports/store.ts';
import { buildLog } from './log-builder.ts';
import type { LogBuilder } from './log-builder.ts';
import type { Keeper } from './store-contract.ts';

export const describeSearch = (keeper: Keeper): void => {
  /** One conversation per text, in an organisation of its own; gives the texts that a question finds, in this order. */
  const stock = async (...texts: string[]): Promise<(words: string) => Promise<string[]>> => {
    const orgId = newId('org');
    const textOf = new Map<string, string>();
    const entries: Entry[] = [];
    for (const text of texts) {
      const log = buildLog({ orgId });
      textOf.set(log.conversationId, text);
      entries.push(log.open(), log.say(text));
    }
    await keeper.append(...entries);
    await keeper.settled(async () => {
      for (const log of textOf.keys()) expect(await keeper.store.row(orgId, log)).toMatchObject({ head: { seq: 2 } });
    });
    return async (words) => {
      const found = (await keeper.store.search(orgId, words, 20)).map((hit) => textOf.get(hit.row.conversationId)!);
      return found.toSorted((a, b) => texts.indexOf(a) - texts.indexOf(b));
    };
  };
  /** What each question of the table finds. */
  const answers = async (
    search: (words: string) => Promise<string[]>,
    table: Record<string, string[]>,
  ): Promise<Record<string, string[]>> => {
    const found: Record<string, string[]> = {};
    for (const words of Object.keys(table)) found[words] = await search(words);
    return found;
  };

  test('[S6] finds English words and parts of words of three letters, in any case', async () => {
    const [boat, trip, other] = ['Can I hire a kayak on Sunday?', 'The HIRING desk opens at 9', 'No match here: hi re'];
    const search = await stock(boat, trip, other);
    const table = {
      kayak: [boat],
      ayak: [boat],
      aya: [boat],
      KAYAK: [boat],
      hir: [boat, trip],
      hire: [boat],
      'kayak sunday': [boat],
      'sunday kayak': [boat],
      'kayak monday': [],
      desk: [trip],
      kayaks: [],
    };
    await keeper.settled(async () => expect(await answers(search, table)).toEqual(table));
  });

  test('finds accents and compatibility forms folded, both ways', async () => {
    const [cafe, zurich, full] = ['Ein Café für Émile', 'Zuerich oder Zürich', 'ＴＩＬＬＥＲ ｖ２'];
    const search = await stock(cafe, zurich, full);
    const table = {
      cafe: [cafe],
      CAFÉ: [cafe],
      emile: [cafe],
      zurich: [zurich],
      tiller: [full],
      fur: [cafe],
    };
    await keeper.settled(async () => expect(await answers(search, table)).toEqual(table));
  });

  test('finds Chinese, of one character, two and more', async () => {
    const [kayak, rent, mixed] = ['我想租一艘皮划艇', '皮划艇多少钱？', '请问 WiFi密码 是多少'];
    const search = await stock(kayak, rent, mixed);
    const table = {
      皮划艇: [kayak, rent],
      皮划: [kayak, rent],
      艇: [kayak, rent],
      租: [kayak],
      多少: [rent, mixed],
      多少钱: [rent],
      密码: [mixed],
      wifi: [mixed],
      wifi密码: [mixed],
      飞机: [],
      '皮划艇 多少': [rent],
    };
    await keeper.settled(async () => expect(await answers(search, table)).toEqual(table));
  });

  test('finds Arabic, with and without vowel marks and the article', async () => {
    const [boat, hello] = ['أريد استئجار القارب غدا', 'مَرْحَبًا بكم'];
    const search = await stock(boat, hello);
    const table = {
      القارب: [boat],
      قارب: [boat],
      اريد: [boat],
      مرحبا: [hello],
      استئجار: [boat],
      سفينة: [],
    };
    await keeper.settled(async () => expect(await answers(search, table)).toEqual(table));
  });

  test('finds Japanese, Korean, Thai and Russian', async () => {
    const [ja, ko, th, ru] = ['カヤックを借りたい', '카약을 빌리고 싶어요', 'อยากเช่าเรือคายัค', 'Хочу взять байдарку'];
    const search = await stock(ja, ko, th, ru);
    const table = {
      カヤック: [ja],
      借り: [ja],
      카약: [ko],
      빌리고: [ko],
      เรือ: [th],
      байдарк: [ru],
      ХОЧУ: [ru],
    };
    await keeper.settled(async () => expect(await answers(search, table)).toEqual(table));
  });

  test('finds words of one and two letters at the beginning of words', async () => {
    const [ok, five, john] = ['ok then', 'room 5 please', 'john asked'];
    const search = await stock(ok, five, john);
    const table = { ok: [ok], '5': [five], jo: [john], 'ok th': [ok], xy: [] };
    await keeper.settled(async () => expect(await answers(search, table)).toEqual(table));
  });

  test('nothing that is typed breaks the question or widens it', async () => {
    const quote = 'She said "hello" OR nothing* (really) a-b:c';
    const search = await stock(quote, 'other text');
    const table = {
      '"hello"': [quote],
      '"hello': [quote],
      hello: [quote],
      'hello OR other': [],
      'hello NOT other': [],
      'hell* ': [quote],
      'grams:hello': [],
      'hello NEAR(really)': [],
      'a-b:c': [quote],
      "'; DROP TABLE commits; --": [],
      '%': [],
      _: [],
      '*': [],
      '"': [],
      '""': [],
      '': [],
      '   ': [],
      '(': [],
      '^hello': [quote],
      '\\': [],
      '\u0000hello': [quote],
      '\uD800': [],
      $where: [],
      '.*': [],
      [`hello ${'long '.repeat(400)}`]: [],
    };
    await keeper.settled(async () => expect(await answers(search, table)).toEqual(table));
  });

  test('finds a visitor by name and e-mail, as they are now', async () => {
    const orgId = newId('org');
    const [anna, other] = [buildLog({ orgId }), buildLog({ orgId })];
    await keeper.append(anna.open(), anna.identify({ name: 'Anna Óskarsdóttir', email: 'anna@fjord.example' }));
    await keeper.append(other.open(), other.say('nothing to see'));
    const found = async (words: string): Promise<string[]> =>
      (await keeper.store.search(orgId, words, 10)).map((hit) => hit.row.conversationId);
    await keeper.settled(async () => {
      for (const words of ['anna', 'oskars', 'anna@fjord.example', 'fjord', 'Anna Óskarsdóttir']) {
        expect([words, await found(words)]).toEqual([words, [anna.conversationId]]);
      }
    });
    await keeper.append(
      anna.identify({ name: 'Anna Berg', email: 'anna@berg.example' }),
      other.identify({ name: 'Li 李' }),
    );
    await keeper.settled(async () => {
      expect(await found('berg')).toEqual([anna.conversationId]);
      expect(await found('fjord')).toEqual([]);
      expect(await found('李')).toEqual([other.conversationId]);
    });
  });

  test('finds notes and answers, names each conversation once, the latest first', async () => {
    const orgId = newId('org');
    const logs = Array.from({ length: 5 }, () => buildLog({ orgId }));
    const open = (log: LogBuilder): Entry[] => [
      log.open(),
      log.say('about the anchor'),
      log.answer('The anchor is free'),
    ];
    await keeper.append(...logs.flatMap(open), logs[1]!.note('anchor noted'));
    const ids = [1, 4, 3, 2, 0].map((i) => logs[i]!.conversationId);
    await keeper.settled(async () => {
      const hits = await keeper.store.search(orgId, 'anchor', 10);
      expect(hits.map((hit) => hit.row.conversationId)).toEqual(ids);
      expect(hits[0]!.excerpt).toBe('anchor noted');
      expect(hits[0]!.row).toEqual(await keeper.store.row(orgId, ids[0]!));
      expect(await keeper.store.search(orgId, 'anchor', 2)).toHaveLength(2);
    });
  });

  test('an excerpt shows the match, in at most 200 characters', async () => {
    const orgId = newId('org');
    const log = buildLog({ orgId });
    const text = `${'Früher war alles 🚣 anders. '.repeat(40)}Der Käpt’n sagte Ahoi.${' Und später noch 👩‍👩‍👧 mehr.'.repeat(40)}`;
    await keeper.append(log.open(), log.say(text));
    await keeper.settled(async () => {
      const [hit] = await keeper.store.search(orgId, 'ahoi', 5);
      expect(hit?.excerpt).toContain('Ahoi');
      expect(hit?.excerpt.length).toBeLessThanOrEqual(200);
      expect(hit?.excerpt.length).toBeGreaterThan(150);
      expect(hit?.excerpt.isWellFormed()).toBe(true);
      const [start] = await keeper.store.search(orgId, 'fruher', 5);
      expect(start?.excerpt.startsWith('Früher war')).toBe(true);
    });
  });

  test('[S7] search stays within its organisation', async () => {
    const [mine, theirs] = [newId('org'), newId('org')];
    const [a, b] = [buildLog({ orgId: mine }), buildLog({ orgId: theirs })];
    await keeper.append(
      a.open(),
      a.say('the lighthouse'),
      b.open(),
      b.say('the lighthouse'),
      b.identify({ name: 'Keeper' }),
    );
    await keeper.settled(async () => {
      expect((await keeper.store.search(mine, 'lighthouse', 9)).map((hit) => hit.row.conversationId)).toEqual([
        a.conversationId,
      ]);
      expect((await keeper.store.search(theirs, 'keeper', 9)).map((hit) => hit.row.conversationId)).toEqual([
        b.conversationId,
      ]);
    });
    expect(await keeper.store.search(mine, 'keeper', 9)).toEqual([]);
    expect(await keeper.store.search(newId('org'), 'lighthouse', 9)).toEqual([]);
  });

  test('[S6] what is marked as spam is not found, by words or by name, however much of it there is', async () => {
    const orgId = newId('org');
    const junk = Array.from({ length: 8 }, () => buildLog({ orgId }));
    const fine = buildLog({ orgId });
    await keeper.append(fine.open(), fine.say('I want to win a prize kayak'), fine.identify({ name: 'Prizewinner' }));
    for (const log of junk) {
      await keeper.append(log.open(), log.say('You win a prize'), log.identify({ name: 'Prizegiver' }), log.spam());
    }
    const found = async (words: string, limit = 3): Promise<string[]> =>
      (await keeper.store.search(orgId, words, limit)).map(({ row }) => row.conversationId);
    await keeper.settled(async () => {
      expect(await found('prize')).toEqual([fine.conversationId]);
      expect(await found('win a prize')).toEqual([fine.conversationId]);
      expect(await found('Prizegiver')).toEqual([]);
    });
    await keeper.append(junk[0]!.spam(false));
    await keeper.settled(async () => {
      expect(await found('Prizegiver')).toEqual([junk[0]!.conversationId]);
    });
  });
};
