// Who is signed in, and the live connection that belongs to them.
import { signal } from '@preact/signals';
import type { ConsoleOutput, MemberView } from '../../shared/console-api.ts';
import type { StaffClient } from '../sdk/api.ts';
import { ApiError, call, messageOf, onSignedOut } from './api.ts';

export type Session =
  | { status: 'loading' }
  | { status: 'failed'; message: string }
  | { status: 'out'; hasEnded: boolean }
  | ({ status: 'in'; client: StaffClient } & ConsoleOutput<'GET /me'>);

export type SignedIn = Extract<Session, { status: 'in' }>;

export const session = signal<Session>({ status: 'loading' });

let createClient: ((memberId: string) => StaffClient) | null = null;

const leave = (hasEnded: boolean): void => {
  const before = session.value;
  if (before.status === 'in') before.client.disconnect();
  session.value = { status: 'out', hasEnded };
};

/** Asks who is signed in and connects. The address stays as it is, so that signing in leads where the person wanted to go. */
export const loadSession = async (): Promise<void> => {
  // Asked now: by the time a refusal is here, `call` has told of it already.
  const wasIn = session.value.status === 'in';
  try {
    const me = await call('GET /me');
    const before = session.value;
    if (before.status === 'in') before.client.disconnect();
    const client = createClient!(me.member.id);
    session.value = { status: 'in', client, ...me };
    client.connect();
  } catch (error) {
    if (error instanceof ApiError && error.code === 'unauthenticated') leave(wasIn);
    else session.value = { status: 'failed', message: messageOf(error) };
  }
};

/** Begins with the first look at the session; `create` makes the live client of a member. */
export const startSession = (create: (memberId: string) => StaffClient): void => {
  createClient = create;
  onSignedOut(() => {
    if (session.value.status === 'in') leave(true);
  });
  void loadSession();
};

export const signIn = async (email: string, password: string): Promise<void> => {
  await call('POST /login', { body: { email, password } });
  await loadSession();
};

/** Ends the session on the server first: a lost answer must not look like being signed out. */
export const signOut = async (): Promise<void> => {
  try {
    await call('POST /logout');
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'unauthenticated') throw error;
  }
  leave(false);
};

/** After a change of one's own profile. */
export const setMember = (member: MemberView): void => {
  const now = session.value;
  if (now.status !== 'in') return;
  session.value = { ...now, member };
  // The live connection speaks under the name and the picture that it began with.
  now.client.disconnect();
  now.client.connect();
};

/** After a change of the organisation. */
export const setOrganisation = (organisation: { id: string; name: string }): void => {
  const now = session.value;
  if (now.status === 'in') session.value = { ...now, organisation: { id: organisation.id, name: organisation.name } };
};

/** The session of whatever is drawn only when somebody is signed in. */
export const signedIn = (): SignedIn => {
  const now = session.value;
  if (now.status !== 'in') throw new Error('drawn without a session');
  return now;
};
