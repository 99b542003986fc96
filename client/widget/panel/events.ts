// What the host page is told, from what the SDK sees.
import type { VisitorClient } from '../../sdk/api.ts';
import type { Emit } from '../contract.ts';

/** Follows the client until the returned undo. `onMessage` is called for every message of the other side that comes live. */
export const relayEvents = (client: VisitorClient, emit: Emit, onMessage: () => void): (() => void) => {
  let status = client.connection.get().status;
  const undo = [
    client.onFact((fact, how) => {
      if (how !== 'live') return;
      if (fact.type === 'message.created' && fact.author.kind !== 'visitor') {
        const { name } = fact.author;
        emit('message:received', {
          messageId: fact.messageId,
          author: fact.author.kind,
          text: fact.text,
          ...(name === undefined ? {} : { name }),
        });
        onMessage();
      } else if (fact.type === 'control.changed' && (fact.waiting !== null || fact.agentName !== null)) {
        emit('handoff', { agentName: fact.agentName, waiting: fact.waiting !== null });
      }
    }),
    client.onSignal((told) => {
      if (told.type === 'reply.started' && told.mode === 'answer') emit('reply:start', { replyId: told.replyId });
      else if (told.type === 'reply.ended') emit('reply:done', { replyId: told.replyId, outcome: told.outcome });
    }),
    client.connection.subscribe((connection) => {
      if (connection.status === status) return;
      status = connection.status;
      emit('connection', { status });
    }),
  ];
  return () => undo.forEach((stop) => stop());
};
