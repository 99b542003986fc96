// All leads as a file for a spreadsheet.
import { download } from '../api.ts';

/** Hands a text to the browser as a download. */
const save = (filename: string, text: Blob): void => {
  // The mark at the front tells spreadsheets that it is UTF-8.
  const url = URL.createObjectURL(new Blob(['\uFEFF', text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
};

/** @throws ApiError */
export const exportLeads = async (): Promise<void> => {
  const { filename, blob } = await download('GET /leads/export');
  save(filename, blob);
};
