// Signed identities by jose: one algorithm, an audience and an expiry, nothing else is believed.
import { createHmac } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import { z } from 'zod';
import { ChatError } from '../../../shared/errors.ts';
import { acceptedSecrets, signableFields } from '../../../shared/identity.ts';
import { limits, text } from '../../../shared/text.ts';

import type { Identities, Identity, SigningWidget } from '../../ports/identity.ts';

const claims = z.object({
  sub: text(200).min(1),
  name: text(limits.name).optional(),
  email: z.email().max(limits.email).optional(),
});

const dayS = 86_400;
const toleranceS = 5;

const refused = (why: string): ChatError => new ChatError('unauthenticated', `The identity token ${why}`);

/** A clock that is off shows as a token of the past or of the future: the sentence says by how much. */
const ago = (seconds: number): string =>
  seconds < 120 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`;

/** What is wrong, as its signer needs to know it. No sentence quotes the token. */
const reasonOf = (error: unknown, now: number): string => {
  if (error instanceof errors.JWTExpired) {
    const by = now - (error.payload.exp ?? now);
    return `has expired ${ago(by)} ago: sign a fresh one, and check the clock of the signing server`;
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return "is for another widget: its aud must be this widget's public key";
    if (error.claim === 'nbf' || error.claim === 'iat') {
      return 'is not valid yet: check the clock of the signing server';
    }
    if (error.reason === 'missing') return `has no ${error.claim}: sub, exp and aud are required`;
    return `has an unusable ${error.claim}`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'must be signed with HS256';
  if (error instanceof errors.JWSSignatureVerificationFailed) return "is not signed with this widget's identity secret";
  if (error instanceof z.ZodError) return `has an unusable ${String(error.issues[0]?.path[0] ?? 'claim')}`;
  return 'is not a signed JWT';
};

const audienceOf = ({ widgetKey, catyKey, oldKeys = [] }: SigningWidget, nowMs: number): string[] => [
  widgetKey,
  catyKey,
  ...oldKeys.filter(({ until }) => until > nowMs).map(({ key }) => key),
];

const identityOf = (payload: JWTPayload, secretVersion: number): Identity => {
  const { sub: subject, name, email } = claims.parse(payload);
  const fields = { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) };
  return { subject, ...fields, signed: signableFields.filter((field) => field in fields), secretVersion };
};

/**
 * @param secret the installation's secret, from which every widget's is derived
 * @param now ms since 1970
 */
export const createIdentities = (secret: string, now: () => number = Date.now): Identities => {
  const secretOf: Identities['secretOf'] = ({ id, secretVersion = 0 }) =>
    createHmac('sha256', secret)
      // Version 0 is the secret as it was before secrets could be rotated.
      .update(secretVersion === 0 ? `identity:${id}` : `identity:${id}:${secretVersion}`)
      .digest('base64url');

  const verifyWith = async (token: string, widget: SigningWidget, secretVersion: number): Promise<Identity> => {
    const nowMs = now();
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secretOf({ ...widget, secretVersion })), {
      algorithms: ['HS256'],
      audience: audienceOf(widget, nowMs),
      requiredClaims: ['exp', 'sub'],
      clockTolerance: toleranceS,
      currentDate: new Date(nowMs),
    });
    if ((payload.exp ?? 0) > nowMs / 1000 + dayS + toleranceS) throw refused('lives too long: at most a day');
    if ((payload.iat ?? 0) > nowMs / 1000 + toleranceS) {
      throw refused('is not valid yet: check the clock of the signing server');
    }
    return identityOf(payload, secretVersion);
  };

  return {
    secretOf,
    async verify(token, widget) {
      let reason: unknown;
      for (const version of acceptedSecrets(widget, now())) {
        try {
          return await verifyWith(token, widget, version);
        } catch (error) {
          if (error instanceof ChatError) throw error;
          reason ??= error;
          // Another secret changes nothing of what else is wrong.
          if (!(error instanceof errors.JWSSignatureVerificationFailed)) break;
        }
      }
      throw refused(reasonOf(reason, now() / 1000));
    },
  };
};
