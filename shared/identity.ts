// Which fields of a person the site's owner has signed. Forms and staff may change the others, and no others.

/** The fields that an identity token may carry beside `sub`. */
export const signableFields = ['name', 'email'] as const;
export type SignedField = (typeof signableFields)[number];

/** What is known of a person, in a conversation's state or in a contact. */
export interface Signable {
  /** A token of the site's owner said who it is. */
  verified: boolean;
  /** The fields that the token carried. Absent where an older version wrote it, which did not keep them apart. */
  signed?: SignedField[];
  name?: string;
  email?: string;
}

/** As schemas read it: what is absent may be there as undefined. */
export type Read<T> = { [K in keyof T]: T[K] | undefined };

/** The signed fields. Where they were not kept apart, every field that a verified person has counts as signed. */
export const signedFieldsOf = (person: Read<Signable>): readonly SignedField[] =>
  person.signed ?? (person.verified === true ? signableFields.filter((name) => person[name] !== undefined) : []);

/** The versions of a widget's identity secret that count at `now` (ms), the present one first. */
export const acceptedSecrets = (
  {
    secretVersion = 0,
    oldSecrets = [],
  }: { secretVersion?: number; oldSecrets?: readonly { version: number; until: number }[] },
  now: number,
): number[] => [secretVersion, ...oldSecrets.filter(({ until }) => until > now).map(({ version }) => version)];
