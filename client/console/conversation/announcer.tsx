// Tells screen readers what comes in while the conversation is open: whole messages, never single words.
import { useEffect, useState } from 'preact/hooks';
import { visitorName } from '../format.ts';
import { signedIn } from '../session.ts';
import { systemLine } from './system-line.ts';

export const Announcer = ({ conversationId }: { conversationId: string }) => {
  const { client, member } = signedIn();
  const [text, setText] = useState('');
  useEffect(
    () =>
      client.onFact((fact, how) => {
        if (how !== 'live' || fact.conversationId !== conversationId || fact.type === 'hidden') return;
        if (fact.type === 'message.created') {
          if (fact.author.agentId === member.id) return;
          const { visitor, contactId } = client.open(conversationId).get().state;
          const name = fact.author.name ?? visitorName(visitor, contactId ?? conversationId);
          setText(
            `${fact.author.kind === 'visitor' ? visitorName(visitor, contactId ?? conversationId) : name}: ${fact.text}`,
          );
          return;
        }
        const line = systemLine(fact, { id: member.id });
        if (line !== null) setText(line.text);
      }),
    [client, conversationId, member.id],
  );
  return (
    <p role="status" class="sr-only">
      {text}
    </p>
  );
};
