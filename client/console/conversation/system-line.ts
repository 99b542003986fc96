// Facts that are not messages, in plain words. Null: nothing to say about it in the thread.
import { signedFieldsOf } from '../../../shared/identity.ts';
import type { Fact, FactOf } from '../../../shared/facts.ts';
import { shortUrl } from '../format.ts';
import type { IconName } from '../ui/icons.tsx';

export interface SystemLine {
  icon: IconName;
  text: string;
}

/** Who reads: "You took over" rather than one's own name. */
export interface Reader {
  id: string;
}

const whoIs = (by: { id: string; name: string } | undefined, reader: Reader, otherwise: string): string =>
  by === undefined ? otherwise : by.id === reader.id ? 'You' : by.name;

const controlLine = (fact: FactOf<'control.changed'>, reader: Reader): SystemLine | null => {
  const who = whoIs(fact.by, reader, 'Somebody');
  switch (fact.reason) {
    case 'taken':
      return { icon: 'person', text: `${whoIs(fact.by, reader, fact.agentName ?? 'Somebody')} took over` };
    case 'released':
      return fact.isAutopilot
        ? { icon: 'spark', text: `${who} gave it back to the AI` }
        : { icon: 'hand', text: `${who} put it back in the queue` };
    case 'assigned': {
      const to = fact.agentId === reader.id ? 'you' : (fact.agentName ?? 'a colleague');
      return {
        icon: 'person',
        text: fact.by?.id === fact.agentId ? `${who} took over` : `${who} assigned it to ${to}`,
      };
    }
    case 'autopilot':
      return { icon: 'spark', text: `${who} switched autopilot ${fact.isAutopilot ? 'on' : 'off'}` };
    case 'handoff': {
      const note = fact.note?.trim() ?? '';
      return { icon: 'hand', text: `Handed over: ${note === '' ? 'asked for a person' : note}` };
    }
    case 'offline':
      return { icon: 'clock', text: 'Nobody was online: waits for a person' };
    case 'failed':
      return { icon: 'hand', text: 'Waits for a person: the AI could not answer' };
    case 'answered':
      // The message itself says so.
      return null;
    case 'stopped':
      if (fact.by === undefined && fact.note !== undefined)
        return { icon: 'ban', text: 'The AI was stopped: the visitor is banned' };
      return { icon: 'stop', text: `${whoIs(fact.by, reader, 'The visitor')} stopped the AI` };
    case 'widget':
      return {
        icon: 'spark',
        text: `Autopilot was switched ${fact.isAutopilot ? 'on' : 'off'} in the widget’s settings`,
      };
  }
};

const failures: Record<string, string> = {
  rate_limited: 'rate limited',
  overloaded: 'the model is overloaded',
  misconfigured: 'the model is not set up correctly',
  refused: 'the model refused',
  stalled: 'the model stopped in the middle',
  network: 'the model could not be reached',
  internal: 'something went wrong on our side',
};

const listed = (labels: readonly string[]): string => labels.map((label) => `“${label}”`).join(', ');

export const systemLine = (fact: Fact, reader: Reader): SystemLine | null => {
  switch (fact.type) {
    case 'conversation.opened': {
      const page = fact.page;
      const where = page === undefined ? '' : ` on ${page.title?.trim() || shortUrl(page.url)}`;
      return { icon: 'chat', text: fact.channel === 'test' ? 'Test chat started' : `Conversation started${where}` };
    }
    case 'control.changed':
      return controlLine(fact, reader);
    case 'reply.failed':
      // A hand-off is no failure, and the change of hands that follows says it.
      if (fact.why === 'handoff') return null;
      return { icon: 'alert', text: `AI could not answer: ${failures[fact.why] ?? fact.why.replaceAll('_', ' ')}` };
    case 'draft.rejected':
      return { icon: 'pencil', text: `${whoIs(fact.by, reader, 'Somebody')} rejected a draft` };
    case 'visitor.identified': {
      const signed = signedFieldsOf(fact);
      const shown = fact.verified ? signed.map((name) => fact[name]) : [fact.name, fact.email];
      const who = shown.filter((part) => part !== undefined && part !== '').join(', ');
      if (fact.verified)
        return { icon: 'person', text: `Visitor signed in${who === '' ? '' : ` as ${who}`} (verified)` };
      return who === '' ? null : { icon: 'person', text: `Visitor says: ${who}` };
    }
    case 'lead.captured': {
      const who = [fact.name, fact.email, fact.phone, fact.company].filter((part) => part !== undefined && part !== '');
      return { icon: 'mail', text: `Left contact details${who.length === 0 ? '' : `: ${who.join(', ')}`}` };
    }
    case 'csat.requested':
      return { icon: 'check-circle', text: 'Asked for a rating' };
    case 'csat.submitted': {
      const comment = fact.comment?.trim() ?? '';
      return { icon: 'check-circle', text: `Rated ${fact.rating} of 5${comment === '' ? '' : `: “${comment}”`}` };
    }
    case 'label.changed':
      return {
        icon: 'tag',
        text: `${whoIs(fact.by, reader, 'Somebody')} ${fact.labels.length === 0 ? 'removed the labels' : `set ${listed(fact.labels)}`}`,
      };
    case 'spam.changed': {
      const who = whoIs(fact.by, reader, 'Somebody');
      return { icon: 'ban', text: fact.isSpam ? `${who} marked it as spam` : `${who} said that it is no spam` };
    }
    case 'conversation.closed': {
      if (fact.next !== undefined) return { icon: 'check', text: 'The visitor began a new conversation' };
      const who = { visitor: 'the visitor', agent: fact.by.name ?? 'a colleague', system: 'itself' }[fact.by.kind];
      return { icon: 'check', text: `Closed by ${who}` };
    }
    case 'conversation.reopened':
      return fact.by.kind === 'visitor'
        ? { icon: 'undo', text: 'Reopened: the visitor wrote again' }
        : { icon: 'undo', text: `Reopened by ${fact.by.name ?? 'a colleague'}` };
    case 'message.created':
    case 'note.created':
    case 'reply.claimed':
    case 'draft.created':
    case 'draft.approved':
      return null;
  }
  // A newer node wrote a type that this build does not know: passed over.
  return null;
};

/** Under an answer that was cut: who cut it. `next` is what followed in the log. */
export const cutLine = (fact: FactOf<'message.created'>, next: Fact | undefined, reader: Reader): string => {
  const by = next?.type === 'control.changed' ? next : undefined;
  const who = by?.by === undefined ? undefined : by.by.id === reader.id ? 'you' : by.by.name;
  switch (fact.cut) {
    case 'taken':
    case 'assigned':
      return who === undefined ? 'Stopped when a person joined' : `Stopped when ${who} took over`;
    case 'stopped':
      return who === undefined ? 'Stopped by the visitor' : `Stopped by ${who}`;
    case 'autopilot':
    case 'widget':
      return 'Stopped: autopilot was switched off';
    case 'closed':
      return 'Stopped when the conversation was closed';
    case 'message':
      return 'Stopped: the visitor wrote again';
    case 'handoff':
      return 'Stopped when it was handed over';
    case 'failed':
      return 'Stopped: the AI failed';
    case undefined:
      return 'Stopped';
  }
};
