// Who may read `/metrics`.
import { describe, expect, it } from 'vitest';
import { getAs } from '../support/raw-http.ts';
import { httpTest } from './http-server.ts';

const token = 'a-token-for-prometheus';
const open = httpTest();
const guarded = httpTest({ metricsToken: token, publicUrl: 'https://chat.example.com' });

describe('metrics without METRICS_TOKEN', () => {
  it.each(['127.0.0.1:3000', 'localhost', '[::1]'])('are read on this machine (%s)', async (host) => {
    expect((await getAs(open.url, '/metrics', host)).body).toContain('tiller_connections');
  });

  it.each([
    ['10.0.0.7:3000', []],
    ['localhost', ['X-Forwarded-For: 203.0.113.9']],
    ['localhost', ['Forwarded: for=203.0.113.9']],
    ['localhost', ['Via: 1.1 proxy']],
    ['localhost', ['X-Real-IP: 127.0.0.1']],
  ])('are not read from elsewhere (%s %j)', async (host, more) => {
    const { status, body } = await getAs(open.url, '/metrics', host, more);
    expect([status, JSON.parse(body).error.code]).toEqual([403, 'forbidden']);
    expect(body).toContain('METRICS_TOKEN');
    expect(body).not.toContain('tiller_');
  });
});

describe('metrics with METRICS_TOKEN', () => {
  it('are read with it from anywhere', async () => {
    for (const more of [[], ['X-Forwarded-For: 203.0.113.9']]) {
      const sent = [`Authorization: Bearer ${token}`, ...more];
      expect((await getAs(guarded.url, '/metrics', '10.0.0.7', sent)).body).toContain('tiller_connections');
    }
  });

  it.each([
    [],
    ['Authorization: Bearer '],
    ['Authorization: Bearer a-token-for-prometheu'],
    ['Authorization: Bearer a-token-for-prometheus2'],
    [`Authorization: Basic ${Buffer.from(`x:${token}`).toString('base64')}`],
    [`Cookie: token=${token}`],
    [`X-API-Key: ${token}`],
  ])('are not read without it, on this machine neither (%s)', async (...more) => {
    const { status, body, headers } = await getAs(guarded.url, `/metrics?token=${token}`, 'localhost', more);
    expect([status, JSON.parse(body).error.code, headers['www-authenticate']]).toEqual([
      401,
      'unauthenticated',
      'Bearer',
    ]);
    expect(body).not.toContain('tiller_');
  });

  it('are not served under a host name of somebody else, token or not', async () => {
    const answer = await getAs(guarded.url, '/metrics', 'rebound.example', [`Authorization: Bearer ${token}`]);
    expect(answer.status).toBe(403);
  });
});
