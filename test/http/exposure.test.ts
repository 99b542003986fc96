// What a configuration leaves open is said, and only that.
import { expect, test } from 'vitest';
import { readConfig } from '../../server/config.ts';
import { exposureWarnings } from '../../server/edges/http/exposure.ts';

const said = (env: Record<string, string>): string[] =>
  exposureWarnings(readConfig(env)).map((warning) => (warning.startsWith('PUBLIC_URL is not set') ? 'name' : 'plain'));

test.each([{}, { HOST: 'localhost' }, { HOST: '::1' }, { HOST: '127.0.0.5' }, { HOST: '::ffff:127.0.0.1' }])(
  '%j is for this machine alone: nothing is said',
  (env) => {
    expect(said(env)).toEqual([]);
  },
);

test.each([{ HOST: '0.0.0.0' }, { HOST: '::' }, { HOST: '192.168.1.5' }, { HOST: 'chat.example.com' }])(
  '%j is for others, who get neither a name nor TLS',
  (env) => {
    expect(said(env)).toEqual(['name', 'plain']);
  },
);

test('an address for others says which protocol they use', () => {
  for (const HOST of ['127.0.0.1', '0.0.0.0']) {
    expect(said({ HOST, PUBLIC_URL: 'https://chat.example.com' })).toEqual([]);
    expect(said({ HOST, PUBLIC_URL: 'http://localhost:8080' })).toEqual([]);
    expect(said({ HOST, PUBLIC_URL: 'http://[::1]:8080' })).toEqual([]);
    expect(said({ HOST, PUBLIC_URL: 'http://chat.example.com' })).toEqual(['plain']);
    expect(said({ HOST, PUBLIC_URL: 'http://192.168.1.5:3000' })).toEqual(['plain']);
  }
});
