// Bearer secrets: shown once, kept as SHA-256. Their 256 random bits make a slow hash needless.
import { createHash } from 'node:crypto';
import { newId } from '../../shared/ids.ts';
import type { Credential } from '../ports/documents.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';

/** How a secret is kept: SHA-256, hex. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

interface Grant {
  orgId: string;
  memberId: string;
  kind: Credential['kind'];
  name: string;
  secret: string;
  /** From now, ms; absent: until revoked. */
  lifetimeMs?: number;
  idleMs?: number;
}

/** Stores a credential for a secret that the caller shows once. */
export const grant = async (deps: { store: Store; clock: Clock }, of: Grant): Promise<Credential> => {
  const now = deps.clock.now();
  const credential: Credential = {
    id: newId('key'),
    orgId: of.orgId,
    createdAt: now,
    kind: of.kind,
    memberId: of.memberId,
    hash: hashOf(of.secret),
    name: of.name,
    hint: of.secret.slice(-4),
    ...(of.lifetimeMs === undefined ? {} : { expiresAt: now + of.lifetimeMs }),
    ...(of.idleMs === undefined ? {} : { idleMs: of.idleMs }),
  };
  await deps.store.documents.credentials.put(credential);
  return credential;
};
