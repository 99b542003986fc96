// What an example promises about a real answer: nesting, types, formats, and the values that do not depend on the day.

export interface Promises {
  /** What was sent and what the document names as defaults: echoed as they are. */
  known: Record<string, unknown>;
  /** The answer shows what is stored, so that values without a format of their own are the example's. */
  isEcho: boolean;
  /** The example's keys and no others, in its order. */
  hasExactKeys: boolean;
  /** What was not configured is null: an example shows a widget on which everything is on. */
  mayBeNull: boolean;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Formats by what an example looks like; the first that fits it counts. */
const formats: { of: RegExp; name: string; fits(actual: string, example: string): boolean }[] = [
  { of: /^\.\.\.$/, name: 'a timestamp', fits: (actual) => !Number.isNaN(Date.parse(actual)) },
  {
    of: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    name: 'a UUID',
    fits: (actual) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(actual),
  },
  { of: /^[0-9a-f]{24}$/, name: '24 hex digits', fits: (actual) => /^[0-9a-f]{24}$/.test(actual) },
  {
    of: /^[a-z]+_[0-9a-f]{24}$/,
    name: 'a prefix and 24 hex digits',
    fits: (actual, example) => /^[0-9a-f]{24}$/.test(actual.slice(example.length - 24)) && samePrefix(actual, example),
  },
  {
    of: /^[a-z]+_x+$/,
    name: 'an id with this prefix',
    fits: (actual, example) => /^[a-z]+_[\w-]{8,}$/.test(actual) && samePrefix(actual, example),
  },
  { of: /^x+$/, name: 'an id', fits: (actual) => /^[\w-]{3,}$/.test(actual) },
  {
    of: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
    name: 'a timestamp of this form',
    fits: (actual, example) =>
      actual.replaceAll(/\d/g, '0') === example.replaceAll(/\d/g, '0') && !Number.isNaN(Date.parse(actual)),
  },
  { of: /^https?:\/\//, name: 'an address', fits: (actual) => /^https?:\/\//.test(actual) && URL.canParse(actual) },
];

const samePrefix = (actual: string, example: string): boolean => actual.split('_')[0] === example.split('_')[0];

/** What a placeholder such as `<string>` leaves open. */
const isPlaceholder = (value: unknown): boolean => typeof value === 'string' && /^<\w+>$/.test(value);

/** Embed code may differ in the script's address and the key alone. */
const bareEmbed = (code: string): string =>
  code.replaceAll(/'https?:\/\/[^']*(\/widget\/[\w-]+\.js)'/g, "'$1'").replaceAll(/wgt_[0-9a-f]{24}/g, 'wgt_');

const ofText = (example: string, actual: string, mustEqual: boolean): string | undefined => {
  if (example.startsWith('<script>'))
    return bareEmbed(actual) === bareEmbed(example) ? undefined : 'is another embed code';
  const format = formats.find(({ of }) => of.test(example));
  if (format !== undefined) return format.fits(actual, example) ? undefined : `is not ${format.name}: ${actual}`;
  return mustEqual && actual !== example ? `is not ${example}: ${actual}` : undefined;
};

/** Where an answer breaks what the example promises, by path; empty where it keeps all. */
export const breaches = (example: unknown, actual: unknown, promises: Promises, path = ''): string[] => {
  const { known, isEcho, hasExactKeys, mayBeNull } = promises;
  const name = /[^.[\]]+$/.exec(path)?.[0] ?? '';
  const wrong = (what: string): string[] => [`${path === '' ? 'the answer' : path} ${what}`];
  if (Object.hasOwn(known, name) && isSame(known[name], example)) {
    return isSame(actual, example) ? [] : wrong(`is not ${JSON.stringify(example)}: ${JSON.stringify(actual)}`);
  }
  if (mayBeNull && actual === null) return [];
  if (isRecord(example)) {
    if (!isRecord(actual)) return wrong(`is no object: ${JSON.stringify(actual)}`);
    if (Object.hasOwn(example, '...')) return [];
    const [wanted, found] = [Object.keys(example), Object.keys(actual)];
    const keys = hasExactKeys ? !isSame(wanted, found) : !wanted.every((key) => found.includes(key));
    return [
      ...(keys ? wrong(`has the keys ${found.join(', ')} instead of ${wanted.join(', ')}`) : []),
      ...wanted.flatMap((key) => breaches(example[key], actual[key], promises, path === '' ? key : `${path}.${key}`)),
    ];
  }
  if (Array.isArray(example)) {
    if (!Array.isArray(actual)) return wrong(`is no list: ${JSON.stringify(actual)}`);
    if (actual.length === 0) return wrong('is empty');
    return actual.flatMap((item: unknown, i) => {
      const tries = example.map((one) => breaches(one, item, promises, `${path}[${i}]`));
      return tries.some((found) => found.length === 0) ? [] : (tries[0] ?? []);
    });
  }
  if (typeof actual !== typeof example || (actual === null) !== (example === null)) {
    return wrong(`is no ${typeof example}: ${JSON.stringify(actual)}`);
  }
  // `success` and `message` beside the data belong to the envelope, whatever the data are.
  const mustEqual = (isEcho && !isPlaceholder(example)) || path === 'success' || path === 'message';
  if (typeof example === 'string') {
    const problem = ofText(example, actual as string, mustEqual);
    return problem === undefined ? [] : wrong(problem);
  }
  if (mustEqual && actual !== example) return wrong(`is not ${String(example)}: ${String(actual)}`);
  if (typeof example === 'number' && Number.isInteger(example) && !Number.isInteger(actual))
    return wrong('is no integer');
  return [];
};
