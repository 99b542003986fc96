// Where uploaded bytes lie. What may be stored and who may read it is decided by the use cases; a keeper only keeps.

export interface FileBytes {
  bytes: Uint8Array;
  /** As given to `put`. */
  mediaType: string;
}

/**
 * Promises: [F1] what `put` resolved for is read back byte for byte, after a crash too; [F2] keys are opaque paths of
 * `[a-z0-9/_.-]`, checked by the keeper as well, so that none leads out of its folder or bucket; [F3] a missing key is
 * undefined, an unreachable keeper rejects with ChatError `unavailable`.
 */
export interface Files {
  put(key: string, file: FileBytes): Promise<void>;
  get(key: string): Promise<FileBytes | undefined>;
  /** Gone or not there at all: both fine. */
  delete(key: string): Promise<void>;
}

/** [F2] At most 300 characters; parts begin with a letter or a digit, so that none is `..` or hidden. */
export const isFileKey = (key: string): boolean =>
  key.length <= 300 && /^[a-z0-9][a-z0-9_.-]*(\/[a-z0-9][a-z0-9_.-]*)*$/.test(key);

/** What bytes are, told by themselves and not by whoever sends them; undefined where that is not clear. */
export type MediaTypeOf = (bytes: Uint8Array) => Promise<string | undefined>;
