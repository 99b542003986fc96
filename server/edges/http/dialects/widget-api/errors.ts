// An error as contract 003 says it.
import type { WireError } from '../../../../../shared/errors.ts';
import { problemsIn } from '../problems.ts';

export const errorBodyOf = (error: WireError) => ({
  success: false as const,
  error: {
    code: error.code,
    message: error.message,
    ...(error.retryAfterMs === undefined ? {} : { retry_after: Math.ceil(error.retryAfterMs / 1000) }),
    details: problemsIn(error).map(({ path, message }) => ({ path, message })),
  },
});
