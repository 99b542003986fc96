// Socket.IO on the server's HTTP port: who may connect, which namespace, and what a revocation ends.
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import type { ServerOptions, Socket } from 'socket.io';
import { ChatError, toWireError } from '../../../shared/errors.ts';
import { namespaces } from '../../../shared/wire.ts';
import type { Widget } from '../../../shared/widget.ts';
import type { Config } from '../../config.ts';
import { isOriginAllowed } from '../../domain/allowed-domains.ts';
import type { Bus, Delivery } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Identities } from '../../ports/identity.ts';
import type { Model } from '../../ports/model.ts';
import type { Store } from '../../ports/store.ts';
import type { Log, Metrics } from '../../ports/telemetry.ts';
import { tooMuch } from '../../usecases/admission.ts';
import type { Admission } from '../../usecases/admission.ts';
import type { Bans } from '../../usecases/bans.ts';
import type { Committer } from '../../usecases/commit.ts';
import type { Directory } from '../../usecases/directory.ts';
import type { Limits } from '../../usecases/limits.ts';
import type { Spending } from '../../usecases/spending.ts';
import type { Presence } from '../../usecases/presence.ts';
import { admitPage, keyLife, widgetByKey } from '../../usecases/public-widget.ts';
import { memberOfCookie, memberOfToken } from '../../usecases/sessions.ts';
import { cookieOf } from '../http/cookie.ts';
import { addressKey, fullAddress, isLocalCaller } from '../http/address.ts';
import { createHosts, foreignHost } from '../http/hosts.ts';
import type { Trust } from '../http/hosts.ts';
import { endBanned } from './banned.ts';
import { clientAddress } from './address.ts';
import { guardConnections } from './guard.ts';
import { header, ownOriginOf, refusal, requestOf, staffAuth, turnAway, versioned, visitorAuth } from './handshake.ts';
import { Hub, widgetRoom } from './hub.ts';
import type { SharedRooms } from './hub.ts';
import { InboxFeed } from './inbox-feed.ts';
import { watchPressure } from './pressure.ts';
import { recheck } from './recheck.ts';
import { bindStaff } from './staff.ts';
import type { StaffSeat } from './staff.ts';
import { bindVisitor } from './visitor.ts';
import type { VisitorSeat } from './visitor.ts';
import { coalesceWrites, encodeTextOnly } from './wire-economy.ts';

export interface GatewayDeps {
  store: Store;
  bus: Bus;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  config: Config;
  committer: Committer;
  /** Who is let in and what is taken on while there is too much to do. */
  admission: Admission;
  /** Who is not served. */
  bans: Bans;
  directory: Directory;
  presence: Presence;
  limits: Limits;
  spending: Spending;
  /** Words what a widget says first. */
  model: Model;
  identities: Identities;
  trust: Trust;
  baseUrl(): string;
  /** Set where other nodes have connections too. */
  shared?: SharedEdge;
}

/** What the sockets of several nodes share. */
export interface SharedEdge {
  rooms: SharedRooms;
  /** Socket.IO's rooms over all nodes; absent: revocations are found out by looking again. */
  adapter: NonNullable<ServerOptions['adapter']> | undefined;
  /** How often deliveries may have been lost so far; null: they always may. */
  gaps(): number | null;
}

export interface SocketDeps extends GatewayDeps {
  hub: Hub;
  inbox: InboxFeed;
}

export interface Gateway {
  hub: Hub;
  /** Tells a widget's visitors whether anybody or anything answers right now. */
  tellAvailability(widget: Widget): void;
  /** Ends every connection in jittered batches over about `ms`; the SDK comes back by itself. */
  drain(ms: number): Promise<void>;
  close(): Promise<void>;
}

export const openGateway = (server: HttpServer, deps: GatewayDeps): Gateway => {
  const { config, log, metrics, presence, bus, limits, admission, shared } = deps;
  // While an upgrade is being admitted nobody listens to its connection: a reset just then would end the process.
  server.on('upgrade', (_request, socket) => socket.on('error', lostInterest));
  const io = new Server(server, {
    ...(shared?.adapter === undefined ? {} : { adapter: shared.adapter }),
    transports: ['websocket'],
    serveClient: false,
    maxHttpBufferSize: 64 * 1024,
    connectTimeout: 10_000,
    perMessageDeflate: false,
    httpCompression: false,
    allowEIO3: false,
    cleanupEmptyChildNamespaces: false,
    allowRequest: (request, decide) => {
      admit(request).then(
        () => decide(null, true),
        (error: unknown) => {
          const wire = toWireError(error);
          metrics.refused('widget', wire.code);
          admission.arrived(request);
          turnAway(request, wire);
          decide(wire.message, false);
        },
      );
    },
  });
  coalesceWrites(io);
  encodeTextOnly(io);
  const hosts = createHosts(deps);
  const isOneTooMany = guardConnections(io, { ...deps, isOff: limits.isOff });

  /** The Origin of an upgrade: the widget's list where a key is given, else our own pages and programs without one. */
  const admit = async (request: IncomingMessage): Promise<void> => {
    if (isOneTooMany(request)) throw new ChatError('rate_limited', 'Too many connections from this address');
    const key = new URL(request.url ?? '/', 'http://localhost').searchParams.get('widgetKey');
    if (key === null && !hosts.serves(request)) throw new ChatError('forbidden', foreignHost);
    const retryAfterMs = admission.arrive(request, key === null ? 'staff' : 'visitor');
    if (retryAfterMs > 0) throw tooMuch(retryAfterMs);
    const widget = key === null ? undefined : await widgetByKey(deps, key);
    const origin = header(request, 'origin');
    const ownOrigin = ownOriginOf(request, hosts, deps.baseUrl());
    if (widget === undefined) {
      // An unknown key is told as such by the namespace; without a key only our own pages and programs connect.
      if (key === null && origin !== undefined && origin !== ownOrigin) {
        throw new ChatError('forbidden', 'This page may not connect');
      }
      return;
    }
    await deps.bans.admit(widget.orgId, { address: fullAddress(clientAddress(request, deps.trust)) });
    const page = { ownOrigin, secFetchSite: header(request, 'sec-fetch-site') };
    if (!isOriginAllowed(widget.allowedDomains, origin, page)) {
      throw new ChatError('forbidden', 'This page may not connect');
    }
  };

  const hub = new Hub(io, shared?.rooms);
  const inbox = new InboxFeed({ store: deps.store, log, io });
  const socketDeps: SocketDeps = { ...deps, hub, inbox };
  const visitors = io.of(namespaces.visitor);
  const staff = io.of(namespaces.staff);

  const harmless = (socket: Socket): void => {
    // A client may emit an event named `error`; without a listener that would end the process.
    socket.on('error', () => undefined);
  };

  // Nothing lives in the default namespace, and nobody may sit there without a credential.
  io.use((_socket, next) => next(refusal(new ChatError('not_found', 'There is no such namespace'))));

  /** A test chat asks for nobody, so only those may have one who know that. @throws ChatError `forbidden` */
  const testChannel = async (request: IncomingMessage, { orgId }: Widget): Promise<'test'> => {
    const signedIn = await memberOfCookie(deps, cookieOf(request.headers, deps.baseUrl()) ?? '');
    if (signedIn?.member.orgId === orgId) return 'test';
    throw new ChatError('forbidden', 'A test chat is for signed-in members: open it in the settings of the widget');
  };

  visitors.use((socket, next) => {
    const enter = async (): Promise<void> => {
      const request = requestOf(socket);
      const auth = versioned(visitorAuth, socket.handshake.auth);
      const { widgetKey } = socket.handshake.query;
      if (typeof widgetKey !== 'string') throw new ChatError('unauthenticated', 'The widget key is missing');
      const widget = await admitPage(deps, {
        key: widgetKey,
        origin: header(request, 'origin'),
        secFetchSite: header(request, 'sec-fetch-site'),
        ownOrigin: ownOriginOf(request, hosts, deps.baseUrl()),
      });
      const seat: VisitorSeat = {
        widgetId: widget.id,
        orgId: widget.orgId,
        channel: auth.channel === 'test' ? await testChannel(request, widget) : 'widget',
        sessionToken: auth.sessionToken,
        visitorToken: auth.visitorToken,
        address: addressKey(clientAddress(request, deps.trust)),
        from: fullAddress(clientAddress(request, deps.trust)),
        isCounted: !isLocalCaller(request, config),
        userAgent: header(request, 'user-agent')?.slice(0, 200),
        locale: header(request, 'accept-language')?.split(',')[0]?.slice(0, 20),
        identity: auth.identity,
        session: undefined,
        contact: undefined,
      };
      await deps.bans.admit(seat.orgId, { address: seat.from });
      socket.data = seat;
    };
    enter().then(
      () => next(),
      (error: unknown) => {
        metrics.refused('widget', toWireError(error).code);
        next(refusal(error));
      },
    );
  });

  visitors.on('connection', (socket) => {
    harmless(socket);
    admission.arrived(requestOf(socket));
    const seat = socket.data as VisitorSeat;
    void socket.join(widgetRoom(seat.widgetId));
    metrics.connection('widget', 1);
    socket.on('disconnect', () => metrics.connection('widget', -1));
    bindVisitor(socket, seat, socketDeps);
    // Registered now: whoever was banned in between is found out here.
    endBanned([socket], socketDeps);
    const widgetKey = String(socket.handshake.query['widgetKey']);
    slim(socket);
    // Registered now: a widget that was switched off, or got another key, in between is found out here.
    widgetByKey(deps, widgetKey).then(
      (widget) => {
        const until = widget?.isEnabled === true ? keyLife(widget, widgetKey) : 0;
        if (until !== Number.POSITIVE_INFINITY) endWith(socket, until - deps.clock.now());
      },
      (error: unknown) => log.warn({ err: error }, 'widget not checked again'),
    );
  });

  staff.use((socket, next) => {
    const enter = async (): Promise<void> => {
      const request = requestOf(socket);
      const auth = versioned(staffAuth, socket.handshake.auth);
      // A connection with a widget's key was let in under any name.
      if (!hosts.serves(request)) throw new ChatError('forbidden', foreignHost);
      const origin = header(request, 'origin');
      const isOwn = origin === undefined || origin === ownOriginOf(request, hosts, deps.baseUrl());
      if (!isOwn) throw new ChatError('forbidden', 'This page may not connect');
      const signedIn =
        auth.token === undefined
          ? await memberOfCookie(deps, cookieOf(request.headers, deps.baseUrl()) ?? '')
          : await memberOfToken(deps, auth.token);
      if (signedIn === undefined) throw new ChatError('unauthenticated', 'Please sign in again');
      const addresses = [clientAddress(request, deps.trust), request.socket.remoteAddress];
      const seat: StaffSeat = { member: signedIn.member, credentialId: signedIn.credential.id, addresses };
      socket.data = seat;
    };
    enter().then(
      () => next(),
      (error: unknown) => {
        metrics.refused('console', toWireError(error).code);
        next(refusal(error));
      },
    );
  });

  staff.on('connection', (socket) => {
    harmless(socket);
    admission.arrived(requestOf(socket));
    const seat = socket.data as StaffSeat;
    const { member, credentialId } = seat;
    void socket.join([`member:${member.id}`, `credential:${credentialId}`]);
    metrics.connection('console', 1);
    presence.enter(socket.id, member);
    socket.on('disconnect', () => {
      metrics.connection('console', -1);
      presence.leave(socket.id);
    });
    bindStaff(socket, seat, socketDeps);
    slim(socket);
    const { credentials, members } = deps.store.documents;
    Promise.all([credentials.get(member.orgId, credentialId), members.get(member.orgId, member.id)]).then(
      ([credential, now]) => {
        if (credential === undefined || now?.isDisabled !== false || now.role !== member.role) socket.disconnect(true);
        else if (credential.expiresAt !== undefined) endWith(socket, credential.expiresAt - deps.clock.now());
      },
      (error: unknown) => log.warn({ err: error }, 'credential not checked again'),
    );
  });

  const revoke = ({ at, ...delivery }: Extract<Delivery, { kind: 'revoked' }>): void => {
    const waitMs = (at ?? 0) - deps.clock.now();
    if (waitMs > 0) {
      setTimeout(() => revoke(delivery), waitMs).unref();
      return;
    }
    const space = delivery.what === 'widget' || delivery.what === 'session' ? visitors : staff;
    // On every node: the adapter carries it where there are several.
    space.in(`${delivery.what}:${delivery.id}`).disconnectSockets(true);
  };

  bus.subscribe((delivery) => {
    hub.receive(delivery);
    inbox.receive(delivery);
    if (delivery.kind === 'revoked') revoke(delivery);
  });

  deps.bans.listen((orgId) => endBanned(visitors.sockets.values(), socketDeps, orgId));

  presence.listen({
    viewers: (orgId, conversationId, agents) => {
      // Each node tells its own: they may know of different colleagues for a moment.
      const signal = { type: 'presence.changed', conversationId, agents } as const;
      hub.receive({ kind: 'signal', orgId, to: 'staff', signal });
    },
    availability: (orgId) => {
      deps.store.documents.widgets.list(orgId).then(
        // Only widgets whose AI does not answer by itself depend on people being there.
        (widgets) => widgets.filter(({ isAutopilot }) => !isAutopilot).forEach((widget) => tellAvailability(widget)),
        (error: unknown) => log.warn({ err: error }, 'availability not told'),
      );
    },
  });

  /** Every node notices by itself who is there; a widget's change is known to one alone. */
  const tellAvailability = (widget: Widget, isEverywhere = false): void => {
    const isOnline = widget.isAutopilot || presence.isStaffOnline(widget.orgId);
    (isEverywhere ? visitors : visitors.local).to(widgetRoom(widget.id)).emit('signal', {
      type: 'presence.changed',
      conversationId: '',
      availability: isOnline ? 'online' : 'away',
    });
  };

  const stopWatching = watchPressure([visitors, staff], hub, metrics);
  const stopChecking =
    shared === undefined ? () => undefined : recheck(visitors, staff, { ...deps, gaps: () => shared.gaps() });

  return {
    hub,
    tellAvailability: (widget) => tellAvailability(widget, true),
    async drain(ms) {
      const connections = new Set([...visitors.sockets.values(), ...staff.sockets.values()].map(({ conn }) => conn));
      await Promise.all(
        [...connections].map(
          (connection) =>
            new Promise<void>((resolve) => {
              setTimeout(() => {
                connection.close();
                resolve();
              }, Math.random() * ms);
            }),
        ),
      );
    },
    async close() {
      stopWatching();
      stopChecking();
      await io.close();
    },
  };
};

const lostInterest = (): void => undefined;

/** A connection lasts no longer than what it came in by. */
const endWith = (socket: Socket, ms: number): void => {
  if (ms <= 0) {
    socket.disconnect(true);
    return;
  }
  const timer = setTimeout(() => socket.disconnect(true), Math.min(ms, 0x7fff_ffff));
  timer.unref();
  socket.once('disconnect', () => clearTimeout(timer));
};

/** An idle connection keeps no request: headers, socket and parser of the handshake are a good part of its memory. */
const slim = (socket: Socket): void => {
  const engine = socket.conn as unknown as { request: unknown };
  engine.request = null;
  Object.assign(socket.handshake, { headers: {}, query: {}, auth: {} });
};
