// The part of Socket.IO's client that the SDK uses, for the widget's bundle: one namespace over one WebSocket, no
// reconnection (the SDK does that), no binary, no polling. Protocol: Engine.IO 4, Socket.IO 5. A quarter of the panel
// would be the full client. Every browser test of the widget runs through this file against a real Socket.IO server.

type Listener = (...args: never[]) => void;
type Acked = (error: Error | null, answer?: unknown) => void;

interface Options {
  path: string;
  auth: object;
  query?: Record<string, string>;
}

/** Named listeners, as much of an emitter as is asked for. */
const emitter = () => {
  const listeners = new Map<string, Listener[]>();
  return {
    on: (name: string, listener: Listener) => void listeners.set(name, [...(listeners.get(name) ?? []), listener]),
    off: () => listeners.clear(),
    tell: (name: string, ...args: unknown[]) => {
      for (const listener of listeners.get(name) ?? []) (listener as (...args: unknown[]) => void)(...args);
    },
  };
};

/** `url`: `http(s)://host/namespace`. Events: `connect`, `connect_error`, `disconnect`, and what the server emits. */
export const io = (url: string, { path, auth, query }: Options) => {
  // Not by `URL`: a library of the page may have replaced it, and the credentials go where this says.
  const [, secure = '', host = '', namespace = ''] = /^http(s?):\/\/([^/]+)(.*)$/i.exec(url) ?? [];
  const socket = emitter();
  const manager = emitter();
  const engine = emitter();
  const acks = new Map<number, Acked>();
  let ws: WebSocket | undefined;
  let isConnected = false;
  let isOver = false;
  let lastId = 0;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let patience = 45_000;

  /** Engine.IO's message, Socket.IO's type, the namespace, then the rest. */
  const send = (type: number, rest: string): void => {
    if (ws?.readyState === WebSocket.OPEN) ws.send(`4${type}${namespace},${rest}`);
  };

  const over = (refusal?: Error): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(silence);
    removeEventListener('offline', lost);
    ws?.close();
    if (isConnected) socket.tell('disconnect', 'transport close');
    else socket.tell('connect_error', refusal ?? new Error('websocket error'));
    isConnected = false;
    for (const ack of acks.values()) ack(new Error('socket has been disconnected'));
    acks.clear();
  };
  const lost = (): void => over();

  /** The server pings; a ping that does not come means a dead link. */
  const hear = (): void => {
    clearTimeout(silence);
    silence = setTimeout(lost, patience);
  };

  const receive = (type: string, rest: string): void => {
    const begin = rest.startsWith(namespace) ? namespace.length + 1 : 0;
    const [, id = '', json = ''] = /^(\d*)([\s\S]*)$/.exec(rest.slice(begin)) ?? [];
    const data: unknown = json === '' ? undefined : JSON.parse(json);
    switch (type) {
      case '0':
        isConnected = true;
        socket.tell('connect');
        return;
      case '1':
        return over();
      case '2':
        return socket.tell(...(data as [string, ...unknown[]]));
      case '3':
        acks.get(Number(id))?.(null, (data as unknown[])[0]);
        acks.delete(Number(id));
        return;
      case '4': {
        const { message, data: details } = data as { message: string; data?: unknown };
        over(Object.assign(new Error(message), { data: details }));
      }
    }
  };

  const handle = (packet: string): void => {
    engine.tell('packet');
    const rest = packet.slice(1);
    switch (packet[0]) {
      case '0': {
        const { pingInterval, pingTimeout } = JSON.parse(rest) as { pingInterval: number; pingTimeout: number };
        patience = pingInterval + pingTimeout;
        hear();
        send(0, JSON.stringify(auth));
        return;
      }
      case '1':
        return over();
      case '2':
        hear();
        ws?.send('3');
        return;
      case '4':
        receive(rest[0] ?? '', rest.slice(1));
    }
  };

  return {
    on: socket.on,
    off: socket.off,
    io: { on: manager.on, off: manager.off, engine },
    connect: () => {
      const search = new URLSearchParams({ ...query, EIO: '4', transport: 'websocket' });
      ws = new WebSocket(`ws${secure}://${host}${path}/?${search}`);
      ws.addEventListener('open', () => manager.tell('open'));
      ws.addEventListener('message', ({ data }) => {
        if (!isOver && typeof data === 'string') handle(data);
      });
      ws.addEventListener('close', lost);
      addEventListener('offline', lost);
    },
    disconnect: () => {
      send(1, '');
      over();
    },
    /** The callback gets an error where no ack came within `ms` or the connection ended first. */
    timeout: (ms: number) => ({
      emit: (name: string, input: unknown, done: Acked) => {
        const id = (lastId += 1);
        const timer = setTimeout(() => {
          acks.delete(id);
          done(new Error('operation has timed out'));
        }, ms);
        acks.set(id, (error, answer) => {
          clearTimeout(timer);
          done(error, answer);
        });
        send(2, `${id}${JSON.stringify([name, input])}`);
      },
    }),
  };
};
