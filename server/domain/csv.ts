// A table as a CSV file that a spreadsheet shows and does not run.

/** Whether a cell that begins so is a formula; full-width and small forms of the signs are the signs. */
const isFormula = (text: string, at: number): boolean => /^[=+\-@\u2212]/.test(text.charAt(at).normalize('NFKC'));

/** What a spreadsheet may pass over before it looks for a formula: spaces, control and invisible characters, quotes, separators. */
const passedOver = /[\s\p{C}\p{Z}"'`´‘’“”„＂＇;]+/gu;

/** Where a spreadsheet with another separator than ours would begin a new cell or row inside of one. */
const separator = /[;\t\r\n]/g;

/**
 * The text with an apostrophe wherever a cell that begins with a formula could begin: at the front, and behind a separator that
 * some spreadsheets split at although the cell is quoted. An apostrophe makes a text of what follows it.
 */
const disarmed = (text: string): string => {
  // Each run is looked at once, so that the time is linear whatever a cell holds.
  const inside = text.replace(passedOver, (run: string, at: number) =>
    isFormula(text, at + run.length) ? run.replace(separator, "$&'") : run,
  );
  const front = /^[\s\p{C}\p{Z}"'`´‘’“”„＂＇;]*/u.exec(text)![0].length;
  return isFormula(text, front) || /^[\t\r\n]/.test(text) ? `'${inside}` : inside;
};

const cellOf = (value: string | number): string => {
  if (typeof value === 'number') return String(value);
  return value === '' ? '' : `"${disarmed(value).replaceAll('"', '""')}"`;
};

/** RFC 4180: commas, CRLF after every row, every text in quotes. Numbers are our own and stay as they are. */
export const csvOf = (rows: readonly (readonly (string | number)[])[]): string =>
  rows.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
