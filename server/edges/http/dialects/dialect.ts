// What a dialect is: a table of routes with their schemas, a way to know who calls, and a way to say what went wrong.
import type { Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { errorStatus, toWireError } from '../../../../shared/errors.ts';
import type { WireError } from '../../../../shared/errors.ts';
import type { Widget } from '../../../../shared/widget.ts';
import type { RateName } from '../../../usecases/limits.ts';
import type { SignedIn } from '../../../usecases/sessions.ts';
import type { HttpDeps } from '../deps.ts';

/** A secret key of an organisation: may provision. */
export interface KeyCaller {
  kind: 'key';
  signedIn: SignedIn;
}

/** A widget's public key, from a page that the widget allows: may do what a visitor may. */
export interface WidgetCaller {
  kind: 'widget';
  widget: Widget;
  /** Where the call comes from, in canonical form. */
  address?: string | undefined;
}

export type Caller = KeyCaller | WidgetCaller;

/** A request that was let in and parsed. */
export interface Call<C extends Caller, B, Q, P> {
  deps: HttpDeps;
  caller: C;
  body: B;
  query: Q;
  params: P;
  /** Of the header, where the route takes one: 1 to 255 printable characters. */
  idempotencyKey: string | undefined;
  /** For what the table does not describe: headers, and answers that are streamed. */
  request: Request;
  response: Response;
}

/** One who is charged, and by which limit. */
export interface Payer {
  limit: RateName;
  key: string;
}

/** What the generated documentation shows; taken from the contract's own example where it has one. */
export interface RouteExample {
  request?: unknown;
  response: unknown;
}

export interface RouteSpec<
  C extends Caller,
  O extends z.ZodType,
  B extends z.ZodType,
  Q extends z.ZodType,
  P extends z.ZodType,
> {
  /** Unique over all dialects: the `operationId` of the OpenAPI document. */
  id: string;
  summary: string;
  description?: string;
  /** Path parameters, by name. Unusable ones are `not_found`, as unknown ones are. */
  params?: P;
  query?: Q;
  /** Request headers beside the credential, for the documentation alone. */
  headers?: Record<string, { description: string; required: boolean }>;
  body?: B;
  /** Bytes of a JSON body; 64 KiB where it is left out. */
  bodyLimit?: number;
  /** True where the body holds free-form JSON values, in which a key may begin with `$`. */
  allowsDollarKeys?: boolean;
  /** Reads the body where it is not JSON, into `request.body`; `mediaType` is told in the documentation. */
  reads?: { mediaType: string; handlers: RequestHandler[] };
  status: 200 | 201;
  /** Also the list of what may leave: anything else that `handle` gives is stripped, and keys come in its order. */
  output: O;
  /** A second form of the answer, which `handle` streams by itself (it returns undefined then). */
  streams?: { mediaType: string; description: string };
  /** False where a repeat is known by other means and the answer must not be stored (it holds a secret). POST only. */
  isRemembered?: boolean;
  /** How the calls of one visitor are counted here. Asked before anything is kept of a call that would be refused. */
  countedBy?: (visitorId: string) => Payer;
  /** Refusals of this route beyond those of every route of its dialect. */
  refusals?: readonly WireError['code'][];
  example?: RouteExample;
  handle(call: Call<C, z.output<B>, z.output<Q>, z.output<P>>): Promise<z.input<O> | undefined>;
}

export type DialectRoute<C extends Caller = Caller> = RouteSpec<C, z.ZodType, z.ZodType, z.ZodType, z.ZodType>;

/** Types one route by its own schemas: `const route = routeFor<KeyCaller>()`, then `route({…})`. */
export const routeFor =
  <C extends Caller>() =>
  <
    O extends z.ZodType,
    B extends z.ZodType = z.ZodUndefined,
    Q extends z.ZodType = z.ZodUndefined,
    P extends z.ZodType = z.ZodUndefined,
  >(
    spec: RouteSpec<C, O, B, Q, P>,
  ): DialectRoute<C> =>
    spec;

export interface Dialect<C extends Caller = Caller> {
  /** For logs, metrics and as the tag of its routes in the documentation. */
  name: string;
  title: string;
  /** Every path below them is this dialect's, so that what cannot be parsed is answered in its envelope too. */
  prefixes: readonly string[];
  /** OpenAPI security schemes; any one of them lets in. */
  security: Record<string, Record<string, unknown>>;
  /** True for what browsers call from other people's pages. */
  isForPages: boolean;
  /** @throws ChatError `unauthenticated`, `forbidden`, `rate_limited` */
  admit(deps: HttpDeps, request: Request): Promise<C>;
  /** Whose calls are counted together and may share an `Idempotency-Key`. */
  scopeOf(caller: C, request: Request): string;
  /**
   * Who is charged for what is kept of a call with an `Idempotency-Key`; where it is absent, whose calls are counted together.
   * Asked before anything is written down. @throws ChatError where nothing may be kept of this call
   */
  payersOf?(deps: HttpDeps, caller: C, call: { request: Request; route: DialectRoute<C> }): Promise<Payer[]>;
  /** An error in this dialect's envelope. `status` is the usual one of the code. */
  renderError(error: WireError, status: number): { status: number; body: unknown };
  /** The schema of that body, by status where it differs. */
  errorBody(status: number): z.ZodType;
  /** Status of `invalid`. */
  invalidStatus: 400 | 422;
  /** The `WWW-Authenticate` of a 401, where its way to authenticate has a registered name. */
  challenge?: 'Bearer';
  /** `METHOD /path/:id`, the whole path. */
  routes: Record<string, DialectRoute<C>>;
}

/** Status and body of an error in a dialect's envelope. */
export const renderedError = <C extends Caller>(
  dialect: Dialect<C>,
  error: unknown,
): { status: number; body: unknown } => {
  const wire = toWireError(error);
  const status = wire.code === 'invalid' ? dialect.invalidStatus : errorStatus[wire.code];
  return dialect.renderError(wire, status);
};
