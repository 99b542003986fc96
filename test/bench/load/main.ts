// The load generator: one process, on its own core, that plays all the clients of a run.
import { serveParent } from '../child.ts';
import { connectChat, runChat, warmChat } from './chat.ts';
import { connectDelivery, runDelivery } from './delivery.ts';
import { connectMembers, runFanOut } from './fan-out.ts';
import { connectIdle } from './idle.ts';
import { openInbox, runInbox } from './inbox.ts';
import { openRest, runRest } from './rest.ts';
import { beginAnswers, connectReaders, readTokens } from './streaming.ts';

serveParent({
  connectChat,
  warmChat,
  runChat,
  connectDelivery,
  runDelivery,
  connectMembers,
  runFanOut,
  connectReaders,
  beginAnswers,
  readTokens,
  connectIdle,
  openInbox,
  runInbox,
  openRest,
  runRest,
});
