// The console in the browser, on the real client.
import { browserStorage } from '../sdk/storage.ts';
import { createStaffClient } from '../sdk/index.ts';
import { startConsole } from './start.tsx';

startConsole(document.querySelector<HTMLElement>('#app')!, (memberId) =>
  createStaffClient({ url: location.origin, memberId, storage: browserStorage() }),
);
