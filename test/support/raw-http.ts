// A request written by hand over TCP: two Hosts, none, or a whole address in the place of a path.
import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/** Sends `lines` as they are, then an empty line and `sent`, and resolves with the answer when the server has ended it. */
export const sayRaw = (url: string, lines: readonly string[], sent = ''): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let text = '';
    const tcp = connect(Number(port), hostname, () =>
      tcp.write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n${sent}`),
    );
    tcp.on('data', (chunk: Buffer) => (text += chunk.toString()));
    tcp.once('error', reject);
    tcp.setTimeout(10_000, () => tcp.destroy(new Error(`no answer to ${lines[0]}`)));
    tcp.once('close', () => {
      const [head = '', ...body] = text.split('\r\n\r\n');
      const [first = '', ...rest] = head.split('\r\n');
      const headers = rest.map((line) => {
        const [name = '', ...value] = line.split(': ');
        return [name.toLowerCase(), value.join(': ')] as const;
      });
      resolve({
        status: Number(first.split(' ')[1]),
        headers: Object.fromEntries(headers),
        body: body.join('\r\n\r\n'),
      });
    });
  });

/** A GET of a path under a host. */
export const getAs = (url: string, path: string, host: string, more: readonly string[] = []): Promise<RawAnswer> =>
  sayRaw(url, [`GET ${path} HTTP/1.1`, `Host: ${host}`, ...more]);
