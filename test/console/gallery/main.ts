// The gallery: the real console on a played client. `?agent` signs in without the right to change settings.
import { startConsole } from '../../../client/console/start.tsx';
import { fakeFetch } from './fake-api.ts';
import { createFakeClient } from './fake-client.ts';
import type { GalleryControls } from './fake-client.ts';

const { client, controls } = createFakeClient(Date.now(), 1200);
window.fetch = fakeFetch;
(window as unknown as { gallery: GalleryControls }).gallery = controls;
startConsole(document.querySelector<HTMLElement>('#app')!, () => client);
