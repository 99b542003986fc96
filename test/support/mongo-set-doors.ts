// The ports of a pretended replica set: each line of clients has one for every member, so that it can be told from others.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

export interface Door {
  readonly line: string;
  readonly member: number;
}

export interface Guest extends Door {
  readonly socket: Socket;
  /** Requests that are not answered yet. */
  busy: number;
  /** Goes when it was answered. */
  isLeaving: boolean;
}

export interface Doors {
  /** The addresses of the members on a line, which is made where it is new. */
  line(name: string): Promise<string[]>;
  hosts(name: string): readonly string[];
  lines(): string[];
  /** Resets what is connected to a member, and what comes; of some lines only, where they are given. */
  shut(member: number, lines?: readonly string[]): Promise<void>;
  /** After `shut`, at the same ports. */
  open(member: number): Promise<void>;
  /** Ends every connection to a member once it has its answers. */
  dismiss(member: number): void;
  /** One request of a guest was answered. */
  answered(guest: Guest): void;
  close(): Promise<void>;
}

export const createDoors = (members: number, serve: (guest: Guest) => void): Doors => {
  const guests = new Set<Guest>();
  const lines = new Map<string, { hosts: string[]; servers: Server[]; isOpen: boolean[] }>();

  const listen = async (door: Door): Promise<Server> => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      // Its port stays ours: another process would take it meanwhile.
      if (lines.get(door.line)?.isOpen[door.member] === false) {
        socket.resetAndDestroy();
        return;
      }
      const guest: Guest = { ...door, socket, busy: 0, isLeaving: false };
      guests.add(guest);
      socket.setNoDelay(true);
      socket.on('close', () => guests.delete(guest));
      serve(guest);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };

  const shutOne = (name: string, member: number): void => {
    lines.get(name)!.isOpen[member] = false;
    for (const guest of guests) if (guest.line === name && guest.member === member) guest.socket.resetAndDestroy();
  };

  const leave = (guest: Guest): void => {
    if (guest.isLeaving && guest.busy === 0) guest.socket.end(() => guest.socket.destroy());
  };

  return {
    line: async (name) => {
      const there = lines.get(name);
      if (there !== undefined) return there.hosts;
      const numbers = Array.from({ length: members }, (_, member) => member);
      const servers = await Promise.all(numbers.map(async (member) => listen({ line: name, member })));
      const ports = servers.map((server) => (server.address() as AddressInfo).port);
      const hosts = ports.map((port) => `127.0.0.1:${port}`);
      lines.set(name, { hosts, servers, isOpen: numbers.map(() => true) });
      return hosts;
    },
    hosts: (name) => lines.get(name)?.hosts ?? [],
    lines: () => [...lines.keys()],
    shut: async (member, some = [...lines.keys()]) => {
      for (const name of some) shutOne(name, member);
    },
    open: async (member) => {
      for (const line of lines.values()) line.isOpen[member] = true;
    },
    dismiss: (member) => {
      for (const guest of guests) {
        if (guest.member !== member) continue;
        guest.isLeaving = true;
        leave(guest);
      }
    },
    answered: (guest) => {
      guest.busy -= 1;
      leave(guest);
    },
    close: async () => {
      const closed = [...lines.values()].flatMap(({ servers }) =>
        servers.map(async (server) => {
          server.close();
          await once(server, 'close');
        }),
      );
      for (const name of lines.keys()) for (let member = 0; member < members; member++) shutOne(name, member);
      await Promise.all(closed);
    },
  };
};
