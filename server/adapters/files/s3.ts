// Files in a bucket of anything that speaks S3 (R2, MinIO, AWS): what several nodes share.
import { createHash } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import { ChatError } from '../../../shared/errors.ts';
import type { S3Config } from '../../config.ts';
import { isFileKey } from '../../ports/files.ts';
import type { Files } from '../../ports/files.ts';

const timeoutMs = 10_000;
const attempts = 3;
const pauseMs = 100;

const unavailable = (cause: unknown): ChatError =>
  new ChatError('unavailable', 'Files cannot be kept right now', { cause });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether asking once more may help: the network, a busy or failing server. All calls here may be repeated. */
const isPassing = (status: number): boolean => status === 429 || status >= 500;

/**
 * The bucket is addressed by path (`endpoint/bucket/key`), which all servers understand. Redirects are not followed.
 * @throws ChatError in its calls: `invalid` for what is no key, `unavailable` for anything but success or a missing key
 */
export const openS3Files = ({ endpoint, bucket, region, accessKeyId, secretAccessKey }: S3Config): Files => {
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3' });

  const ask = async (method: 'PUT' | 'GET' | 'DELETE', key: string, init: RequestInit = {}): Promise<Response> => {
    if (!isFileKey(key)) throw new ChatError('invalid', 'This is not the key of a file');
    const url = `${endpoint}/${bucket}/${key}`;
    let failure: unknown;
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (attempt > 0) await pause(pauseMs * 2 ** attempt);
      try {
        const signed = await client.sign(url, { ...init, method, redirect: 'manual' });
        const response = await fetch(signed, { signal: AbortSignal.timeout(timeoutMs) });
        if (!isPassing(response.status)) return response;
        await response.body?.cancel();
        failure = new Error(`S3 answered ${response.status} to ${method}`);
      } catch (error) {
        failure = error;
      }
    }
    throw unavailable(failure);
  };

  /** Told in the log by status and S3's own code (`NoSuchBucket`, `SignatureDoesNotMatch`), never with a secret. */
  const refused = async (method: string, response: Response): Promise<ChatError> => {
    const code = /<Code>(\w{1,60})<\/Code>/.exec(await response.text().catch(() => ''))?.[1] ?? 'no code';
    return unavailable(new Error(`S3 answered ${response.status} (${code}) to ${method}`));
  };

  /** A bucket that is not there is a 404 as well, and no missing file. */
  const isMissingKey = async (response: Response): Promise<boolean> =>
    response.status === 404 && !(await response.clone().text()).includes('NoSuchBucket');

  return {
    async put(key, { bytes, mediaType }) {
      const body = new Uint8Array(bytes);
      const digest = createHash('sha256').update(body).digest('hex');
      const headers = { 'Content-Type': mediaType, 'X-Amz-Content-Sha256': digest };
      const response = await ask('PUT', key, { body, headers });
      if (!response.ok) throw await refused('PUT', response);
      await response.body?.cancel();
    },
    async get(key) {
      const response = await ask('GET', key);
      if (await isMissingKey(response)) return undefined;
      if (!response.ok) throw await refused('GET', response);
      try {
        const bytes = new Uint8Array(await response.arrayBuffer());
        return { bytes, mediaType: response.headers.get('content-type') ?? 'application/octet-stream' };
      } catch (error) {
        throw unavailable(error);
      }
    },
    async delete(key) {
      const response = await ask('DELETE', key);
      if (!response.ok && !(await isMissingKey(response))) throw await refused('DELETE', response);
      await response.body?.cancel();
    },
  };
};
