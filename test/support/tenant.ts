// A second organisation on the same server: what belongs to it must not be found by the first.
import { grant } from '../../server/usecases/secret.ts';
import { widgetDefaults } from '../../server/domain/widget.ts';
import { systemClock } from '../../server/ports/clock.ts';
import type { Member } from '../../server/ports/documents.ts';
import type { Store } from '../../server/ports/store.ts';
import { newCatyKey, newId, newSecret, newWidgetKey, publicIdsOf } from '../../shared/ids.ts';
import type { Widget } from '../../shared/widget.ts';
import type { TestServer } from './server.ts';

export interface Tenant {
  orgId: string;
  member: Member;
  /** An API token for `/console`. */
  token: string;
  widget: Widget;
}

/** Another member of an organisation, with an API token. */
export const addMember = async (
  server: { node: { store: Store } },
  orgId: string,
  name: string,
  role: Member['role'] = 'agent',
): Promise<{ member: Member; token: string }> => {
  const { store } = server.node;
  const id = newId('mem');
  const member: Member = {
    id,
    ...publicIdsOf(id),
    orgId,
    createdAt: Date.now(),
    name,
    email: `${name.toLowerCase()}-${newId('mem')}@example.com`,
    role,
    isDisabled: false,
  };
  await store.documents.members.put(member);
  const token = newSecret('con');
  await grant(
    { store, clock: systemClock },
    { orgId, memberId: member.id, kind: 'token', name: 'test', secret: token },
  );
  return { member, token };
};

/** The organisation that the server began with. */
export const firstOrganisation = async (server: TestServer): Promise<{ orgId: string; widget: Widget }> => {
  const widget = await server.node.store.documents.widgets.find(`key:${server.firstRun.widgetKey}`);
  if (widget === undefined) throw new Error('the first widget is gone');
  return { orgId: widget.orgId, widget };
};

export const addTenant = async (server: TestServer): Promise<Tenant> => {
  const { store } = server.node;
  const orgId = newId('org');
  const createdAt = Date.now();
  await store.documents.organisations.put({
    id: orgId,
    ...publicIdsOf(orgId),
    orgId,
    createdAt,
    name: 'Other',
    businessType: '',
  });
  const assistantId = newId('asst');
  await store.documents.assistants.put({
    id: assistantId,
    ...publicIdsOf(assistantId),
    role: '',
    orgId,
    createdAt,
    updatedAt: createdAt,
    name: 'Otto',
    instructions: '',
    tone: '',
    model: '',
  });
  const widgetId = newId('wid');
  const { member, token } = await addMember(server, orgId, 'Olga', 'owner');
  const widget: Widget = {
    ...widgetDefaults,
    name: 'Other widget',
    assistantId,
    id: widgetId,
    ...publicIdsOf(widgetId),
    createdBy: member.id,
    orgId,
    widgetKey: newWidgetKey(),
    catyKey: newCatyKey(),
    createdAt,
    updatedAt: createdAt,
  };
  await store.documents.widgets.put(widget);
  return { orgId, member, token, widget };
};
