// What a keeper promises of documents: everything that is not a log.
import { expect, test } from 'vitest';
import type { ChatError } from '../../shared/errors.ts';
import { newHexId, newId, publicIdsOf } from '../../shared/ids.ts';
import { lookups } from '../../server/ports/documents.ts';
import type { Article, Credential, Member, Session } from '../../server/ports/documents.ts';
import type { Keeper } from './store-contract.ts';

export const memberOf = (orgId: string, more: Partial<Member> = {}): Member => {
  const id = more.id ?? newId('mem');
  return {
    id,
    ...publicIdsOf(id),
    orgId,
    createdAt: 1,
    name: 'Maya',
    email: `${newHexId()}@example.com`,
    role: 'agent',
    isDisabled: false,
    ...more,
  };
};

const credentialOf = (orgId: string, memberId: string, more: Partial<Credential> = {}): Credential => ({
  id: newId('key'),
  orgId,
  createdAt: 1,
  kind: 'token',
  memberId,
  hash: newHexId(),
  name: 'CI',
  hint: 'abcd',
  ...more,
});

const articleOf = (orgId: string, assistantId: string, title: string): Article => ({
  id: newId('art'),
  orgId,
  createdAt: 1,
  updatedAt: 1,
  assistantId,
  title,
  text: '# Hire',
});

export const describeDocuments = (keeper: Keeper): void => {
  test('a document is found by its id within its organisation only', async () => {
    const { members } = keeper.store.documents;
    const [mine, theirs] = [newId('org'), newId('org')];
    const member = memberOf(mine, { name: '玛雅 "M" \\ 🚣', avatarUrl: 'https://example.com/a.png?x=1&y=2' });
    await members.put(member);
    expect(await members.get(mine, member.id)).toEqual(member);
    expect(await members.get(theirs, member.id)).toBeUndefined();
    expect(await members.list(theirs)).toEqual([]);
    await members.delete(theirs, member.id);
    expect(await members.get(mine, member.id)).toEqual(member);
    expect(await keeper.store.collection('members').get(mine, member.id)).toEqual(member);
  });

  test('put replaces as a whole, and optional fields go', async () => {
    const { members } = keeper.store.documents;
    const orgId = newId('org');
    const member = memberOf(orgId, { avatarUrl: 'https://example.com/a.png' });
    await members.put(member);
    const { avatarUrl: _, ...bare } = { ...member, name: 'Theo' };
    await members.put(bare);
    expect(await members.get(orgId, member.id)).toEqual(bare);
  });

  test('a stored document is not the caller’s object', async () => {
    const { members } = keeper.store.documents;
    const member = memberOf(newId('org'));
    const stored = { ...member };
    await members.put(member);
    member.name = 'changed later';
    const found = await members.get(stored.orgId, stored.id);
    expect(found).toEqual(stored);
    found!.name = 'changed too';
    expect(await members.get(stored.orgId, stored.id)).toEqual(stored);
  });

  test('a document is found by each of its lookups, over all organisations, until they change', async () => {
    const { members, widgets } = keeper.store.documents;
    const member = memberOf(newId('org'), { email: `Anna.${newHexId()}@Example.com` });
    await members.put(member);
    const lookup = `email:${member.email.toLowerCase()}`;
    expect(await members.find(lookup)).toEqual(member);
    expect(await widgets.find(lookup)).toBeUndefined();
    expect(await members.find('email:')).toBeUndefined();
    await members.put({ ...member, email: `new.${member.email}` });
    expect(await members.find(lookup)).toBeUndefined();
    expect(await members.find(`email:new.${member.email.toLowerCase()}`)).toMatchObject({ id: member.id });
    await members.delete(member.orgId, member.id);
    expect(await members.find(`email:new.${member.email.toLowerCase()}`)).toBeUndefined();
    await members.put(memberOf(newId('org'), { email: member.email }));
  });

  test('an invited member claims the e-mail within the organisation alone, and over all when the link is used', async () => {
    const { members } = keeper.store.documents;
    const email = `${newHexId()}@example.com`;
    const taken = memberOf(newId('org'), { email });
    const [one, two] = [memberOf(newId('org'), { email }), memberOf(newId('org'), { email })];
    await members.put({ ...one, isInvited: true });
    await members.put({ ...two, isInvited: true });
    const twice = members.put({ ...memberOf(one.orgId, { email: email.toUpperCase() }), isInvited: true });
    await expect(twice).rejects.toMatchObject({ code: 'conflict' });
    expect(await members.find(`email:${email}`)).toBeUndefined();
    await members.put(taken);
    const use = ({ orgId, id }: Member, more: Partial<Member> = {}) =>
      members.update(orgId, id, (before) => {
        const { isInvited: _, ...rest } = before!;
        return { ...rest, ...more };
      });
    await expect(use(one)).rejects.toMatchObject({ code: 'conflict' });
    expect(await members.get(one.orgId, one.id)).toEqual({ ...one, isInvited: true });
    await use(two, { email: `two.${email}` });
    expect(await members.find(`email:two.${email}`)).toMatchObject({ id: two.id });
    expect(await members.find(`email:${email}`)).toEqual(taken);
    // The place in its organisation is free again.
    await members.put({ ...memberOf(two.orgId, { email }), isInvited: true });
  });

  test('a lookup that belongs to another document is a conflict, and nothing is written', async () => {
    const { members } = keeper.store.documents;
    const [first, second] = [memberOf(newId('org')), memberOf(newId('org'))];
    await members.put(first);
    await members.put(second);
    await expect(members.put({ ...second, email: first.email, name: 'thief' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await members.get(second.orgId, second.id)).toEqual(second);
    expect(await members.find(`email:${first.email}`)).toEqual(first);
    expect(await members.find(`email:${second.email}`)).toEqual(second);
    await members.put({ ...first, name: 'Still mine' });
  });

  test('of many who put the same lookup at once one wins, and other writes of the moment are not harmed', async () => {
    const { members } = keeper.store.documents;
    const orgId = newId('org');
    const email = `${newHexId()}@example.com`;
    const bystander = memberOf(orgId);
    const rivals = Array.from({ length: 8 }, () => memberOf(orgId, { email }));
    const [, ...results] = await Promise.allSettled([bystander, ...rivals].map(async (one) => members.put(one)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as ChatError] : []));
    expect(reasons.map((reason) => reason.code)).toEqual(Array(7).fill('conflict'));
    expect(await members.list(orgId)).toHaveLength(2);
    expect(await members.get(orgId, bystander.id)).toEqual(bystander);
  });

  test('list gives a group in the order of ids, in pages, in both directions', async () => {
    const { articles } = keeper.store.documents;
    const orgId = newId('org');
    const mine = Array.from({ length: 7 }, (_, i) => articleOf(orgId, 'asst_a', `a ${i}`)).sort((a, b) =>
      a.id < b.id ? -1 : 1,
    );
    const others = Array.from({ length: 3 }, (_, i) => articleOf(orgId, 'asst_b', `b ${i}`));
    for (const article of [...mine, ...others].toReversed()) await articles.put(article);
    expect(await articles.list(orgId)).toHaveLength(10);
    expect(await articles.list(orgId, { group: 'asst_a' })).toEqual(mine);
    expect(await articles.list(orgId, { group: 'asst_a', reverse: true })).toEqual(mine.toReversed());
    expect(await articles.list(orgId, { group: 'asst_a', limit: 3 })).toEqual(mine.slice(0, 3));
    expect(await articles.list(orgId, { group: 'asst_a', limit: 3, after: mine[2]!.id })).toEqual(mine.slice(3, 6));
    expect(await articles.list(orgId, { group: 'asst_a', reverse: true, limit: 2, after: mine[2]!.id })).toEqual([
      mine[1],
      mine[0],
    ]);
    expect(await articles.list(orgId, { group: 'asst_none' })).toEqual([]);
    await articles.put({ ...mine[0]!, assistantId: 'asst_b' });
    expect(await articles.list(orgId, { group: 'asst_a' })).toEqual(mine.slice(1));
    expect(await articles.list(orgId, { group: 'asst_b' })).toHaveLength(4);
  });

  test('delete makes a document gone, once or twice', async () => {
    const { credentials } = keeper.store.documents;
    const credential = credentialOf(newId('org'), 'mem_1');
    await credentials.put(credential);
    await credentials.delete(credential.orgId, credential.id);
    await credentials.delete(credential.orgId, credential.id);
    expect(await credentials.get(credential.orgId, credential.id)).toBeUndefined();
    expect(await credentials.list(credential.orgId, { group: 'mem_1' })).toEqual([]);
  });

  test('purge takes what has expired, its lookups too, and nothing else', async () => {
    const { credentials, sessions } = keeper.store.documents;
    const orgId = newId('org');
    const session: Session = {
      id: newId('ssn'),
      orgId,
      createdAt: 1,
      widgetId: 'wid_1',
      visitorId: newId('vst'),
      contactId: 'con_1',
      conversationId: 'conv_1',
      hash: newHexId(),
      openKey: newHexId(),
      lastSeenAt: 1,
      channel: 'widget',
    };
    const old = credentialOf(orgId, 'mem_1', { expiresAt: 1000 });
    const fresh = credentialOf(orgId, 'mem_1', { expiresAt: 3000 });
    const lasting = credentialOf(orgId, 'mem_1');
    const kept = {
      ...session,
      id: newId('ssn'),
      visitorId: newId('vst'),
      hash: newHexId(),
      openKey: newHexId(),
      expiresAt: 5000,
    };
    for (const one of [old, fresh, lasting]) await credentials.put(one);
    for (const one of [{ ...session, expiresAt: 1500 }, kept]) await sessions.put(one);
    // A renewed document lives on.
    await sessions.put({ ...kept, expiresAt: 9000 });
    expect(await keeper.store.purge(6000)).toBeGreaterThanOrEqual(3);
    expect(await credentials.list(orgId)).toEqual([lasting]);
    expect(await credentials.find(`hash:${old.hash}`)).toBeUndefined();
    expect(await sessions.list(orgId)).toMatchObject([{ id: kept.id, expiresAt: 9000 }]);
    for (const lookup of lookups.sessions(session)) expect(await sessions.find(lookup)).toBeUndefined();
    for (const lookup of lookups.sessions(kept)) expect(await sessions.find(lookup)).toMatchObject({ id: kept.id });
    expect(await keeper.store.purge(6000)).toBe(0);
  });

  test('what was put in the same moment as a commit is there with it', async () => {
    const { settings } = keeper.store.documents;
    const ids = Array.from({ length: 20 }, () => newHexId());
    await Promise.all(ids.map(async (id) => settings.put({ id, orgId: '', createdAt: 1, value: `v${id}` })));
    for (const id of ids) expect(await settings.find(`name:${id}`)).toMatchObject({ value: `v${id}` });
  });
};
