// The landing page's embed code: copied with one click, and an honest word where this server has none to show.
const byId = (id: string): HTMLElement | null => document.getElementById(id);

const code = byId('embed');
const snippet = code?.textContent.trim() ?? '';
// The server puts the code in place of its placeholder; on an installation without the demo there is none.
const hasSnippet = snippet !== '' && !/^__\w+__$/.test(snippet);
byId('embed-box')?.toggleAttribute('hidden', !hasSnippet);
byId('embed-missing')?.toggleAttribute('hidden', hasSnippet);

/** The clipboard is closed to pages on plain http: then the code is selected, one key press away. */
const copy = async (): Promise<string> => {
  try {
    await navigator.clipboard.writeText(snippet);
    return 'Copied';
  } catch {
    if (code !== null) getSelection()?.selectAllChildren(code);
    return 'Selected';
  }
};

const button = byId('copy');
let reset: ReturnType<typeof setTimeout> | undefined;
const tell = (outcome: string): void => {
  if (button === null) return;
  const status = byId('copied');
  button.textContent = outcome;
  if (status !== null) status.textContent = outcome;
  clearTimeout(reset);
  reset = setTimeout(() => {
    button.textContent = 'Copy';
    if (status !== null) status.textContent = '';
  }, 2000);
};
button?.addEventListener('click', () => void copy().then(tell));
