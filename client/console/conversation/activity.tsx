// One line over the composer, always there: who is writing at this moment.
import type { ConversationSnapshot } from '../../sdk/api.ts';
import { visitorName } from '../format.ts';
import { signedIn } from '../session.ts';
import { Dots } from '../ui/feedback.tsx';

export const Activity = ({ snapshot }: { snapshot: ConversationSnapshot }) => {
  const { member } = signedIn();
  const { typing, state, viewers } = snapshot;
  // Whoever holds it types for the visitor too; a colleague who only considers it is known by their seat.
  const typists = [
    ...typing.agents.map((agent) => ({ id: agent.agentId, name: agent.name })),
    ...viewers.filter((viewer) => viewer.typing),
  ];
  const colleagues = [...new Map(typists.map((each) => [each.id, each.name])).entries()]
    .filter(([id]) => id !== member.id)
    .map(([, name]) => name);
  const visitor = visitorName(state.visitor, state.contactId ?? snapshot.conversationId);
  return (
    <div
      class="mx-auto flex h-6 w-full max-w-[760px] shrink-0 items-center gap-3 px-4 text-meta text-text2"
      data-activity
    >
      {typing.visitor && (
        <p class="flex min-w-0 items-center gap-1.5">
          <Dots />
          <span class="shrink-0">
            <bdi>{visitor}</bdi> is writing
          </span>
          {typing.preview !== undefined && typing.preview !== '' && (
            <span class="truncate italic" title="Not sent yet">
              “<bdi>{typing.preview}</bdi>”
            </span>
          )}
        </p>
      )}
      {colleagues.length > 0 && (
        <p role="status" class="ms-auto flex shrink-0 items-center gap-1.5 font-semibold text-text">
          <Dots />
          {colleagues.join(', ')} {colleagues.length === 1 ? 'is' : 'are'} replying
        </p>
      )}
    </div>
  );
};
