// What an attacker puts where something else was expected.

/** In every hostile text and key: a refusal that repeats it has echoed its input. */
export const marker = 'Xq7Echo';

const texts = [
  'a\u0000b',
  '\ud800',
  'x\udfffx',
  '\u202Eecived ruoy ton si siht\u202C',
  '\uFEFF\u200B\u2028\u0085',
  'ﷺ'.repeat(400),
  'Z\u0334\u0351\u035d'.repeat(200),
  '🏳️‍🌈'.repeat(100),
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '{{7*7}}${7*7}<%= 7*7 %>#{7*7}',
  "'; DROP TABLE commits; --",
  "' OR '1'='1",
  '../../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'file:///etc/passwd',
  'http://169.254.169.254/latest/meta-data/',
  '//evil.example/\\@example.com',
  'x\r\nSet-Cookie: a=b\r\n\r\n',
  '%s%n%x%99999d',
  '(a+)+$'.repeat(50),
  'a@'.repeat(500),
  // Words that patterns know, over and over: what backtracks, never ends.
  'please '.repeat(550),
  'no thanks ok '.repeat(300),
  'talk to a person '.repeat(230),
  'x'.repeat(5000),
  'x'.repeat(30_000),
].map((text) => `${text}${marker}`);

const deep = (levels: number): unknown => {
  let value: unknown = marker;
  for (let i = 0; i < levels; i += 1) value = i % 2 === 0 ? [value] : { a: value };
  return value;
};

/** Every one of them can be written as JSON. */
export const hostileValues: unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  '',
  ' \t\n ',
  'null',
  '0',
  [],
  [[]],
  [null],
  Array.from({ length: 300 }, () => marker),
  {},
  { length: 1e9 },
  Object.fromEntries(['toString', 'valueOf', 'then', 'length'].map((name) => [name, marker])),
  { toJSON: { $gt: '' } },
  { $gt: '' },
  { $where: marker },
  { ['__proto__']: { isAdmin: true } },
  { constructor: { prototype: { isAdmin: true } } },
  { [marker.repeat(20)]: marker },
  deep(7),
  deep(9),
  deep(3000),
  ...texts,
];

/** Keys that have a meaning to code, at any depth. */
const strangeKey = /^(__proto__|constructor|prototype|\$.*)$/;
const maxDepth = 8;

/** Whether an input must be refused for its shape alone, whatever a schema would strip of it. */
export const isStrange = (value: unknown, depth = 1, key = strangeKey): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (depth > maxDepth) return true;
  return Object.entries(value).some(
    ([name, inner]) => (!Array.isArray(value) && key.test(name)) || isStrange(inner, depth + 1, key),
  );
};

/** The same where a body holds free-form values, in which `$` begins a key like any other. */
export const isStrangeButDollar = (value: unknown): boolean =>
  isStrange(value, 1, /^(__proto__|constructor|prototype)$/);

/** Ids, keys and paths that somebody might guess. */
export const guesses = [
  'conv_000000000000000000000000',
  'wid_1',
  '__proto__',
  'constructor',
  '0',
  '-1',
  '*',
  '%',
  '.',
  '..',
  'a/b',
  'a\u0000b',
  'ünï',
  "' OR 1=1 --",
  '{"$gt":""}',
  'x'.repeat(64),
  'x'.repeat(2000),
  '<script>alert(1)</script>',
];
