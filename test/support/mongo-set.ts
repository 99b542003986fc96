// A replica set for the tests, pretended in front of one real server: it has members with elections, crashes and partitions,
// and answers with MongoDB's own documents. What is written is written, by the real server, and no member loses it.
import { connectBehind } from './mongo-set-behind.ts';
import { createDoors } from './mongo-set-doors.ts';
import type { Guest } from './mongo-set-doors.ts';
import { createMembers, SET_NAME } from './mongo-set-members.ts';
import type { Member } from './mongo-set-members.ts';
import { createRules } from './mongo-set-rules.ts';
import type { Matcher, Outcome } from './mongo-set-rules.ts';
import { createAnswering } from './mongo-set-server.ts';
import { createStreams } from './mongo-set-streams.ts';
import { freshMongoUrl } from './mongo-server.ts';
import { aboutOf, Frames, parseRequest, writeReply } from './mongo-wire.ts';
import type { WireRequest } from './mongo-wire.ts';

export interface SetMember {
  readonly index: number;
  readonly role: 'primary' | 'secondary' | 'down';
  /** The others went on without it. */
  readonly isPartitioned: boolean;
}

export interface MongoSet {
  /** Of all members, for clients of the line `main`. */
  url: string;
  members: readonly SetMember[];
  /** The index of the member that the majority elected; undefined while there is none. */
  primary(): number | undefined;
  /** Resolves with the index of the primary once there is one. */
  elected(): Promise<number>;
  /** The address by which a client is told from others in rules, counts and partitions. */
  line(name: string): Promise<string>;
  /**
   * The primary gives up its role. What is under way there is answered with 189 or 11602. It keeps its connections, as MongoDB
   * since 4.2 does, or `endsConnections` when its `hello` has told of it, as one does that is being shut down. Resolves when
   * another member is primary, after `electionMs` (300).
   */
  stepDown(options?: { electionMs?: number; endsConnections?: boolean }): Promise<void>;
  /**
   * The primary dies: its connections are reset and its ports refuse. Resolves when the others have elected one, after
   * `electionMs` (11,000); the dead one returns as a secondary `returnMs` (1000) later.
   */
  crash(electionMs?: number, returnMs?: number): Promise<void>;
  /**
   * Cuts the primary off. The others elect another after `electionMs` (1000), when this resolves; the old one believes that it
   * is primary for `believesMs` (10,000). `lines`: clients on its side of the cut, who reach no other member; nobody else
   * reaches it where this is given.
   */
  partition(options?: { lines?: readonly string[]; electionMs?: number; believesMs?: number }): Promise<void>;
  /** Ends every partition. The member that was cut off forgets what it took alone. */
  heal(): Promise<void>;
  /** The clock of a member, in its `hello` and where a command asks for the time, is off by so much, ms. */
  clockOffset(member: number, ms: number): void;
  /** Plays this outcome for the next `times` (1) requests that match. */
  failNext(matcher: Matcher, outcome: Outcome, times?: number): { end: () => void; applied: () => number };
  /** Requests that match wait so long before they arrive, until it is ended; those that wait then still do. */
  stall(matcher: Matcher, ms: number): { end: () => void; applied: () => number };
  /** Requests by the name of their command, without `hello`; of one line or of all. */
  commands(line?: string): Record<string, number>;
  close(): Promise<void>;
}

/** A driver learns of a step-down before its connections end, ms. */
const FAREWELL_MS = 50;
const greetings = new Set(['hello', 'ismaster', 'isMaster']);

/**
 * `url`: an empty database on a FerretDB or a MongoDB that is no replica set; a fresh one where absent. `native`: it says that
 * it is a MongoDB 7.0, and does in one step what FerretDB 1 does in two.
 */
export const startMongoSet = async (
  options: { members?: number; native?: boolean; url?: string } = {},
): Promise<MongoSet> => {
  const { members: count = 3, native = true, url = await freshMongoUrl('set') } = options;
  const behind = await connectBehind(url);
  const said = behind.hello;
  const members = createMembers(count, {
    maxBsonObjectSize: said['maxBsonObjectSize'],
    maxMessageSizeBytes: said['maxMessageSizeBytes'],
    maxWriteBatchSize: said['maxWriteBatchSize'],
    minWireVersion: said['minWireVersion'],
    maxWireVersion: said['maxWireVersion'],
  });
  const rules = createRules();
  const streams = createStreams();
  const answer = createAnswering(behind, members, rules, streams, native);
  const counts = new Map<string, Map<string, number>>();
  let isClosed = false;

  const tally = (line: string, name: string): void => {
    const ofLine = counts.get(line) ?? new Map<string, number>();
    counts.set(line, ofLine.set(name, (ofLine.get(name) ?? 0) + 1));
  };

  const send = (guest: Guest, request: WireRequest, responseTo: number, document: object, more = false): number => {
    const { id, message } = writeReply(request, responseTo, document, more);
    if (request.wantsReply && !guest.socket.destroyed) guest.socket.write(message);
    return id;
  };

  /** Also one that waits for a change, and one that goes on telling of changes. */
  const greet = async (guest: Guest, member: Member, request: WireRequest): Promise<void> => {
    const { maxAwaitTimeMS, topologyVersion: known } = request.command;
    let counter = known === undefined ? undefined : Number(known.counter);
    let responseTo = request.id;
    do {
      const isSame =
        (known?.processId as { toString(): string } | undefined)?.toString() === member.processId.toString();
      if (counter !== undefined && isSame)
        await members.untilChanged(member, counter, Number(maxAwaitTimeMS ?? 10_000));
      // The answer of a member that is going must not be taken for that of one that is there.
      if (isClosed || member.role === 'down' || guest.socket.destroyed) return;
      ({ counter } = member);
      const hello = members.hello(member, doors.hosts(guest.line));
      responseTo = send(guest, request, responseTo, hello, request.mayStream);
    } while (request.mayStream);
  };

  const serve = (guest: Guest): void => {
    const frames = new Frames();
    const member = members.all[guest.member]!;
    let tail = Promise.resolve();
    const handle = async (request: WireRequest): Promise<void> => {
      const { name } = aboutOf(request.command);
      if (greetings.has(name)) return greet(guest, member, request);
      tally(guest.line, name);
      guest.busy += 1;
      try {
        const reply = await answer({ command: request.command, line: guest.line, member });
        if (reply === 'reset') guest.socket.resetAndDestroy();
        else send(guest, request, request.id, reply);
      } finally {
        doors.answered(guest);
      }
    };
    guest.socket.on('data', (data) => {
      try {
        for (const message of frames.push(data)) {
          const request = parseRequest(message);
          tail = tail.then(async () => handle(request)).catch(() => void guest.socket.resetAndDestroy());
        }
      } catch {
        guest.socket.resetAndDestroy();
      }
    });
  };

  const doors = createDoors(count, serve);
  const addressOf = (hosts: readonly string[]): string =>
    `mongodb://${hosts.join(',')}${new URL(url).pathname}?replicaSet=${SET_NAME}`;
  const main = addressOf(await doors.line('main'));

  const later = new Set<{ timer: NodeJS.Timeout; run: () => void }>();
  const after = async (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const run = (): void => {
        later.delete(one);
        resolve();
      };
      const one = { timer: setTimeout(run, ms), run };
      later.add(one);
    });

  const theirs = (): Member => {
    const primary = members.primary();
    if (primary === undefined) throw new Error('the set has no primary now');
    return primary;
  };
  /** Another one than this where there is one that lives. */
  const electAnother = (than: Member): void => {
    if (isClosed || members.primary() !== undefined) return;
    const able = members.all.filter(({ role, unseen }) => role === 'secondary' && unseen === undefined);
    const next = members.all[(than.index + 1) % count]!;
    const chosen = able.includes(next) ? next : (able.find((one) => one !== than) ?? able[0]);
    if (chosen !== undefined) members.elect(chosen);
  };

  members.elect(members.all[0]!);
  return {
    url: main,
    members: members.all.map((member) => ({
      index: member.index,
      get role() {
        return member.role;
      },
      get isPartitioned() {
        return member.unseen !== undefined;
      },
    })),
    primary: () => members.primary()?.index,
    elected: async () => {
      for (;;) {
        const primary = members.primary();
        if (primary !== undefined) return primary.index;
        const [any] = members.all;
        await members.untilChanged(any!, any!.counter, 1000);
      }
    },
    line: async (name) => addressOf(await doors.line(name)),
    stepDown: async ({ electionMs = 300, endsConnections = false } = {}) => {
      const old = theirs();
      members.demote(old, 'secondary');
      await after(FAREWELL_MS);
      if (endsConnections) doors.dismiss(old.index);
      await after(electionMs - FAREWELL_MS);
      electAnother(old);
    },
    crash: async (electionMs = 11_000, returnMs = 1000) => {
      const old = theirs();
      members.demote(old, 'down');
      await doors.shut(old.index);
      await after(electionMs);
      electAnother(old);
      const back = async (): Promise<void> => {
        await after(returnMs);
        if (isClosed) return;
        members.demote(old, 'secondary');
        await doors.open(old.index);
        // Of a set of one there was nobody to take its place.
        electAnother(old);
      };
      void back();
    },
    partition: async ({ lines, electionMs = 1000, believesMs = 10_000 } = {}) => {
      const old = theirs();
      old.unseen = new Map();
      if (lines !== undefined) {
        const others = doors.lines().filter((name) => !lines.includes(name));
        await doors.shut(old.index, others);
        for (const { index } of members.all) if (index !== old.index) await doors.shut(index, lines);
      }
      const { term } = old;
      const doubt = async (): Promise<void> => {
        await after(believesMs);
        if (old.term === term) members.demote(old, 'secondary');
      };
      void doubt();
      await after(electionMs);
      electAnother(old);
    },
    heal: async () => {
      for (const member of members.all) {
        if (member.unseen === undefined) continue;
        members.demote(member, 'secondary');
        member.unseen = undefined;
        // It goes back to where the others were, and everybody comes anew.
        await doors.shut(member.index);
      }
      for (const { index, role } of members.all) if (role !== 'down') await doors.open(index);
      electAnother(members.all.at(-1)!);
    },
    clockOffset: (index, ms) => {
      members.all[index]!.clockOffsetMs = ms;
    },
    failNext: (matcher, outcome, times = 1) => rules.add(matcher, outcome, times),
    stall: (matcher, ms) => rules.add(matcher, { stallMs: ms }, Number.POSITIVE_INFINITY),
    commands: (line) => {
      const total: Record<string, number> = {};
      for (const [name, ofLine] of counts) {
        if (line !== undefined && line !== name) continue;
        for (const [command, times] of ofLine) total[command] = (total[command] ?? 0) + times;
      }
      return total;
    },
    close: async () => {
      isClosed = true;
      for (const { timer, run } of later) {
        clearTimeout(timer);
        run();
      }
      streams.release();
      members.release();
      await doors.close();
      await behind.close();
    },
  };
};
