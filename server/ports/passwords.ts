// Slow, salted hashes for what people choose themselves. Random secrets need none of this: SHA-256 does for those.

export interface Passwords {
  /** A self-describing hash, fresh salt every time. */
  hash(password: string): Promise<string>;
  /** False for a wrong password and for a hash that is none; without a hash it takes as long and is false. */
  verify(hash: string | undefined, password: string): Promise<boolean>;
}
