// A file that is sent while it is being made.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';

export interface StreamedFile {
  /** Plain letters, digits, `-` and `.` only. */
  filename: string;
  /** The text, piece by piece; it is asked for no faster than the reader takes it. */
  parts: AsyncIterable<string>;
}

/** A reader who takes nothing for so long is gone. */
const stalledMs = 60_000;

const isAborted = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';

/**
 * Streams a file as a download. Where its making fails half-way the connection is cut, so that nobody takes a part for the whole.
 * @throws what made the making fail; not that the reader went away
 */
export const sendStreamed = async (
  request: Request,
  response: Response,
  { mediaType, file: { filename, parts } }: { mediaType: string; file: StreamedFile },
): Promise<void> => {
  response.status(200).set({
    'Content-Type': `${mediaType}; charset=utf-8`,
    'Content-Disposition': `attachment; filename="${filename}"`,
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.setTimeout(stalledMs, () => response.destroy());
  try {
    await pipeline(Readable.from(parts), response);
  } catch (error) {
    if (!isAborted(error)) throw error;
  }
};
