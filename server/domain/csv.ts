// A table as a CSV file that a spreadsheet shows and does not run.

/** These begin a formula in some spreadsheet; an apostrophe before them makes a text of it. */
const isFormula = (text: string): boolean => /^[=+\-@\t\r]/.test(text);

const cellOf = (value: string | number): string => {
  if (typeof value === 'number') return String(value);
  const text = isFormula(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** RFC 4180: commas, CRLF after every row, quotes where a cell needs them. Numbers are our own and stay as they are. */
export const csvOf = (rows: readonly (readonly (string | number)[])[]): string =>
  rows.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
