// Built files: safe paths, ETags, and compression that is done once per file and kept.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Request, RequestHandler, Response } from 'express';
import { wasUnchanged } from './etag.ts';

const compressible = new Set(['.js', '.css', '.html', '.svg', '.json', '.map', '.txt', '.webmanifest']);
const brotli = promisify(brotliCompress);
const zip = promisify(gzip);
type Encoding = 'br' | 'gzip' | 'identity';

interface Asset {
  /** Changes with the file. */
  version: string;
  bodies: Map<Encoding, Promise<Buffer>>;
}
const assets = new Map<string, Asset>();

const encoded = (bytes: Buffer, encoding: Encoding): Promise<Buffer> => {
  switch (encoding) {
    case 'br':
      return brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } });
    case 'gzip':
      return zip(bytes, { level: 9 });
    case 'identity':
      return Promise.resolve(bytes);
  }
};

const encodingFor = (request: Request, path: string): Encoding => {
  if (!compressible.has(extname(path))) return 'identity';
  const accepted = request.acceptsEncodings(['br', 'gzip', 'identity']);
  return accepted === 'br' || accepted === 'gzip' ? accepted : 'identity';
};

/** The file of a folder that a URL path names; undefined for anything that could lead out of it or to a hidden file. */
export const fileIn = (root: string, urlPath: string): string | undefined => {
  let path: string;
  try {
    path = decodeURIComponent(urlPath);
  } catch {
    return undefined;
  }
  if (path.includes('\\') || path.includes('\0') || path.split('/').some((part) => part.startsWith('.')))
    return undefined;
  const file = join(root, path);
  return file.startsWith(root + sep) ? file : undefined;
};

/** Sends a file where it exists and resolves to true; false, and nothing sent, where it does not. */
export const sendAsset = async (
  request: Request,
  response: Response,
  file: string,
  cacheControl: string,
): Promise<boolean> => {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || !found.isFile()) return false;
  const version = `${found.size}-${found.mtimeMs}`;
  let asset = assets.get(file);
  if (asset?.version !== version) {
    asset = { version, bodies: new Map() };
    assets.set(file, asset);
  }
  const encoding = encodingFor(request, file);
  let body = asset.bodies.get(encoding);
  if (body === undefined) {
    body = readFile(file).then((bytes) => encoded(bytes, encoding));
    body.catch(() => assets.delete(file));
    asset.bodies.set(encoding, body);
  }
  const bytes = await body;
  const tag = createHash('sha256').update(version).digest('base64url').slice(0, 16);
  response.type(extname(file));
  response.set('Cache-Control', cacheControl);
  response.vary('Accept-Encoding');
  if (wasUnchanged(request, response, `"${tag}-${encoding}"`)) return true;
  if (encoding !== 'identity') response.set('Content-Encoding', encoding);
  response.set('Content-Length', String(bytes.length));
  response.end(request.method === 'HEAD' ? undefined : bytes);
  return true;
};

const immutable = 'public, max-age=31536000, immutable';
/** Vite puts a hash into the name of everything in these folders. */
const isHashed = (path: string): boolean => /\/(assets|chunks)\/[^/]+[-.][\w-]{8}\.\w+$/.test(path);

/** The files of a folder, below the path where this is mounted; folders and missing files go on to the next handler. */
export const assetsOf =
  (root: string, cacheControl: string): RequestHandler =>
  async (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    const file = fileIn(root, request.path);
    if (file === undefined || extname(file) === '' || extname(file) === '.html') return next();
    const wasSent = await sendAsset(request, response, file, isHashed(request.path) ? immutable : cacheControl);
    if (!wasSent) next();
  };
