// The members of a pretended replica set: who is primary, and what each says of itself.
import { BSON } from 'mongodb';
import type { Document } from 'mongodb';

export const SET_NAME = 'rs0';

export interface Member {
  readonly index: number;
  /** A partitioned primary believes that it still is one. */
  role: 'primary' | 'secondary' | 'down';
  /** The election that made it primary. */
  term: number;
  /** What was inserted elsewhere since the others went on without it, by collection; undefined where it is among them. */
  unseen: Map<string, unknown[]> | undefined;
  clockOffsetMs: number;
  readonly processId: BSON.ObjectId;
  counter: number;
}

export interface Members {
  readonly all: readonly Member[];
  /** The one that the majority elected. */
  primary(): Member | undefined;
  /** What `hello` says at a member, whose addresses are those of the client's line. */
  hello(member: Member, hosts: readonly string[]): Document;
  topologyVersion(member: Member): Document;
  /** Resolves when a member is not what it was at this count, or after `ms`. */
  untilChanged(member: Member, counter: number, ms: number): Promise<void>;
  /** Takes its role from a member. */
  demote(member: Member, role: 'secondary' | 'down'): void;
  /** Makes a member primary by a new election. */
  elect(member: Member): void;
  /** Whoever waits is told. */
  release(): void;
}

/** `limits`: what the server behind says of its wire version and sizes. */
export const createMembers = (count: number, limits: Document): Members => {
  let term = 0;
  let isReleased = false;
  const waiting = new Set<() => void>();
  const all: Member[] = Array.from({ length: count }, (_, index) => ({
    index,
    role: 'secondary',
    term: 0,
    unseen: undefined,
    clockOffsetMs: 0,
    processId: new BSON.ObjectId(),
    counter: 0,
  }));

  const changed = (): void => {
    for (const member of all) member.counter += 1;
    for (const wake of waiting) wake();
  };
  const primary = (): Member | undefined =>
    all.find((member) => member.role === 'primary' && member.unseen === undefined);
  const topologyVersion = ({ processId, counter }: Member): Document => ({
    processId,
    counter: BSON.Long.fromNumber(counter),
  });

  return {
    all,
    primary,
    topologyVersion,
    hello: (member, hosts) => {
      const isPrimary = member.role === 'primary';
      // Who is cut off knows of no other.
      const known = member.unseen === undefined ? primary() : isPrimary ? member : undefined;
      const localTime = new Date(Date.now() + member.clockOffsetMs);
      const opTime = { ts: new BSON.Timestamp({ t: Math.floor(localTime.getTime() / 1000), i: 1 }), t: term };
      return {
        topologyVersion: topologyVersion(member),
        helloOk: true,
        hosts: [...hosts],
        setName: SET_NAME,
        setVersion: 1,
        ismaster: isPrimary,
        isWritablePrimary: isPrimary,
        secondary: !isPrimary,
        ...(known === undefined ? {} : { primary: hosts[known.index] }),
        me: hosts[member.index],
        // Rises with each election, in the form that a server gives it.
        ...(isPrimary
          ? { electionId: new BSON.ObjectId(`7fffffff${member.term.toString(16).padStart(16, '0')}`) }
          : {}),
        lastWrite: { opTime, lastWriteDate: localTime, majorityOpTime: opTime, majorityWriteDate: localTime },
        ...limits,
        localTime,
        logicalSessionTimeoutMinutes: 30,
        readOnly: false,
        ok: 1,
      };
    },
    untilChanged: async (member, counter, ms) =>
      new Promise((resolve) => {
        if (member.counter !== counter || isReleased) {
          resolve();
          return;
        }
        const end = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const wake = (): void => {
          if (member.counter !== counter || isReleased) end();
        };
        const timer = setTimeout(end, ms);
        waiting.add(wake);
      }),
    demote: (member, role) => {
      member.role = role;
      member.term = 0;
      changed();
    },
    elect: (member) => {
      term += 1;
      member.role = 'primary';
      member.term = term;
      changed();
    },
    release: () => {
      isReleased = true;
      for (const wake of waiting) wake();
    },
  };
};
