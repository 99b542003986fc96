// What reaches the log: never a secret, whatever name it travels under.
import { expect, test } from 'vitest';
import { createLog } from '../../server/adapters/log/pino.ts';
import { withoutRepeats } from '../../server/adapters/log/repeats.ts';
import { addressKey, truncatedAddress } from '../../server/edges/http/address.ts';
import { ChatError } from '../../shared/errors.ts';
import { newSecret } from '../../shared/ids.ts';

const logged = (write: (log: ReturnType<typeof createLog>) => void): string => {
  let lines = '';
  write(createLog('debug', { write: (line: string) => (lines += line) }));
  return lines;
};

test('secrets are cut out by the name of their field', () => {
  const secret = 'horse-battery';
  const fields = {
    authorization: secret,
    cookie: secret,
    api_key: secret,
    password: secret,
    request: { headers: { authorization: secret, cookie: secret }, token: secret },
  };
  const line = logged((log) => log.info(fields, 'x'));
  expect(line).not.toContain(secret);
  expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: 'x', authorization: '[removed]' });
});

test('secrets are cut out by their look, wherever they stand', () => {
  const secrets = (['sess', 'vis', 'in', 'pat', 'con', 'link', 'cookie'] as const).map(newSecret);
  for (const secret of secrets) {
    const error = new ChatError('internal', `failed for ${secret}`, { cause: new Error(secret) });
    const line = logged((log) => log.error({ err: error, note: `Bearer ${secret}` }, `at /x?api_key=${secret}`));
    expect(line).not.toContain(secret);
    expect(() => JSON.parse(line) as unknown).not.toThrow();
  }
});

test('an error keeps its message, stack and code', () => {
  const error = Object.assign(new Error('disk full'), { code: 'ENOSPC' });
  const { err } = JSON.parse(logged((log) => log.error({ err: error }, 'x'))) as { err: Record<string, string> };
  expect(err).toMatchObject({ type: 'Error', message: 'disk full', code: 'ENOSPC' });
  expect(err['stack']).toContain('log.test');
});

test('addresses lose what names a household', () => {
  expect(truncatedAddress('203.0.113.77')).toBe('203.0.113.0');
  expect(truncatedAddress('::ffff:203.0.113.77')).toBe('203.0.113.0');
  expect(truncatedAddress('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1::');
  expect(truncatedAddress('nonsense')).toBe('unknown');
  expect(addressKey('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(addressKey('::ffff:203.0.113.77')).toBe('203.0.113.77');
});

test('an outage is told when it begins and once a minute, with how often it was met in between', () => {
  const lines: [string, unknown][] = [];
  const note = (fields: Record<string, unknown>, message: string): void =>
    void lines.push([message, fields['repeats'] ?? 0]);
  let now = 0;
  const log = withoutRepeats({ debug: note, info: note, warn: note, error: note }, () => now);
  const err = new ChatError('unavailable', 'The store did not answer');
  for (let i = 0; i < 50; i++) {
    log.warn({ err }, 'no heartbeat');
    log.error({ err }, 'request failed');
    now += 1000;
  }
  now += 15_000;
  log.warn({ err }, 'no heartbeat');
  // What is wrong in itself is never left out.
  log.warn({ err: new Error('a mistake') }, 'no heartbeat');
  log.warn({ err: new Error('a mistake') }, 'no heartbeat');
  expect(lines).toEqual([
    ['no heartbeat', 0],
    ['request failed', 0],
    ['no heartbeat', 49],
    ['no heartbeat', 0],
    ['no heartbeat', 0],
  ]);
});
