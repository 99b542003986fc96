// Leads: what follows a visitor who leaves an address, and the file that it is exported to.
import { describe, expect, test, vi } from 'vitest';
import { newId } from '../../shared/ids.ts';
import type { Lead } from '../../server/ports/documents.ts';
import { readContact } from '../../server/usecases/contact-book.ts';
import { followFacts } from '../../server/usecases/follow.ts';
import { exportLeads } from '../../server/usecases/lead-export.ts';
import { listLeads } from '../../server/usecases/leads.ts';
import { addTenant } from '../support/tenant.ts';
import { beginEnquiries, deps, documents, first, orgId, server, visit, widget } from './enquiries.ts';
import type { Visited } from './enquiries.ts';

beginEnquiries();

const exported = async (of: string): Promise<{ filename: string; csv: string }> => {
  const { filename, parts } = await exportLeads(deps(), of);
  let csv = '';
  for await (const part of parts) csv += part;
  return { filename, csv };
};

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
      name: 'Ada',
      phone: '+441234567',
      company: 'Selwick',
      customFields: { interest: 'trip' },
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
        id,
        orgId: other.orgId,
        createdAt: 1,
        updatedAt: 1,
        contactId: 'c',
        conversationId: 'v',
        widgetId: 'w',
        score: 1,
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
      orgId: other.orgId,
      createdAt: 0,
      updatedAt: 1,
      contactId: 'c',
      conversationId: 'v',
      widgetId: 'w',
      score: 42,
      name: '=HYPERLINK("http://evil.example","x")',
      email: '@SUM(1)',
      phone: '+441234',
      company: 'Selwick, Kayaks "Ltd"\nTwo',
      customFields: { '-danger': '\tcell', constructor: '\r=1', plain: 'a=b' },
    });
    const { filename, csv } = await exported(other.orgId);
    expect(filename).toMatch(/^leads-\d{4}-\d\d-\d\d\.csv$/);
    const [header, row, ...rest] = csv.split('\r\n');
    expect(header).toBe(
      `"lead","captured","changed","name","email","phone","company","score","contact","conversation","'-danger","constructor","plain"`,
    );
    expect(row).toContain(
      `"'=HYPERLINK(""http://evil.example"",""x"")","'@SUM(1)","'+441234","Selwick, Kayaks ""Ltd""\nTwo",42,"c","v","'\tcell","'\r'=1","a=b"`,
    );
    expect(rest).toEqual(['']);
    expect((await exported((await addTenant(server)).orgId)).csv.split('\r\n')).toHaveLength(2);
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
