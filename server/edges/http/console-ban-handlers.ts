// What the console's routes for bans do.
import { ban, liftBan } from '../../usecases/ban-changes.ts';
import { banChoices, listBans, reachOf } from '../../usecases/ban-views.ts';
import { banAskOf, canonical, networkAsked } from './ban-input.ts';
import type { ConsoleHandlers } from './console-handlers.ts';

export const banHandlers = {
  'GET /bans': ({ deps, signedIn: { member }, query }) => listBans(deps, member.orgId, query),
  'POST /bans': async ({ deps, signedIn: { member }, body, addresses }) => ({
    ban: await ban(deps, member, banAskOf(body, addresses)),
  }),
  'DELETE /bans/:id': async ({ deps, signedIn: { member }, id }) => {
    await liftBan(deps, member.orgId, id);
    return {};
  },
  'GET /bans/reach': ({ deps, signedIn: { member }, query, addresses }) =>
    reachOf(deps, member.orgId, {
      value: networkAsked(query),
      conversationId: query.conversationId,
      mine: canonical(addresses),
    }),
  'GET /conversations/:id/ban': ({ deps, signedIn: { member }, id }) => banChoices(deps, member, id),
} satisfies Partial<ConsoleHandlers>;
