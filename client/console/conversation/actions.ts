// What a person may do to a conversation: each asks the server, tells a refusal in plain words and loses no text.
import type { StaffCommandName } from '../../../shared/commands.ts';
import type { WireError } from '../../../shared/errors.ts';
import type { ConversationSnapshot, StaffClient } from '../../sdk/api.ts';
import { dismissToast, toast } from '../ui/feedback.tsx';
import { closeSoon, isClosing, undoClosing } from './closing.ts';

/** "Theo has it" where the refusal names who holds it. */
export const refusalText = (error: WireError): string => {
  const control = (error.details as { control?: { agentName?: string | null } } | undefined)?.control;
  if (error.code === 'conflict' && typeof control?.agentName === 'string') return `${control.agentName} has it`;
  if (error.code === 'stale_turn') return 'Too late: the conversation has moved on';
  return error.message;
};

type Act = Extract<
  StaffCommandName,
  | 'conversation:take'
  | 'conversation:reopen'
  | 'conversation:close'
  | 'reply:stop'
  | 'draft:request'
  | 'draft:reject'
  | 'draft:approve'
  | 'conversation:release'
  | 'conversation:assign'
  | 'autopilot:set'
  | 'label:set'
  | 'note:add'
  | 'conversation:spam'
>;

/** The commands of one conversation; every one resolves to whether it was done. */
export const actionsOf = (client: StaffClient, conversationId: string) => {
  const perform = async (command: Act, more: Record<string, unknown>): Promise<boolean> => {
    // The table types each input; here they all pass through one door.
    type Ask = (
      this: void,
      name: Act,
      input: Record<string, unknown>,
    ) => Promise<{ ok: true } | { ok: false; error: WireError }>;
    const ask = client.perform.bind(client) as Ask;
    const answer = await ask(command, { conversationId, ...more });
    if (answer.ok) return true;
    toast(refusalText(answer.error), { tone: 'danger' });
    for (const entry of client.open(conversationId).get().outbox) {
      if (entry.status === 'failed' && entry.command === command) client.discard(entry.clientId);
    }
    return false;
  };
  return {
    take: () => perform('conversation:take', {}),
    release: (to: 'autopilot' | 'queue') => perform('conversation:release', { to }),
    assign: (agentId: string) => perform('conversation:assign', { agentId }),
    reopen: () => perform('conversation:reopen', {}),
    stop: () => perform('reply:stop', {}),
    setAutopilot: (isAutopilot: boolean) => perform('autopilot:set', { isAutopilot }),
    requestDraft: () => perform('draft:request', {}),
    approve: (draftId: string, text?: string) =>
      perform('draft:approve', { draftId, ...(text === undefined ? {} : { text }) }),
    reject: (draftId: string) => perform('draft:reject', { draftId }),
    addNote: (text: string) => perform('note:add', { text }),
    setLabels: (labels: string[]) => perform('label:set', { labels }),
    setSpam: (isSpam: boolean) => perform('conversation:spam', { isSpam }),
    close: (lastVisitorSeq: number): void => {
      if (isClosing(conversationId)) return;
      const id = toast('Conversation closed', {
        ms: 5000,
        action: { text: 'Undo', run: () => void undoClosing(conversationId) },
      });
      // Whoever writes in these seconds is not done: closing over their words would be rude.
      const stop = client.onSignal((signal) => {
        if (!isClosing(conversationId)) return stop();
        if (signal.type !== 'inbox.changed' || signal.row?.conversationId !== conversationId) return;
        if (signal.row.lastVisitorSeq <= lastVisitorSeq) return;
        undoClosing(conversationId);
        dismissToast(id);
        toast('Not closed: the visitor wrote again');
      });
      closeSoon(conversationId, () => {
        dismissToast(id);
        void perform('conversation:close', {});
      });
    },
    undoClose: (): void => void undoClosing(conversationId),
  };
};
export type Actions = ReturnType<typeof actionsOf>;

/** Asked for, and not answered yet. */
export const isPending = (snapshot: Pick<ConversationSnapshot, 'outbox'>, ...commands: StaffCommandName[]): boolean =>
  snapshot.outbox.some((entry) => entry.status !== 'failed' && commands.includes(entry.command as StaffCommandName));
