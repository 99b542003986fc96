// Contacts: where the first word places them, what staff may correct, and how they are found.
import { describe, expect, test, vi } from 'vitest';
import { SignJWT } from 'jose';
import { createIdentities } from '../../server/adapters/identity/jose.ts';
import { correctContact, listContacts, readContact } from '../../server/usecases/contact-book.ts';
import { followFacts } from '../../server/usecases/follow.ts';
import { createPipeline } from '../../server/usecases/pipelines.ts';
import { openVisitor } from '../support/raw-client.ts';
import { addTenant } from '../support/tenant.ts';
import {
  beginEnquiries,
  deps,
  documents,
  first,
  orgId,
  placed,
  secret,
  server,
  setWidget,
  stages,
  visit,
  widget,
} from './enquiries.ts';

beginEnquiries();

describe('contacts', () => {
  test('a visitor who says nothing is no contact; the first word places them', async () => {
    const silent = await openVisitor(server.url, widget.widgetKey);
    const before = (await listContacts(deps(), orgId, { limit: 200 })).contacts.length;
    const visited = await visit();
    expect(await placed(visited)).toMatchObject({ pipelineId: first.id, stageId: first.stages[0]!.id });
    const { contacts } = await listContacts(deps(), orgId, { limit: 200 });
    expect(contacts).toHaveLength(before + 1);
    silent.client.close();
    visited.client.close();
  });

  test("the widget's own pipeline and stage count, and a contact who comes back stays where they were moved to", async () => {
    const pipeline = await createPipeline(deps(), orgId, { name: 'Groups', stages: stages('a', 'b') });
    const [a, b] = pipeline.stages;
    await setWidget({ pipelineId: pipeline.id, stageId: b!.id });
    const visited = await visit();
    expect(await placed(visited)).toMatchObject({ pipelineId: pipeline.id, stageId: b!.id });
    await correctContact(deps(), orgId, visited.contactId, { stageId: a!.id });
    await setWidget({});
    const { conversationId } = await visited.client.must<{ conversationId: string }>('conversation:new', {});
    await visited.client.must('message:send', { conversationId, clientId: crypto.randomUUID(), text: 'Again' });
    await visited.client.must('lead:submit', { conversationId, email: 'back@example.com' });
    await vi.waitFor(async () => expect((await visited.contact()).email).toBe('back@example.com'));
    expect(await visited.contact()).toMatchObject({ pipelineId: pipeline.id, stageId: a!.id });
    visited.client.close();
  });

  test('following the same facts again changes nothing', async () => {
    const visited = await visit();
    await visited.client.must('lead:submit', {
      conversationId: visited.conversationId,
      name: 'Ada',
      email: 'ada@example.com',
    });
    await vi.waitFor(async () => expect((await visited.contact()).leadId).toBeDefined());
    const contact = await visited.contact();
    const lead = await vi.waitFor(async () => {
      const found = await documents().leads.get(orgId, contact.leadId!);
      expect(found).toBeDefined();
      return found!;
    });
    const facts = await server.node.store.factsAfter(visited.conversationId, 0, 100);
    await followFacts(deps(), { orgId, contactId: visited.contactId }, facts);
    await followFacts(deps(), { orgId, contactId: visited.contactId }, facts.slice(0, 2));
    const { expiresAt: _a, ...after } = await visited.contact();
    const { expiresAt: _b, ...before } = contact;
    expect(after).toEqual(before);
    expect(await documents().leads.get(orgId, lead.id)).toEqual({ ...lead, score: expect.any(Number) });
    visited.client.close();
  });

  test("staff correct and clear fields; what the site's owner signed they cannot", async () => {
    const visited = await visit();
    await placed(visited);
    const id = visited.contactId;
    await correctContact(deps(), orgId, id, { name: 'Ada', email: 'ada@example.com', company: 'Selwick' });
    expect(await visited.contact()).toMatchObject({ name: 'Ada', company: 'Selwick' });
    const cleared = await correctContact(deps(), orgId, id, { name: '', company: '' });
    expect('name' in cleared || 'company' in cleared).toBe(false);
    expect(cleared.email).toBe('ada@example.com');

    const identitySecret = createIdentities(secret).secretOf(widget);
    const token = await new SignJWT({ name: 'Ada Real', email: 'real@example.com' })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('u1')
      .setAudience(widget.widgetKey)
      .setExpirationTime('5m')
      .sign(new TextEncoder().encode(identitySecret));
    await visited.client.must('visitor:identify', { token });
    await vi.waitFor(async () => expect((await visited.contact()).verified).toBe(true));
    await expect(correctContact(deps(), orgId, id, { email: 'x@example.com' })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(correctContact(deps(), orgId, id, { name: '' })).rejects.toMatchObject({ code: 'conflict' });
    await correctContact(deps(), orgId, id, { name: 'Ada Real', phone: '+44 1', stageId: first.stages[1]!.id });
    expect(await visited.contact()).toMatchObject({
      name: 'Ada Real',
      email: 'real@example.com',
      phone: '+44 1',
      stageId: first.stages[1]!.id,
    });
    visited.client.close();
  });

  test('another organisation finds neither contact nor stage, and moves nothing', async () => {
    const other = await addTenant(server);
    const theirs = await createPipeline(deps(), other.orgId, { name: 'Theirs', stages: stages('a') });
    const visited = await visit();
    const before = await placed(visited);
    await expect(readContact(deps(), other.orgId, visited.contactId)).rejects.toMatchObject({ code: 'not_found' });
    await expect(correctContact(deps(), other.orgId, visited.contactId, { name: 'X' })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(
      correctContact(deps(), orgId, visited.contactId, { stageId: theirs.stages[0]!.id }),
    ).rejects.toMatchObject({
      code: 'not_found',
      details: [{ path: 'stageId' }],
    });
    expect(await visited.contact()).toEqual(before);
    expect((await listContacts(deps(), other.orgId, { limit: 50 })).contacts).toEqual([]);
    visited.client.close();
  });

  test('the list goes on by cursor, each contact once, by stage and by words over thousands', async () => {
    const other = await addTenant(server);
    const pipeline = await createPipeline(deps(), other.orgId, { name: 'Many', stages: stages('a', 'b') });
    const [a, b] = pipeline.stages;
    const ids = Array.from({ length: 450 }, (_, n) => `con_${n.toString(16).padStart(24, '0')}`);
    const base = {
      orgId: other.orgId,
      createdAt: 1,
      widgetId: other.widget.id,
      verified: false,
      lastSeenAt: 1,
      visits: 1,
    };
    await Promise.all(
      ids.map((id, n) => {
        const place = n % 10 === 9 ? {} : { pipelineId: pipeline.id, stageId: n % 2 === 0 ? a!.id : b!.id };
        return documents().contacts.put({ ...base, id, name: n % 100 === 0 ? `Zoë Number ${n}` : 'Someone', ...place });
      }),
    );
    const walk = async (query: { stageId?: string; q?: string }, limit: number): Promise<string[]> => {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await listContacts(deps(), other.orgId, { ...query, limit, cursor: cursor ?? undefined });
        expect(page.contacts.length).toBeLessThanOrEqual(limit);
        seen.push(...page.contacts.map(({ id }) => id));
        ({ cursor } = page);
      } while (cursor !== null);
      return seen;
    };
    const spoken = ids.filter((_, n) => n % 10 !== 9).toReversed();
    expect(await walk({}, 50)).toEqual(spoken);
    expect(await walk({}, 7)).toEqual(spoken);
    expect(await walk({ stageId: a!.id }, 45)).toEqual(ids.filter((_, n) => n % 2 === 0).toReversed());
    expect(await walk({ q: 'number ZOË' }, 2)).toEqual([400, 300, 200, 100, 0].map((n) => ids[n]));
    expect(await walk({ q: 'zoë', stageId: b!.id }, 2)).toEqual([]);
  });
});

test('the context of a conversation tells both scores', async () => {
  const visited = await visit('I want to talk to a person about prices');
  await placed(visited);
  const read = async () => {
    const answer = await fetch(`${server.url}/api/console/conversations/${visited.conversationId}/context`, {
      headers: { authorization: `Bearer ${server.firstRun.keys.console}` },
    });
    return (await answer.json()) as { engagementScore: number | null; leadScore: number };
  };
  const before = await read();
  expect(before.engagementScore).toBeNull();
  await documents().contacts.put({ ...(await visited.contact()), engagement: 80 });
  const after = await read();
  expect(after.engagementScore).toBe(80);
  expect(after.leadScore).toBeGreaterThan(before.leadScore);
  visited.client.close();
});
