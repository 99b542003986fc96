// Starts the console in a page; what makes the live client is given, so that a gallery can play one.
import { render } from 'preact';
import type { StaffClient } from '../sdk/api.ts';
import { App } from './app.tsx';
import './console.css';
import { startClosing } from './conversation/closing.ts';
import { startScheme } from './prefs.ts';
import { startRouter } from './router.ts';
import { startSession } from './session.ts';
import { startUnsaved } from './settings/unsaved.ts';
import { startShortcuts } from './shortcuts.ts';

export const startConsole = (root: HTMLElement, createClient: (memberId: string) => StaffClient): void => {
  startScheme();
  startRouter();
  startUnsaved();
  startShortcuts();
  startClosing();
  startSession(createClient);
  render(<App />, root);
};
