// Pipelines, the contacts in them, and leads: what follows a conversation, and what staff may do with it.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ConversationState } from '../../shared/conversation.ts';
import { newId } from '../../shared/ids.ts';
import type { Widget } from '../../shared/widget.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Contact, Lead, Pipeline } from '../../server/ports/documents.ts';
import { correctContact, listContacts, readContact } from '../../server/usecases/contact-book.ts';
import { followFacts } from '../../server/usecases/follow.ts';
import { exportLeads, listLeads } from '../../server/usecases/leads.ts';
import { changePipeline, createPipeline, deletePipeline, entryOf } from '../../server/usecases/pipelines.ts';
import { createIdentities } from '../../server/adapters/identity/jose.ts';
import { connectVisitor, openVisitor } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { addTenant, firstOrganisation } from '../support/tenant.ts';
import { SignJWT } from 'jose';

const secret = 'a-secret-of-this-test-0123456789-abcdef';
let server: TestServer;
let orgId = '';
let widget: Widget;
let first: Pipeline;

beforeAll(async () => {
  server = await startServer({ env: { TILLER_SECRET: secret } });
  ({ orgId, widget } = await firstOrganisation(server));
  [first] = (await server.node.store.documents.pipelines.list(orgId)) as [Pipeline];
});
afterAll(() => server.stop());

const deps = () => ({ store: server.node.store, clock: systemClock });
const documents = () => server.node.store.documents;
const stages = (...keys: string[]) => keys.map((key) => ({ key, name: key.toUpperCase() }));

/** The widget as it is to be, for what is opened from now on. */
const setWidget = async (change: Partial<Widget>): Promise<void> => {
  const { pipelineId: _p, stageId: _s, ...bare } = widget;
  const answer = await fetch(`${server.url}/api/console/widgets/${widget.id}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${server.firstRun.keys.console}`, 'content-type': 'application/json' },
    body: JSON.stringify({ pipelineId: '', stageId: '', name: bare.name, ...change }),
  });
  expect(answer.status, await answer.text()).toBe(200);
};

interface Visited {
  conversationId: string;
  contactId: string;
  client: Awaited<ReturnType<typeof openVisitor>>['client'];
  contact(): Promise<Contact>;
}

const visit = async (says = 'Hello'): Promise<Visited> => {
  const { client, conversationId } = await openVisitor(server.url, widget.widgetKey);
  await client.must('message:send', { conversationId, clientId: crypto.randomUUID(), text: says });
  const found = (await server.node.store.state(conversationId)) as { state: ConversationState };
  const contactId = found.state.contactId!;
  return {
    conversationId,
    contactId,
    client,
    contact: async () => (await documents().contacts.get(orgId, contactId))!,
  };
};
const placed = (visited: Visited): Promise<Contact> =>
  vi.waitFor(async () => {
    const contact = await visited.contact();
    expect(contact.stageId).toBeDefined();
    return contact;
  });

describe('pipelines', () => {
  test('stages keep their ids through renaming and reordering; new ones get ids of every kind', async () => {
    const made = await createPipeline(deps(), orgId, { name: 'Trips', stages: stages('a', 'b') });
    expect(made.isDefault).toBe(false);
    const [a, b] = made.stages;
    const changed = await changePipeline(deps(), orgId, made.id, {
      stages: [
        { id: b!.id, key: 'b2', name: 'B two' },
        { key: 'c', name: 'C' },
        { id: a!.id, key: 'a', name: 'A' },
      ],
    });
    expect(changed.stages[0]).toEqual({ ...b, key: 'b2', name: 'B two' });
    expect(changed.stages[2]).toEqual({ ...a, name: 'A' });
    expect(changed.stages[1]).toMatchObject({ id: expect.stringMatching(/^stage_[0-9a-f]{24}$/), key: 'c' });
    expect(changed.stages[1]!.hexId).toBe(changed.stages[1]!.id.slice(-24));
    expect(changed.updatedAt).toBeGreaterThan(made.updatedAt);
    await deletePipeline(deps(), orgId, made.id);
    expect(await documents().pipelines.get(orgId, made.id)).toBeUndefined();
  });

  test('a key or a stage that stands there twice, and a stage of elsewhere, are refused by their paths', async () => {
    const refusal = (input: { id?: string; key: string; name: string }[]) =>
      createPipeline(deps(), orgId, { name: 'X', stages: input }).catch((error: unknown) => error);
    expect(await refusal(stages('a', 'b', 'a'))).toMatchObject({
      code: 'invalid',
      details: [{ path: 'stages[2].key' }],
    });
    const stolen = { id: first.stages[0]!.id, key: 'mine', name: 'Mine' };
    expect(await refusal([...stages('a'), stolen])).toMatchObject({
      code: 'not_found',
      details: [{ path: 'stages[1].id' }],
    });
    const twice = await changePipeline(deps(), orgId, first.id, {
      stages: [...first.stages, { id: first.stages[0]!.id, key: 'again', name: 'Again' }],
    }).catch((error: unknown) => error);
    expect(twice).toMatchObject({ code: 'invalid', details: [{ path: `stages[${first.stages.length}].id` }] });
    expect((await documents().pipelines.get(orgId, first.id))!.stages).toEqual(first.stages);
  });

  test('there is one default: the first made, until another one is chosen; it cannot go', async () => {
    const other = await addTenant(server);
    const one = await createPipeline(deps(), other.orgId, { name: 'One', stages: stages('a') });
    const two = await createPipeline(deps(), other.orgId, { name: 'Two', stages: stages('a') });
    expect([one.isDefault, two.isDefault]).toEqual([true, false]);
    await expect(deletePipeline(deps(), other.orgId, one.id)).rejects.toMatchObject({ code: 'conflict' });
    await changePipeline(deps(), other.orgId, two.id, { isDefault: true });
    const defaults = (await documents().pipelines.list(other.orgId)).map(({ id, isDefault }) => [id, isDefault]);
    expect(new Map(defaults as [string, boolean][])).toEqual(
      new Map([
        [one.id, false],
        [two.id, true],
      ]),
    );
    await deletePipeline(deps(), other.orgId, one.id);
    await expect(changePipeline(deps(), orgId, two.id, { name: 'Mine' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(deletePipeline(deps(), orgId, two.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('a stage in use cannot go, whether a contact is in it or a widget sends contacts there', async () => {
    const pipeline = await createPipeline(deps(), orgId, { name: 'Used', stages: stages('a', 'b', 'c') });
    const [a, b, c] = pipeline.stages;
    const visited = await visit();
    await placed(visited);
    await correctContact(deps(), orgId, visited.contactId, { stageId: b!.id });
    const without = (id: string) =>
      changePipeline(deps(), orgId, pipeline.id, { stages: pipeline.stages.filter((one) => one.id !== id) });
    await expect(without(b!.id)).rejects.toMatchObject({ code: 'conflict' });
    await expect(deletePipeline(deps(), orgId, pipeline.id)).rejects.toMatchObject({ code: 'conflict' });
    await setWidget({ pipelineId: pipeline.id, stageId: c!.id });
    await expect(without(c!.id)).rejects.toMatchObject({ code: 'conflict' });
    await correctContact(deps(), orgId, visited.contactId, { stageId: first.stages[0]!.id });
    await expect(deletePipeline(deps(), orgId, pipeline.id)).rejects.toMatchObject({ code: 'conflict' });
    await setWidget({});
    expect((await without(a!.id)).stages.map(({ id }) => id)).toEqual([b!.id, c!.id]);
    await deletePipeline(deps(), orgId, pipeline.id);
    visited.client.close();
  });

  test('where a contact enters: the stage chosen, else the first of the pipeline chosen, else of the default one', () => {
    const stage = (id: string) => ({ id, uuid: id, hexId: id, key: id, name: id });
    const base = { orgId, uuid: '', hexId: '', name: '', createdAt: 1, updatedAt: 1 };
    const one = { ...base, id: 'one', isDefault: false, stages: [stage('a'), stage('b')] };
    const two = { ...base, id: 'two', isDefault: true, stages: [stage('c')] };
    expect(entryOf([one, two], {})).toEqual({ pipelineId: 'two', stageId: 'c' });
    expect(entryOf([one, two], { pipelineId: 'one' })).toEqual({ pipelineId: 'one', stageId: 'a' });
    expect(entryOf([one, two], { pipelineId: 'one', stageId: 'b' })).toEqual({ pipelineId: 'one', stageId: 'b' });
    // The default one was another when the stage was chosen.
    expect(entryOf([one, two], { stageId: 'b' })).toEqual({ pipelineId: 'one', stageId: 'b' });
    expect(entryOf([one, two], { pipelineId: 'gone', stageId: 'gone' })).toEqual({ pipelineId: 'two', stageId: 'c' });
    expect(entryOf([one], {})).toEqual({ pipelineId: 'one', stageId: 'a' });
    expect(entryOf([], {})).toBeUndefined();
  });
});

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

    const identitySecret = createIdentities(secret).secretOf(widget.id);
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

describe('leads', () => {
  const leadOf = (visited: Visited): Promise<Lead> =>
    vi.waitFor(async () => {
      const [lead] = await documents().leads.list(orgId, { group: visited.contactId });
      expect(lead).toBeDefined();
      return lead!;
    });

  test('who leaves an address is a lead with a score; saying more brings the same lead up to date', async () => {
    const visited = await visit('What does it cost to hire two kayaks? I would like to book.');
    const { conversationId, client } = visited;
    const { leadId } = await client.must<{ leadId: string }>('lead:submit', {
      conversationId,
      email: 'ada@example.com',
    });
    const lead = await leadOf(visited);
    expect(lead).toMatchObject({ id: leadId, conversationId, widgetId: widget.id, email: 'ada@example.com' });
    expect(lead.score).toBeGreaterThan(18);
    expect(lead.score).toBeLessThanOrEqual(100);
    await client.must('lead:submit', {
      conversationId,
      clientId: crypto.randomUUID(),
      ...{ name: 'Ada', phone: '+441234567', company: 'Selwick', customFields: { interest: 'trip' } },
    });
    const more = await vi.waitFor(async () => {
      const found = await leadOf(visited);
      expect(found.phone).toBe('+441234567');
      return found;
    });
    expect(more).toMatchObject({
      id: leadId,
      email: 'ada@example.com',
      company: 'Selwick',
      customFields: { interest: 'trip' },
    });
    expect(more.score).toBeGreaterThan(lead.score);
    expect((await visited.contact()).leadId).toBe(leadId);
    expect((await readContact(deps(), orgId, visited.contactId)).leads).toEqual([more]);
    client.close();
  });

  test('the list goes on by cursor, latest first', async () => {
    const other = await addTenant(server);
    const ids = Array.from({ length: 7 }, (_, n) => `lead_${n.toString(16).padStart(24, '0')}`);
    for (const id of ids) {
      await documents().leads.put({
        ...{
          id,
          orgId: other.orgId,
          createdAt: 1,
          updatedAt: 1,
          contactId: 'c',
          conversationId: 'v',
          widgetId: 'w',
          score: 1,
        },
      });
    }
    const one = await listLeads(deps(), other.orgId, { limit: 5 });
    const two = await listLeads(deps(), other.orgId, { limit: 5, cursor: one.cursor! });
    expect([...one.leads, ...two.leads].map(({ id }) => id)).toEqual(ids.toReversed());
    expect(two.cursor).toBeNull();
    expect((await listLeads(deps(), orgId, { limit: 200 })).leads.some(({ id }) => ids.includes(id))).toBe(false);
  });

  test('the export quotes what CSV needs quoted and disarms what a spreadsheet would run, in headers too', async () => {
    const other = await addTenant(server);
    await documents().leads.put({
      id: newId('lead'),
      ...{
        orgId: other.orgId,
        createdAt: 0,
        updatedAt: 1,
        contactId: 'c',
        conversationId: 'v',
        widgetId: 'w',
        score: 42,
      },
      name: '=HYPERLINK("http://evil.example","x")',
      email: '@SUM(1)',
      phone: '+441234',
      company: 'Selwick, Kayaks "Ltd"\nTwo',
      customFields: { '-danger': '\tcell', constructor: '\r=1', plain: 'a=b' },
    });
    const { filename, csv } = await exportLeads(deps(), other.orgId);
    expect(filename).toMatch(/^leads-\d{4}-\d\d-\d\d\.csv$/);
    const [header, row, ...rest] = csv.split('\r\n');
    expect(header).toBe(
      "lead,captured,changed,name,email,phone,company,score,contact,conversation,'-danger,constructor,plain",
    );
    expect(row).toContain(
      `"'=HYPERLINK(""http://evil.example"",""x"")",'@SUM(1),'+441234,"Selwick, Kayaks ""Ltd""\nTwo",42,c,v,'\tcell,"'\r=1",a=b`,
    );
    expect(rest).toEqual(['']);
    expect((await exportLeads(deps(), (await addTenant(server)).orgId)).csv.split('\r\n')).toHaveLength(2);
  });

  test('a test chat of staff is in no pipeline', async () => {
    const contactId = newId('con');
    const times = { createdAt: 1, lastSeenAt: 1, visits: 1 };
    await documents().contacts.put({ id: contactId, orgId, widgetId: widget.id, verified: false, ...times });
    const opened = {
      type: 'conversation.opened',
      widgetId: widget.id,
      assistantId: 'a',
      contactId,
      isAutopilot: true,
    } as const;
    const at = { conversationId: newId('conv'), seq: 1, id: 'x', at: 1 };
    await followFacts(deps(), { orgId, contactId }, [{ ...at, ...opened, channel: 'test' }]);
    expect((await documents().contacts.get(orgId, contactId))!.stageId).toBeUndefined();
    await followFacts(deps(), { orgId, contactId }, [{ ...at, ...opened, channel: 'widget' }]);
    expect((await documents().contacts.get(orgId, contactId))!.stageId).toBe(first.stages[0]!.id);
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
  await expect(connectVisitor(server.url, 'wgt_000000000000000000000000')).rejects.toBeDefined();
  visited.client.close();
});
