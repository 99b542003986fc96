// Over the thread: whose conversation, in what state, who else looks, and what is done once in a while.
import { useEffect, useState } from 'preact/hooks';
import type { MemberView } from '../../../shared/console-api.ts';
import type { InboxFilter } from '../../../shared/inbox.ts';
import type { ConversationSnapshot } from '../../sdk/api.ts';
import { call, messageOf } from '../api.ts';
import { visitorName } from '../format.ts';
import { hrefOf } from '../router.ts';
import { signedIn } from '../session.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { Chip, LabelChip, stateOf } from '../ui/chip.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Bone, Notice, useSkeleton } from '../ui/feedback.tsx';
import { Icon } from '../ui/icons.tsx';
import { Menu } from '../ui/menu.tsx';
import type { MenuEntry } from '../ui/menu.tsx';
import { BanDialog } from '../bans/ban-dialog.tsx';
import { SpamDialog } from '../bans/spam-dialog.tsx';
import type { Actions } from './actions.ts';
import { isClosing } from './closing.ts';
import { LabelEditor } from './label-editor.tsx';

const AssignDialog = ({
  holder,
  onAssign,
  onClose,
}: {
  holder: string | null;
  onAssign: (id: string) => void;
  onClose: () => void;
}) => {
  const { member } = signedIn();
  const [members, setMembers] = useState<MemberView[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const hasBones = useSkeleton(members === null && error === null);
  useEffect(() => {
    call('GET /members').then(
      (answer) => setMembers(answer.members.filter((each) => !each.isDisabled && each.hasSignedIn)),
      (failure: unknown) => setError(messageOf(failure)),
    );
  }, []);
  return (
    <Dialog title="Assign to" onClose={onClose}>
      <div class="flex flex-col gap-1 overflow-y-auto px-3 pb-4">
        {error !== null && <Notice>{error}</Notice>}
        {hasBones && <Bone class="mx-2 h-10" />}
        {members?.map((each) => (
          <button
            key={each.id}
            type="button"
            disabled={each.id === holder}
            class="focus-inset flex h-12 items-center gap-3 rounded-control px-2 text-start enabled:hover:bg-hover disabled:opacity-55"
            onClick={() => onAssign(each.id)}
          >
            <Avatar name={each.name} id={each.id} url={each.avatarUrl} />
            <span class="min-w-0 grow truncate">
              {each.name}
              {each.id === member.id && <span class="text-text2"> (you)</span>}
            </span>
            {each.id === holder && <span class="text-small text-text2">has it</span>}
          </button>
        ))}
      </div>
    </Dialog>
  );
};

const Viewers = ({ snapshot }: { snapshot: ConversationSnapshot }) => {
  const { member } = signedIn();
  const others = snapshot.viewers.filter((viewer) => viewer.id !== member.id && viewer.viewing);
  if (others.length === 0) return null;
  const names = others.map((viewer) => viewer.name).join(', ');
  return (
    <span class="flex items-center gap-1 text-meta text-text2 max-sm:hidden" title={`Also here: ${names}`}>
      <Icon name="eye" size={14} />
      <span class="sr-only">Also here: {names}</span>
      <span class="flex -space-x-1.5" aria-hidden="true">
        {others.slice(0, 3).map((viewer) => (
          <span key={viewer.id} class="rounded-full ring-2 ring-surface">
            <Avatar name={viewer.name} id={viewer.id} size={24} />
          </span>
        ))}
      </span>
    </span>
  );
};

export const Header = ({
  snapshot,
  actions,
  filter,
  onPanel,
  onBanned,
}: {
  snapshot: ConversationSnapshot;
  actions: Actions;
  filter: InboxFilter;
  onPanel: () => void;
  /** The visitor was banned just now. */
  onBanned: () => void;
}) => {
  const { member } = signedIn();
  const { state } = snapshot;
  const { control } = state;
  const [isAssigning, setAssigning] = useState(false);
  const [asked, setAsked] = useState<'spam' | 'ban' | null>(null);
  const visitorId = state.contactId ?? snapshot.conversationId;
  const name = visitorName(state.visitor, visitorId);
  const isOpen = state.status === 'open' && !isClosing(snapshot.conversationId);
  const mayAssign = isOpen && (control.agentId === null || control.agentId === member.id || member.role !== 'agent');
  const close = (): void => actions.close(state.head.seq);
  const chip = stateOf(
    {
      status: state.status === 'closed' ? 'closed' : 'open',
      control,
      hasDraft: state.draft !== null,
      isAnswering: snapshot.reply !== null,
      unanswered: state.unanswered,
      ...(state.isSpam === true ? { isSpam: true as const } : {}),
    },
    member.id,
  );
  const entries: MenuEntry[] = [
    { text: 'Assign', icon: 'people', isDisabled: !mayAssign, run: () => setAssigning(true) },
    ...(isOpen && (control.agentId === null || control.agentId === member.id)
      ? [
          {
            text: control.isAutopilot ? 'Switch autopilot off' : 'Switch autopilot on',
            icon: 'spark' as const,
            run: () => void actions.setAutopilot(!control.isAutopilot),
          },
          {
            text: 'Ask the AI for a draft',
            icon: 'pencil' as const,
            isDisabled: snapshot.reply !== null || control.isAutopilot,
            run: () => void actions.requestDraft(),
          },
        ]
      : []),
    {
      text: 'Copy link',
      icon: 'link',
      run: () => void navigator.clipboard.writeText(location.href).catch(() => undefined),
    },
    state.isSpam === true
      ? { text: 'Not spam', icon: 'undo', run: () => void actions.setSpam(false) }
      : { text: 'Mark as spam', icon: 'flag', run: () => setAsked('spam') },
    { text: 'Ban…', icon: 'ban', isDanger: true, run: () => setAsked('ban') },
  ];
  return (
    <header class="flex h-14 shrink-0 items-center gap-2 border-b border-line bg-surface px-4 max-md:ps-2">
      <a
        href={hrefOf({ name: 'inbox', filter, conversationId: null })}
        aria-label="Back to the list"
        class="inline-flex size-10 shrink-0 items-center justify-center rounded-control text-text2 hover:bg-hover md:hidden"
      >
        <Icon name="chevron-left" size={20} class="rtl:rotate-180" />
      </a>
      {snapshot.isLoaded ? (
        <>
          <h1 class="min-w-0 truncate text-read font-semibold" dir="auto">
            {name}
          </h1>
          <span class="inline-flex max-sm:hidden">
            <Chip chip={chip} />
          </span>
          <span class="flex min-w-0 gap-1 overflow-hidden max-lg:hidden">
            {state.labels.slice(0, 3).map((label) => (
              <LabelChip key={label} label={label} />
            ))}
          </span>
        </>
      ) : (
        <Bone class="h-5 w-40" />
      )}
      <span class="grow" />
      <Viewers snapshot={snapshot} />
      {snapshot.isLoaded && (
        <>
          <LabelEditor labels={state.labels} onChange={(labels) => void actions.setLabels(labels)} />
          {isOpen && (
            <Button icon="check" class="max-sm:hidden" onClick={close}>
              Close
            </Button>
          )}
          {isOpen && <IconButton icon="check" label="Close conversation" class="sm:hidden" onClick={close} />}
          <Menu label="More" entries={entries} />
        </>
      )}
      <IconButton icon="panel" label="About the visitor" onClick={onPanel} />
      {asked === 'spam' && (
        <SpamDialog
          conversationId={snapshot.conversationId}
          name={name}
          mark={() => actions.setSpam(true)}
          onClose={() => setAsked(null)}
          onBanned={onBanned}
        />
      )}
      {asked === 'ban' && (
        <BanDialog
          conversationId={snapshot.conversationId}
          name={name}
          onClose={() => setAsked(null)}
          onBanned={() => {
            setAsked(null);
            onBanned();
          }}
        />
      )}
      {isAssigning && (
        <AssignDialog
          holder={control.agentId}
          onClose={() => setAssigning(false)}
          onAssign={(id) => {
            setAssigning(false);
            void actions.assign(id);
          }}
        />
      )}
    </header>
  );
};
