// Contract 003: the widget over REST, for pages with a widget's public key (docs/contracts/widget-api.md).
import { countedAddress } from '../../address.ts';
import type { Dialect, WidgetCaller } from '../dialect.ts';
import { admitWidget, knownSession } from './admission.ts';
import { behaviorRoutes } from './behavior-routes.ts';
import { companionRoutes } from './companion-routes.ts';
import { errorBodyOf } from './errors.ts';
import { messageRoutes } from './message-routes.ts';
import { errorBody } from './schema.ts';
import { sessionRoutes } from './session-routes.ts';

/**
 * What is kept of a visitor's call is charged to the visitor, and to the address. Nothing is kept of a stranger's call, or of one
 * that is too fast.
 */
const payersOf: Dialect<WidgetCaller>['payersOf'] = async (deps, { widget }, { request, route }) => {
  const { visitorId } = await knownSession(deps, widget, sessionIn(request.body));
  const counted = route.countedBy?.(visitorId);
  const late = counted === undefined ? undefined : deps.limits.check(counted.limit, counted.key, 0);
  if (late !== undefined) throw late;
  const address = countedAddress(request, deps.config);
  return [
    { limit: 'rememberedBy', key: visitorId },
    ...(address === undefined ? [] : [{ limit: 'rememberedFrom', key: address } as const]),
  ];
};

/** The session of a call, so that one visitor's `Idempotency-Key` is not another's. */
const sessionIn = (body: unknown): string => {
  const id = typeof body === 'object' && body !== null ? (body as { session_id?: unknown }).session_id : undefined;
  return typeof id === 'string' ? id : '';
};

export const widgetApi: Dialect<WidgetCaller> = {
  name: 'widget-api',
  title: 'Widget API',
  prefixes: ['/api/widget'],
  security: {
    widgetKey: {
      type: 'apiKey',
      in: 'header',
      name: 'X-API-Key',
      description: 'A public key of a widget: `caty_…` or `wgt_…`. Pages of its allowed domains may use it.',
    },
  },
  isForPages: true,
  admit: admitWidget,
  scopeOf: ({ widget }, request) => `${widget.id} ${sessionIn(request.body)}`,
  payersOf,
  renderError: (error, status) => ({ status, body: errorBodyOf(error) }),
  errorBody: () => errorBody,
  invalidStatus: 400,
  routes: { ...sessionRoutes, ...messageRoutes, ...behaviorRoutes, ...companionRoutes },
};
