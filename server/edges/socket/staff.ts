// The `/console` namespace: what a member's socket may do.
import type { Socket } from 'socket.io';
import { staffCommands } from '../../../shared/commands.ts';
import type { CommandSpec } from '../../../shared/commands.ts';
import { ChatError } from '../../../shared/errors.ts';
import { newUuid } from '../../../shared/ids.ts';
import type { Member } from '../../ports/documents.ts';
import { ban } from '../../usecases/ban-changes.ts';
import { assignee, staffDoes, stateFor } from '../../usecases/conversations.ts';
import type { StaffAsk } from '../../usecases/conversations.ts';
import { extend, present, readBefore, readView } from '../../usecases/views.ts';
import type { ViewAsk } from '../../usecases/views.ts';
import { banAskOf } from '../http/ban-input.ts';
import { bindCommands } from './bind.ts';
import type { Handlers } from './bind.ts';
import type { SocketDeps } from './gateway.ts';
import { orgRoom } from './hub.ts';

export interface StaffSeat {
  member: Member;
  credentialId: string;
  /** Where the member was seen: their own address, and that of a proxy before us. */
  addresses: readonly (string | undefined)[];
}

const inboxPage = 50;
type SeqAck = { seq: number };
type MessageAck = { messageId: string; seq: number; createdAt: number };

export const bindStaff = (socket: Socket, seat: StaffSeat, deps: SocketDeps): void => {
  const { store, bus, presence, limits, hub } = deps;
  const { orgId, id: memberId } = seat.member;

  const tooFast = (): ChatError | undefined => limits.check('staff', memberId);

  const does = async <A>(
    conversationId: string,
    ask: StaffAsk,
    clientId: string | undefined,
    admit: () => ChatError | undefined = tooFast,
  ): Promise<A> => {
    const { result } = await staffDoes(deps, seat.member, conversationId, ask, { clientId, admit });
    return result as A;
  };

  /** Whoever left while the answer was gathered enters no room: nobody would ever take that socket out of it. */
  const join = (room: string): void => {
    if (socket.connected) void socket.join(room);
  };

  const view = async (ask: Omit<ViewAsk, 'audience' | 'isAutopilot'>) => {
    await stateFor(deps, orgId, ask.conversationId);
    return readView(deps, { ...ask, audience: 'staff', isAutopilot: true });
  };

  const handlers: Handlers<typeof staffCommands> = {
    'inbox:open': async ({ filter = 'open', label, agentId, cursor }) => {
      // The room first: a row that changes while the page is read comes as a signal, and the newer head wins.
      join(orgRoom(orgId));
      const [page, counts] = await Promise.all([
        store.inbox({
          orgId,
          filter,
          memberId,
          limit: inboxPage,
          ...(label === undefined ? {} : { label }),
          ...(agentId === undefined ? {} : { agentId }),
          ...(cursor === undefined ? {} : { cursor }),
        }),
        store.counts(orgId),
      ]);
      const marks = await store.reads(page.rows.map(({ conversationId }) => conversationId));
      const conversations = page.rows.map((row, i) => ({ ...row, staffRead: marks[i]?.staff ?? 0 }));
      return { conversations, cursor: page.cursor, counts };
    },
    'conversation:open': async ({ conversationId, since }) => {
      const watch = hub.watch(conversationId);
      try {
        const read = await view({ conversationId, ...(since === undefined ? {} : { since }) });
        return () => {
          watch.stop();
          const whole = extend(read, watch.facts);
          join(conversationId);
          hub.entered(socket, whole.state);
          presence.view(socket.id, conversationId);
          return present(whole, 'staff', hub.reply(conversationId));
        };
      } catch (error) {
        watch.stop();
        throw error;
      }
    },
    'conversation:leave': async ({ conversationId }) => {
      // Rooms are not the client's to name: those of its member and credential are what a revocation reaches it by.
      if (conversationId.startsWith('conv_')) void socket.leave(conversationId);
      presence.stopViewing(socket.id, conversationId);
      return {};
    },
    'conversation:take': ({ conversationId, clientId }) =>
      does<SeqAck>(conversationId, { type: 'agent.take' }, clientId),
    'conversation:release': ({ conversationId, clientId, to }) =>
      does<SeqAck>(conversationId, { type: 'agent.release', to }, clientId),
    'conversation:assign': async ({ conversationId, clientId, agentId }) => {
      const { isDisabled, ...to } = await assignee(deps, orgId, agentId);
      const admit = () => (isDisabled ? new ChatError('not_found', 'No such member') : tooFast());
      return does<SeqAck>(conversationId, { type: 'agent.assign', to }, clientId, admit);
    },
    'conversation:close': ({ conversationId, clientId }) =>
      does<SeqAck>(conversationId, { type: 'agent.close' }, clientId),
    'conversation:reopen': ({ conversationId, clientId }) =>
      does<SeqAck>(conversationId, { type: 'agent.reopen' }, clientId),
    'autopilot:set': ({ conversationId, clientId, isAutopilot }) =>
      does<SeqAck>(conversationId, { type: 'agent.autopilot', isAutopilot }, clientId),
    'reply:stop': ({ conversationId, clientId }) => does<SeqAck>(conversationId, { type: 'agent.stop' }, clientId),
    'message:send': async ({ conversationId, clientId, text, fileIds }) => {
      if (fileIds !== undefined && fileIds.length > 0) throw new ChatError('not_found', 'There is no such file');
      const id = clientId ?? newUuid();
      return does<MessageAck>(conversationId, { type: 'agent.message', text, clientId: id }, id);
    },
    'note:add': ({ conversationId, clientId, text }) =>
      does<SeqAck>(conversationId, { type: 'agent.note', text }, clientId),
    'draft:approve': ({ conversationId, clientId, draftId, text }) =>
      does<MessageAck>(
        conversationId,
        { type: 'draft.approve', draftId, ...(text === undefined ? {} : { text }) },
        clientId,
      ),
    'draft:reject': ({ conversationId, clientId, draftId }) =>
      does<SeqAck>(conversationId, { type: 'draft.reject', draftId }, clientId),
    'draft:request': ({ conversationId, clientId }) =>
      does<SeqAck>(conversationId, { type: 'draft.request' }, clientId),
    'label:set': ({ conversationId, clientId, labels }) =>
      does<SeqAck>(conversationId, { type: 'agent.label', labels }, clientId),
    'conversation:spam': ({ conversationId, clientId, isSpam }) =>
      does<SeqAck>(conversationId, { type: 'agent.spam', isSpam }, clientId),
    'conversation:ban': async (input) => ({ ban: await ban(deps, seat.member, banAskOf(input, seat.addresses)) }),
    'typing:set': async ({ conversationId, isTyping }) => {
      const { control } = await stateFor(deps, orgId, conversationId);
      presence.setTyping(socket.id, conversationId, isTyping);
      // The visitor sees dots of whoever holds the conversation, not of a colleague who considers taking it.
      if (control.agentId !== memberId) return {};
      const { name } = seat.member;
      const signal = {
        type: 'typing.changed',
        conversationId,
        who: 'agent',
        isTyping,
        name,
        agentId: memberId,
      } as const;
      bus.publish({ kind: 'signal', orgId, to: 'both', signal });
      return {};
    },
    'message:read': async ({ conversationId, seq }) => {
      const { head } = await stateFor(deps, orgId, conversationId, seq);
      const marks = await store.advanceRead(conversationId, 'staff', Math.min(seq, head.seq));
      const signal = { type: 'read.advanced', conversationId, who: 'staff', seq: marks.staff } as const;
      bus.publish({ kind: 'signal', orgId, to: 'both', signal });
      deps.inbox.touch(orgId, conversationId);
      return {};
    },
    'facts:since': async ({ conversationId, since, sinceSeq }) => {
      const read = await view({
        conversationId,
        ...(since === undefined ? {} : { since }),
        ...(sinceSeq === undefined ? {} : { sinceSeq }),
      });
      return () => present(read, 'staff', hub.reply(conversationId));
    },
    'facts:before': async ({ conversationId, seq, limit }) => {
      await stateFor(deps, orgId, conversationId);
      return readBefore(deps, { conversationId, seq, limit, audience: 'staff' });
    },
    'presence:set': async ({ status }) => {
      presence.setAway(socket.id, status === 'away');
      return {};
    },
  };

  bindCommands(socket, staffCommands, handlers, { ...deps, surface: 'console' }, (name) => {
    const spec: CommandSpec = staffCommands[name];
    // What appends is counted after its key was looked up, so that a repeat is never refused (R3).
    const refusal = spec.appends === true ? undefined : tooFast();
    if (refusal !== undefined) throw refusal;
  });
};
