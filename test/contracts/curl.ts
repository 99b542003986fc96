// A `curl` line as the request that curl would make of it: the flags that the documents use, and no others.

/** The words of a shell command, with both kinds of quotes and `\` at the end of a line. */
export const wordsOf = (command: string): string[] =>
  [...command.replaceAll('\\\n', ' ').matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_match, single?: string, double?: string) => single ?? double ?? ''),
  );

export interface CurlRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: string | undefined;
}

/** @throws Error for a flag that it does not know */
export const curlOf = (command: string): CurlRequest => {
  const [program, ...words] = wordsOf(command);
  if (program !== 'curl') throw new Error(`not a curl line: ${program}`);
  const headers: Record<string, string> = {};
  let method: string | undefined;
  let url: string | undefined;
  let body: string | undefined;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i]!;
    const value = (): string => words[(i += 1)] ?? '';
    if (word === '-X' || word === '--request') method = value();
    else if (word === '-H' || word === '--header') {
      const [, name = '', text = ''] = /^([^:]+):\s*(.*)$/.exec(value()) ?? [];
      headers[name] = text;
    } else if (word === '-d' || word === '--data') body = value();
    else if (word === '--url') url = value();
    else if (word.startsWith('-')) throw new Error(`unknown flag ${word}`);
    else url = word;
  }
  return { method: method ?? (body === undefined ? 'GET' : 'POST'), url: new URL(url ?? ''), headers, body };
};
