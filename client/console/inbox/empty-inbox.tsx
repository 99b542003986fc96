// What a list says when nothing is in it.
import type { InboxFilter } from '../../../shared/inbox.ts';
import { signedIn } from '../session.ts';
import { Empty } from '../ui/feedback.tsx';

const DemoLink = () => {
  const { demoUrl } = signedIn();
  if (demoUrl === null) return null;
  return (
    <p class="mt-2">
      <a href={demoUrl} target="_blank" rel="noopener" class="font-semibold text-link underline underline-offset-2">
        Open the demo page
      </a>{' '}
      and write as a visitor.
    </p>
  );
};

export const EmptyInbox = ({ filter }: { filter: InboxFilter }) => {
  switch (filter) {
    case 'needs-person':
      return (
        <Empty icon="check-circle" title="All answered">
          Nobody waits for a person.
          <DemoLink />
        </Empty>
      );
    case 'mine':
      return (
        <Empty icon="person" title="Nothing is yours">
          Conversations that you take over stand here until you close or release them.
        </Empty>
      );
    case 'ai':
      return (
        <Empty icon="spark" title="The AI is idle">
          Conversations that the AI answers by itself stand here. You can watch it type.
          <DemoLink />
        </Empty>
      );
    case 'open':
      return (
        <Empty icon="chat" title="No open conversations">
          New ones appear here at once.
          <DemoLink />
        </Empty>
      );
    case 'closed':
      return <Empty icon="check" title="Nothing closed yet" />;
    case 'spam':
      return (
        <Empty icon="ban" title="No spam">
          Conversations that are marked as spam stand here and nowhere else.
        </Empty>
      );
  }
};
