// Counts what a node asks of MongoDB: by command, collection and the fields that are asked by.
import { MongoClient } from 'mongodb';
import type { CommandStartedEvent } from 'mongodb';

export type Commands = Record<string, number>;

const counts = new Map<string, number>();

/** Those of the first question tell what kind it is. */
const fieldsOf = (command: CommandStartedEvent['command']): string => {
  const [first] = (command['updates'] ?? command['deletes'] ?? []) as { q?: object }[];
  const filter = (command['filter'] ?? first?.q ?? {}) as object;
  return Object.keys(filter).join(' ');
};

const count = ({ commandName, command }: CommandStartedEvent): void => {
  const collection: unknown = commandName === 'getMore' ? command['collection'] : command[commandName];
  const parts = [commandName, typeof collection === 'string' ? collection : '', fieldsOf(command)];
  const name = parts.filter((part) => part !== '').join(' ');
  counts.set(name, (counts.get(name) ?? 0) + 1);
};

/** Every client that connects from now on is counted. */
export const watchCommands = (): void => {
  const clients = new WeakSet<MongoClient>();
  const { prototype } = MongoClient;
  const connect = Object.getOwnPropertyDescriptor(prototype, 'connect')!.value as MongoClient['connect'];
  prototype.connect = function (this: MongoClient) {
    if (!clients.has(this)) {
      clients.add(this);
      // The type knows it as an option of the constructor alone.
      (this as MongoClient & { monitorCommands: boolean }).monitorCommands = true;
      this.on('commandStarted', count);
    }
    return connect.call(this);
  };
};

/** Since the start of the process. */
export const commandsSoFar = (): Commands => Object.fromEntries(counts);
