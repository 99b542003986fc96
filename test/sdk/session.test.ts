// A visitor's credentials: let go of one at a time, and only as far as needed.
import { describe, expect, test } from 'vitest';
import { createSession } from '../../client/sdk/session.ts';
import { memoryStorage } from '../../client/sdk/index.ts';

const options = { url: '', widgetKey: 'wgt_1' };
const base = 'tiller:wgt_1:';
const refused = { code: 'unauthenticated', message: 'No' } as const;

describe('credentials that the server refuses', () => {
  test('are given up in order: the identity, the session, the visitor; then the refusal is final', () => {
    const session = createSession(memoryStorage(), base, { ...options, identity: 'jwt' });
    session.keep({ sessionToken: 'sess_1', visitorToken: 'vis_1' });
    expect(session.auth()).toEqual({ v: 1, sessionToken: 'sess_1', visitorToken: 'vis_1', identity: 'jwt' });
    expect(session.dropRefused(refused)).toBeDefined();
    expect(session.auth()).toEqual({ v: 1, sessionToken: 'sess_1', visitorToken: 'vis_1' });
    expect(session.dropRefused(refused)).toBeDefined();
    expect(session.auth()).toEqual({ v: 1, visitorToken: 'vis_1' });
    expect(session.dropRefused(refused)).toBeDefined();
    expect(session.auth()).toEqual({ v: 1 });
    expect(session.dropRefused(refused)).toBeUndefined();
  });

  test('are kept where the refusal is about something else', () => {
    const session = createSession(memoryStorage(), base, options);
    session.keep({ sessionToken: 'sess_1' });
    expect(session.dropRefused({ code: 'forbidden', message: 'Not on this page' })).toBeUndefined();
    expect(session.auth()).toMatchObject({ sessionToken: 'sess_1' });
  });
});

test('an identity is shown until it was accepted: it is short-lived, the session is not', () => {
  const session = createSession(memoryStorage(), base, { ...options, identity: 'jwt', channel: 'test' });
  expect(session.auth()).toEqual({ v: 1, identity: 'jwt', channel: 'test' });
  session.accepted();
  expect(session.auth()).toEqual({ v: 1, channel: 'test' });
});

test('a token that another tab has rotated is used at the next handshake', () => {
  const storage = memoryStorage();
  const session = createSession(storage, base, options);
  session.keep({ sessionToken: 'sess_1' });
  createSession(storage, base, options).keep({ sessionToken: 'sess_2' });
  expect(session.auth()).toMatchObject({ sessionToken: 'sess_2' });
});
