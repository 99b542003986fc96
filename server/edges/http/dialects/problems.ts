// What an error says in detail, for the envelopes that list problems by their paths.
import type { Problem, WireError } from '../../../../shared/errors.ts';

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Problem).path === 'string' &&
  typeof (value as Problem).message === 'string';

/** The problems of an error; none where its details are something else. */
export const problemsIn = ({ details }: WireError): Problem[] =>
  Array.isArray(details) ? details.filter(isProblem) : [];

/** The parts of a path as `problemsOf` writes it: `events[3].type` is `events`, 3, `type`. */
export const partsOf = (path: string): (string | number)[] =>
  [...path.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([part, index]) => (index === undefined ? part : Number(index)));
