// Who the visitor is: contact, page, earlier conversations.
import { useEffect, useState } from 'preact/hooks';
import type { ConsoleOutput, ContactView } from '../../../shared/console-api.ts';
import type { ConversationSnapshot } from '../../sdk/api.ts';
import { call, messageOf } from '../api.ts';
import { StageSelect } from '../contacts/stage-select.tsx';
import { trustIn, visitorName } from '../format.ts';
import { hrefOf } from '../router.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Button } from '../ui/button.tsx';
import { Chip, LabelChip } from '../ui/chip.tsx';
import { Bone, Notice, useSkeleton } from '../ui/feedback.tsx';
import { Icon } from '../ui/icons.tsx';
import { Score } from '../ui/score.tsx';
import { ConversationLinks, CustomFields, Detail, Reach, Section, Seen } from './details.tsx';

type Context = ConsoleOutput<'GET /conversations/:id/context'>;

const Contact = ({ context }: { context: Context }) => {
  const { contact, widget } = context;
  return (
    <>
      <dl class="flex flex-col gap-2">
        <Reach contact={contact} />
        <Seen contact={contact} />
        <Detail icon="chat" label="Widget">
          {widget.name}
        </Detail>
      </dl>
      <CustomFields fields={contact.customFields} />
    </>
  );
};

/** Where they stand, and what was measured. Visitors report what the scores are made of: a hint, no more. */
const Standing = ({ context, onMoved }: { context: Context; onMoved: (contact: ContactView) => void }) => {
  const { contact, engagementScore, leadScore } = context;
  // An erased contact is told by the log alone: there is nobody to move.
  const isKept = contact.visits > 0;
  const scores = [
    ['Engagement', engagementScore],
    ['Lead score', leadScore],
  ] as const;
  return (
    <Section
      title="Pipeline"
      action={
        contact.leadId !== undefined && (
          <span class="inline-flex h-5 items-center gap-1 rounded-control bg-held-soft px-1.5 text-meta font-semibold text-held">
            <Icon name="flag" size={12} /> Lead
          </span>
        )
      }
    >
      {isKept && <StageSelect contact={contact} onMoved={onMoved} />}
      <dl class="flex flex-col gap-1">
        {scores.map(([label, score]) => (
          <div key={label} class="flex items-center justify-between gap-2 [&>dd]:flex">
            <dt class="text-small text-text2">{label}</dt>
            <dd>
              {score === null ? <span class="text-small text-text2">not measured</span> : <Score value={score} />}
            </dd>
          </div>
        ))}
      </dl>
      {isKept && (
        <a
          href={hrefOf({ name: 'contacts', list: 'everyone', contactId: contact.id })}
          class="self-start text-small text-link underline underline-offset-2"
        >
          Open the contact
        </a>
      )}
    </Section>
  );
};

/** `bans`: how often somebody was banned here: what is known of them is old then. */
export const VisitorPanel = ({ snapshot, bans }: { snapshot: ConversationSnapshot; bans: number }) => {
  const { conversationId, state } = snapshot;
  const [context, setContext] = useState<Context | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [tries, setTries] = useState(0);
  const hasBones = useSkeleton(context === null && error === null);
  // Whoever introduces themselves is another contact from then on.
  // So is whoever is marked as spam, or is no longer.
  const who = JSON.stringify([state.visitor, state.contactId, state.isSpam]);
  useEffect(() => {
    const controller = new AbortController();
    call('GET /conversations/:id/context', { params: { id: conversationId }, signal: controller.signal }).then(
      (answer) => {
        setContext(answer);
        setError(null);
      },
      (failure: unknown) => {
        if (!controller.signal.aborted) setError(messageOf(failure));
      },
    );
    return () => controller.abort();
  }, [conversationId, who, tries, bans]);

  const visitorId = state.contactId ?? conversationId;
  const name = visitorName(state.visitor, visitorId);
  return (
    <div class="thin-scroll h-full overflow-y-auto">
      <div class="flex items-center gap-3 px-4 py-4">
        <Avatar name={name} id={visitorId} size={40} />
        <div class="min-w-0">
          <h2 class="truncate font-semibold" dir="auto">
            {name}
          </h2>
          <p class="flex flex-wrap items-center gap-x-2 text-small text-text2">
            {trustIn(state.visitor)}
            {context?.isBanned === true && <Chip chip={{ tone: 'needs', icon: 'ban', word: 'Banned' }} />}
          </p>
        </div>
      </div>
      <Section title="Contact">
        {error !== null && context === null && (
          <>
            <Notice>{error}</Notice>
            <Button icon="refresh" class="self-start" onClick={() => setTries(tries + 1)}>
              Try again
            </Button>
          </>
        )}
        {hasBones && context === null && (
          <>
            <Bone class="h-4 w-3/4" />
            <Bone class="h-4 w-2/3" />
            <Bone class="h-4 w-1/2" />
          </>
        )}
        {context !== null && <Contact context={context} />}
      </Section>
      {context !== null && <Standing context={context} onMoved={(contact) => setContext({ ...context, contact })} />}
      {state.csat.rating !== null && (
        <Section title="Rating">
          <p>{state.csat.rating} of 5</p>
        </Section>
      )}
      <Section title="Labels">
        {state.labels.length === 0 ? (
          <p class="text-small text-text2">None. Press L to add one.</p>
        ) : (
          <p class="flex flex-wrap gap-1">
            {state.labels.map((label) => (
              <LabelChip key={label} label={label} />
            ))}
          </p>
        )}
      </Section>
      <Section title="Earlier conversations">
        {context !== null && context.others.length > 0 ? (
          <ConversationLinks rows={context.others} />
        ) : (
          <p class="text-small text-text2">{context === null ? '' : 'This is the first one.'}</p>
        )}
      </Section>
    </div>
  );
};
