// Signed identities by jose: one algorithm, an audience and an expiry, nothing else is believed.
import { createHmac } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import { z } from 'zod';
import { ChatError } from '../../../shared/errors.ts';
import { limits, text } from '../../../shared/text.ts';
import type { Identities } from '../../ports/identity.ts';

const claims = z.object({
  sub: text(200).min(1),
  name: text(limits.name).optional(),
  email: z.email().max(limits.email).optional(),
});

const dayS = 86_400;

/** @param secret the installation's secret, from which every widget's is derived */
export const createIdentities = (secret: string): Identities => {
  const secretOf = (widgetId: string): string =>
    createHmac('sha256', secret).update(`identity:${widgetId}`).digest('base64url');
  return {
    secretOf,
    async verify(token, { id, widgetKey }) {
      try {
        const { payload } = await jwtVerify(token, new TextEncoder().encode(secretOf(id)), {
          algorithms: ['HS256'],
          audience: widgetKey,
          requiredClaims: ['exp', 'sub'],
          clockTolerance: 5,
        });
        if ((payload.exp ?? 0) > Date.now() / 1000 + dayS) {
          throw new ChatError('unauthenticated', 'The identity token lives too long: at most a day');
        }
        const { sub: subject, name, email } = claims.parse(payload);
        return {
          subject,
          ...(name === undefined ? {} : { name }),
          ...(email === undefined ? {} : { email }),
        };
      } catch (error) {
        if (error instanceof ChatError) throw error;
        const why = error instanceof errors.JWTExpired ? 'has expired' : 'is not valid for this widget';
        throw new ChatError('unauthenticated', `The identity token ${why}`);
      }
    },
  };
};
