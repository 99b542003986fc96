// Who the site's owner says a visitor is: a JWT that the owner signs with a secret of this widget.

/** What a valid token says. `subject` is the owner's own id of the person. */
export interface Identity {
  subject: string;
  name?: string;
  email?: string;
}

export interface Identities {
  /** The widget's signing secret, for its owner to keep on a server: the same for the life of the installation's secret. */
  secretOf(widgetId: string): string;
  /**
   * HS256 alone; `exp` (at most a day away) and `aud` (the widget's public key) are required.
   * @throws ChatError `unauthenticated` with what is wrong, never with the token
   */
  verify(token: string, widget: { id: string; widgetKey: string }): Promise<Identity>;
}
