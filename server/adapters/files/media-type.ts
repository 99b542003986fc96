// What a file is, by its first bytes.
import { fileTypeFromBuffer } from 'file-type';
import type { MediaTypeOf } from '../../ports/files.ts';

/** An animated PNG is a PNG to whoever shows it. */
export const mediaTypeOf: MediaTypeOf = async (bytes) => {
  const found = await fileTypeFromBuffer(bytes).catch(() => undefined);
  return found?.mime === 'image/apng' ? 'image/png' : found?.mime;
};
