// Messages at a steady pace, and how long each takes to whoever listens: on the visitor's own node, or on another one.
import { newUuid } from '../../../shared/ids.ts';
import { Histogram } from '../statistics.ts';
import type { WireClient } from '../wire-client.ts';
import { isFact } from './chat.ts';
import { inParallel, openAgent, openVisitor, say } from './target.ts';
import type { Target, Visitor } from './target.ts';

/** Where the two of a room are connected. */
export interface Seats {
  visitor: Target;
  agent: Target;
}

export interface Times {
  count: number;
  p50: number;
  p99: number;
}

export interface DeliveryRun {
  /** From sending to the agent's fact, ms; both on one node. */
  near: Times;
  /** The same, with a node for each. */
  far: Times;
  /** Turns that were left out, because the message before was not there yet. */
  late: number;
}

interface Room {
  visitor: Visitor;
  agent: WireClient;
  isFar: boolean;
  /** 0: nothing is under way. */
  sentAt: number;
}

let rooms: Room[] = [];

export const connectDelivery = async ({ seats }: { seats: Seats[] }): Promise<void> => {
  rooms = await inParallel(seats.length, 8, async (i) => {
    const seat = seats[i]!;
    const visitor = await openVisitor(seat.visitor);
    await say(visitor, 'Hello');
    const agent = await openAgent(seat.agent, visitor.conversationId);
    return { visitor, agent, isFar: seat.visitor.url !== seat.agent.url, sentAt: 0 };
  });
};

/** `perSecond`: over all rooms, one after the other. Ends when what was sent has arrived, or after 5 s more. */
export const runDelivery = async ({ perSecond, ms }: { perSecond: number; ms: number }): Promise<DeliveryRun> => {
  const times = { near: new Histogram(), far: new Histogram() };
  let open = 0;
  let late = 0;
  for (const room of rooms) {
    room.sentAt = 0;
    room.agent.onEvent = (bytes) => {
      if (room.sentAt === 0 || !isFact(bytes)) return;
      times[room.isFar ? 'far' : 'near'].add(performance.now() - room.sentAt);
      room.sentAt = 0;
      open -= 1;
    };
  }
  const sendIn = (room: Room): void => {
    if (room.sentAt > 0) {
      late += 1;
      return;
    }
    room.sentAt = performance.now();
    open += 1;
    const { client, conversationId } = room.visitor;
    const input = JSON.stringify({ conversationId, clientId: newUuid(), text: 'Is there a place left on Saturday?' });
    client.emit('message:send', input, (bytes) => {
      if (!bytes.includes('"ok":true')) throw new Error(`refused: ${bytes.toString()}`);
    });
  };
  const began = performance.now();
  let sent = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const passed = performance.now() - began;
      const due = passed < ms ? Math.floor((passed * perSecond) / 1000) : sent;
      for (; sent < due; sent += 1) sendIn(rooms[sent % rooms.length]!);
      if (passed < ms || (open > 0 && passed < ms + 5000)) return;
      clearInterval(timer);
      resolve();
    }, 2);
  });
  const told = (of: Histogram): Times => ({ count: of.total, p50: of.percentile(0.5), p99: of.percentile(0.99) });
  return { near: told(times.near), far: told(times.far), late };
};
