// A small S3: keeps objects in memory and checks AWS v4 signatures by its own arithmetic, from the published description.
import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3Config } from '../../server/config.ts';

export interface Bucket {
  config: S3Config;
  seen: { method: string; path: string; isSigned: boolean }[];
  /** The next so many requests are answered with this status. */
  fail(requests: number, status: number): void;
  stop(): Promise<void>;
}

const name = 'tiller-files';
const region = 'auto';
const accessKeyId = 'AKTILLERTEST';
const secretAccessKey = 'a-secret-that-only-this-test-knows';

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

const isSigned = (request: IncomingMessage, body: Buffer): boolean => {
  const { authorization = '', 'x-amz-date': date, 'x-amz-content-sha256': digest } = request.headers;
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (parts === null || typeof date !== 'string' || typeof digest !== 'string') return false;
  const [, id, day = '', place, names = '', signature] = parts;
  if (id !== accessKeyId || place !== region || !date.startsWith(day)) return false;
  // Old requests must not be played again.
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(Date.now() - at) < 15 * 60_000)) return false;
  if (digest !== 'UNSIGNED-PAYLOAD' && digest !== sha256(body)) return false;
  if (body.length > 0 && digest === 'UNSIGNED-PAYLOAD') return false;
  const signed = names.split(';');
  if (!['host', 'x-amz-date', 'x-amz-content-sha256'].every((header) => signed.includes(header))) return false;
  const headers = signed.map((header) => `${header}:${String(request.headers[header]).trim()}\n`).join('');
  const canonical = [request.method, request.url, '', headers, names, digest].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const key = ['s3', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${secretAccessKey}`, day), region));
  return hmac(key, toSign).toString('hex') === signature;
};

const refuse = (response: ServerResponse, status: number, code: string): void => {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
};

export const startBucket = async (): Promise<Bucket> => {
  const objects = new Map<string, { body: Buffer; type: string }>();
  const seen: Bucket['seen'] = [];
  let failing = { requests: 0, status: 0 };

  const answer = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const { method = '', url: path = '' } = request;
    const signed = isSigned(request, body);
    seen.push({ method, path, isSigned: signed });
    if (failing.requests > 0) {
      failing.requests -= 1;
      response.writeHead(failing.status, { location: '/elsewhere' }).end();
      return;
    }
    if (!signed) return refuse(response, 403, 'SignatureDoesNotMatch');
    if (!path.startsWith(`/${name}/`)) return refuse(response, 404, 'NoSuchBucket');
    if (method === 'PUT') {
      objects.set(path, { body, type: request.headers['content-type'] ?? '' });
      response.writeHead(200).end();
    } else if (method === 'GET') {
      const object = objects.get(path);
      if (object === undefined) return refuse(response, 404, 'NoSuchKey');
      response.writeHead(200, { 'content-type': object.type }).end(object.body);
    } else {
      objects.delete(path);
      response.writeHead(204).end();
    }
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    config: { endpoint, bucket: name, region, accessKeyId, secretAccessKey },
    seen,
    fail: (requests, status) => {
      failing = { requests, status };
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
