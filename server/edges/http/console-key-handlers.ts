// What the console's routes for keys, the organisation and a widget's public keys do.
import { addAssistant } from '../../usecases/knowledge.ts';
import { listKeys, makeKey, renameKey, revokeKey, rotateKey } from '../../usecases/keys.ts';
import { changeOrganisation, readOrganisation } from '../../usecases/organisations.ts';
import { deleteWidget, rotateWidgetKey } from '../../usecases/widgets.ts';
import type { ConsoleHandlers } from './console-handlers.ts';

export const keyHandlers = {
  'GET /organisation': async ({ deps, signedIn: { member } }) => ({
    organisation: await readOrganisation(deps, member.orgId),
  }),
  'PATCH /organisation': async ({ deps, signedIn: { member }, body }) => {
    const organisation = await changeOrganisation(deps, member.orgId, body);
    deps.spending.forget(member.orgId);
    return { organisation };
  },
  'GET /keys': async ({ deps, signedIn: { member } }) => ({ keys: await listKeys(deps, member.orgId) }),
  'POST /keys': ({ deps, signedIn: { member }, body }) => makeKey(deps, member, body),
  'PATCH /keys/:id': async ({ deps, signedIn: { member }, id, body }) => ({
    key: await renameKey(deps, member.orgId, id, body.name),
  }),
  'POST /keys/:id/rotate': ({ deps, signedIn: { member }, id, body }) => rotateKey(deps, member, id, body.graceSeconds),
  'DELETE /keys/:id': async ({ deps, signedIn: { member }, id }) => {
    await revokeKey(deps, member.orgId, id);
    return {};
  },
  'DELETE /widgets/:id': async ({ deps, signedIn: { member }, id }) => {
    await deleteWidget(deps, member.orgId, id);
    return {};
  },
  'POST /widgets/:id/rotate-key': async ({ deps, signedIn: { member }, id, body }) => {
    const graceMs = (body.graceSeconds ?? 0) * 1000;
    const { widgetKey, catyKey } = await rotateWidgetKey(deps, member.orgId, id, body.which, graceMs);
    return { widgetKey, catyKey };
  },
  'POST /assistants': async ({ deps, signedIn: { member }, body }) => ({
    assistant: await addAssistant(deps, member.orgId, body),
  }),
} satisfies Partial<ConsoleHandlers>;
