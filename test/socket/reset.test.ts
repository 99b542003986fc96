// A connection that is reset while its upgrade is still being admitted: nobody listens to it yet, and nobody may die of it.
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openMemoryStore } from '../../server/adapters/store/memory.ts';
import { systemClock } from '../../server/ports/clock.ts';
import { newWidgetKey } from '../../shared/ids.ts';
import { openVisitor } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer | undefined;
afterEach(() => server?.stop());

it('a reset in the middle of an upgrade harms nobody', async () => {
  const store = await openMemoryStore({ clock: systemClock });
  const { widgets } = store.documents;
  const find = widgets.find.bind(widgets);
  const seen = { asked: 0 };
  server = await startServer({ store });
  // An unknown key is looked up each time; the answer comes after the reset.
  widgets.find = async (lookup) => {
    seen.asked += 1;
    await new Promise((resolve) => setTimeout(resolve, 30));
    return find(lookup);
  };
  const port = Number(new URL(server.url).port);
  const died: unknown[] = [];
  const note = (error: unknown): void => void died.push(error);
  process.on('uncaughtException', note);
  for (let i = 0; i < 10; i += 1) {
    const before = seen.asked;
    const socket = createConnection(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `GET /socket.io/?EIO=4&transport=websocket&widgetKey=${newWidgetKey()} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    while (seen.asked <= before) await new Promise((resolve) => setTimeout(resolve, 1));
    socket.resetAndDestroy();
  }
  const { client } = await openVisitor(server.url, server.firstRun.widgetKey);
  client.close();
  process.off('uncaughtException', note);
  expect(died).toEqual([]);
});
