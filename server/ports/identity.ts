// Who the site's owner says a visitor is: a JWT that the owner signs with a secret of this widget.
import type { SignedField } from '../../shared/identity.ts';

/** What a valid token says. */
export interface Identity {
  /** The owner's own id of the person, unique within the organisation. */
  subject: string;
  name?: string;
  email?: string;
  /** The fields that the token carried. */
  signed: SignedField[];
  /** The version of the secret that signed it. */
  secretVersion: number;
}

/** What signing needs to know of a widget. */
export interface SigningWidget {
  id: string;
  widgetKey: string;
  catyKey: string;
  oldKeys?: { key: string; until: number }[];
  secretVersion?: number;
  oldSecrets?: { version: number; until: number }[];
}

export interface Identities {
  /** The widget's present signing secret, for its owner to keep on a server. It changes by rotation alone. */
  secretOf(widget: Pick<SigningWidget, 'id' | 'secretVersion'>): string;
  /**
   * HS256 alone; `sub`, `exp` (at most a day away) and `aud` (a public key of the widget) are required. A rotated secret and a
   * rotated key count until their grace is over.
   * @throws ChatError `unauthenticated` with what is wrong, never with the token
   */
  verify(token: string, widget: SigningWidget): Promise<Identity>;
}
