// The gallery: the real console on a played client. `?agent` signs in without the right to change settings.
import { startConsole } from '../../../client/console/start.tsx';
import { fakeFetch } from './fake-api.ts';
import { createFakeClient } from './fake-client.ts';
import type { GalleryControls } from './fake-client.ts';

// A thousand conversations only where they are looked at: the settings are there at once.
const count = location.pathname.includes('/inbox/') ? 1200 : 10;
const { client, controls } = createFakeClient(Date.now(), count);
window.fetch = fakeFetch;
(window as unknown as { gallery: GalleryControls }).gallery = controls;
startConsole(document.querySelector<HTMLElement>('#app')!, () => client);
