// A token that tells when it was due: a space and four digits of base 36, in steps of 0.1 ms, over and over each 168 s.

const base = 36;
const digits = 4;
const wrap = base ** digits;
const stepsPerMs = 10;

export const tokenLength = digits + 1;

/** `ms` of the machine's clock. */
export const stampOf = (ms: number): string =>
  ` ${(Math.floor(ms * stepsPerMs) % wrap).toString(base).padStart(digits, '0')}`;

const valueOf = (byte: number): number => (byte < 0x3a ? byte - 0x30 : byte - 0x57);

/** How long ago the token whose four digits begin at `at` was due, ms. */
export const ageOf = (bytes: Buffer, at: number, nowMs: number): number => {
  let value = 0;
  for (let i = at; i < at + digits; i += 1) value = value * base + valueOf(bytes[i]!);
  const now = Math.floor(nowMs * stepsPerMs) % wrap;
  return ((now - value + wrap) % wrap) / stepsPerMs;
};
