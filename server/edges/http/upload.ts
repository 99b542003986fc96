// One file in a multipart form, kept in memory: for pictures, which are small.
import multer, { MulterError } from 'multer';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { ChatError } from '../../../shared/errors.ts';
import { iconLimitBytes } from '../../usecases/files.ts';

/** The name of the form's field. */
const field = 'file';

const parse = multer({
  storage: multer.memoryStorage(),
  limits: { fileSize: iconLimitBytes, files: 1, fields: 5, fieldSize: 1024, parts: 6, headerPairs: 20 },
}).single(field);

const tooLarge = (): ChatError => new ChatError('too_large', 'A picture may have 512 KiB at most');

const invalid = (message: string, isMissing?: true): ChatError =>
  new ChatError('invalid', 'Validation failed', {
    details: [{ path: field, message, ...(isMissing === undefined ? {} : { isMissing }) }],
  });

/** What the parser throws; its messages may quote names that the caller chose, so none is passed on. */
const refusalOf = (error: unknown): ChatError => {
  if (!(error instanceof MulterError)) return invalid('The form could not be read');
  switch (error.code) {
    case 'LIMIT_FILE_SIZE':
    case 'LIMIT_FIELD_VALUE':
    case 'LIMIT_FIELD_KEY':
      return tooLarge();
    case 'LIMIT_UNEXPECTED_FILE':
    case 'LIMIT_FILE_COUNT':
      return invalid(`Send one file, in the field \`${field}\``);
    default:
      return invalid('The form could not be read');
  }
};

const isMultipart: RequestHandler = (request, _response, next) => {
  if (request.is('multipart/form-data') === false || request.headers['content-type'] === undefined) {
    throw new ChatError('unsupported_media_type', 'Send multipart/form-data');
  }
  // Said before it is read: names and boundaries of a form take far less than this.
  if (Number(request.headers['content-length'] ?? 0) > iconLimitBytes + 16 * 1024) throw tooLarge();
  next();
};

const readForm: RequestHandler = (request, response, next) => {
  void parse(request, response, (error: unknown) => {
    if (error !== undefined && error !== null) next(refusalOf(error));
    else if (request.file === undefined) next(invalid('Required', true));
    else {
      request.body = { [field]: request.file.buffer };
      next();
    }
  });
};

/** Reads the form into `request.body` as `uploaded` describes it. Refusals: 400, 413, 415. */
export const readUpload: RequestHandler[] = [isMultipart, readForm];

/** What `readUpload` leaves in the body. */
export const uploaded = z.object({
  file: z
    .custom<Uint8Array>((value) => value instanceof Uint8Array)
    .meta({
      type: 'string',
      format: 'binary',
      description: 'A PNG, JPEG, GIF or WebP of at most 512 KiB.',
    }),
});
