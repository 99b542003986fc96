// Reads the published documents: their example requests, responses and embed codes, and the fields that they describe.
import { curlOf } from './curl.ts';
import type { EmbedFixture, Field, Fixture, RestFixture } from './fixture.ts';

/** `{ ... }` stands for any object. */
const anyObject = '{"...": "..."}';

/** The JSON value that begins at `start`, and where it ends. */
const jsonAt = (text: string, start: number): { value: unknown; end: number } => {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i += 1) {
    const char = text[i]!;
    if (inString) {
      if (char === '\\') i += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') {
      depth -= 1;
      if (depth === 0) {
        const source = text.slice(start, i + 1).replaceAll('{ ... }', anyObject);
        return { value: JSON.parse(source), end: i + 1 };
      }
    }
  }
  throw new Error(`no JSON ends that begins at ${start}`);
};

const typeLine = /^(?:string(?:\[\]|<uuid>)?|boolean|array|any\[\]|enum<string>|object|[\w ]+ · object)( \| null)?$/;

/** Fields as the documents list them: a name, a type, perhaps `required`, a description, a default, options. */
const fieldsIn = (section: string): Field[] => {
  const lines = section.split('\n').map((line) => line.trim());
  const starts = lines.flatMap((line, i) =>
    /^[a-zA-Z_]+$/.test(line) && typeLine.test(lines[i + 1] ?? '') ? [i] : [],
  );
  return starts.map((start, n) => {
    const own = lines.slice(start, starts[n + 1] ?? lines.length);
    const [name = '', type = '', ...rest] = own;
    const standard = rest.map((line) => /[Dd]efault:\s?(.*)$/.exec(line)?.[1]).find((found) => found !== undefined);
    const at = rest.indexOf('Available options:');
    const options = at < 0 ? [] : rest.slice(at + 1).flatMap((line) => /^(\w+),?$/.exec(line)?.[1] ?? []);
    return {
      name,
      type,
      isRequired: rest[0] === 'required',
      ...(standard === undefined ? {} : { default: /^(true|false)$/.test(standard) ? standard === 'true' : standard }),
      ...(options.length === 0 ? {} : { options }),
    };
  });
};

const between = (text: string, from: string, to: string): string => {
  const start = text.indexOf(from);
  if (start < 0) return '';
  const end = text.indexOf(to, start + from.length);
  return text.slice(start + from.length, end < 0 ? undefined : end);
};

/** Every `curl` line with the JSON that is printed after it. */
const curlExamples = (document: string, text: string): RestFixture[] =>
  [...text.matchAll(/curl (?:[^']|'[^']*')*?(?:-d|--data) '[^']*'\n/g)].map((match) => {
    const curl = match[0].trimEnd();
    const { method, url, body } = curlOf(curl);
    const begin = match.index + match[0].length;
    return {
      document,
      method,
      path: url.pathname,
      curl,
      request: JSON.parse(body ?? 'null') as unknown,
      response: jsonAt(text, text.indexOf('{', begin)).value,
      fields: fieldsIn(
        text.includes('Request Body\n')
          ? between(text, 'Request Body\n', '\nResponse\n')
          : between(text, '\nBody\n', '\nResponse\n'),
      ),
    };
  });

/** `METHOD path`, then blocks of JSON. */
const blockExamples = (document: string, text: string): RestFixture[] => {
  const [, headerName, headerValue] = /^(X-[\w-]+): ([a-z]+_x+)/m.exec(text) ?? [];
  const headers = headerName === undefined ? undefined : { [headerName]: headerValue ?? '' };
  return [...text.matchAll(/^(GET|POST|PUT|PATCH|DELETE) (\/\S+?)(Request Body|Response)$/gm)].map((match) => {
    const [all, method = '', path = '', first] = match;
    const block = jsonAt(text, text.indexOf('{', match.index + all.length));
    const isRequest = first === 'Request Body';
    const response = isRequest
      ? jsonAt(text, text.indexOf('{', text.indexOf('Response', block.end))).value
      : block.value;
    return {
      document,
      method,
      path,
      ...(headers === undefined ? {} : { headers }),
      ...(isRequest ? { request: block.value } : {}),
      response,
    };
  });
};

/** A part of the answers of several routes, described apart: `Response from POST … and PUT …`. */
const partExamples = (document: string, text: string): RestFixture[] => {
  const routes = /Response from (.*)\.$/m.exec(text);
  if (routes === null) return [];
  const after = text.slice(routes.index);
  const part = /\n(\w+)\nobject\nrequired\n/.exec(after)?.[1] ?? '';
  const { value } = jsonAt(after, after.indexOf('{', after.indexOf('Example:')));
  return [...routes[1]!.matchAll(/(GET|POST|PUT|PATCH|DELETE) (\/[\w/{}]+)/g)].map(([, method = '', path = '']) => ({
    document,
    method,
    path,
    part,
    response: { [part]: value },
  }));
};

const embedExamples = (document: string, text: string): EmbedFixture[] =>
  [...text.matchAll(/^<script>\n[\s\S]*?<\/script>/gm)].map(([code]) => ({ document, code }));

/** All examples of one document, each once. @param document the file's name */
export const examplesOf = (document: string, text: string): Fixture[] => {
  const all: Fixture[] = [
    ...curlExamples(document, text),
    ...blockExamples(document, text),
    ...partExamples(document, text),
    ...embedExamples(document, text),
  ];
  const seen = new Set<string>();
  return all.filter((example) => {
    const key = JSON.stringify(example);
    return seen.has(key) ? false : (seen.add(key), true);
  });
};
