// Sound and desktop notification, for whoever asked for them: a person is needed, or one's own visitor wrote.
import type { InboxRow } from '../../shared/inbox.ts';
import { needsPerson } from '../../shared/inbox-filter.ts';
import type { StaffClient } from '../sdk/api.ts';
import { plainText, visitorName } from './format.ts';
import { hasDesktopNotices, hasSound } from './prefs.ts';
import { navigate } from './router.ts';

let audio: AudioContext | null = null;

/** Two soft notes. Browsers allow it only after the person has touched the page. */
export const playSound = (): void => {
  audio ??= new AudioContext();
  const context = audio;
  void context.resume();
  for (const [index, pitch] of [660, 880].entries()) {
    const at = context.currentTime + index * 0.11;
    const tone = context.createOscillator();
    const loudness = context.createGain();
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(0.08, at + 0.015);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.28);
    tone.connect(loudness).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.3);
  }
};

const notify = (row: InboxRow, title: string): void => {
  if (hasSound.value) playSound();
  if (!hasDesktopNotices.value || !('Notification' in globalThis) || Notification.permission !== 'granted') return;
  const notice = new Notification(title, { body: plainText(row.preview?.text ?? ''), tag: row.conversationId });
  notice.addEventListener('click', () => {
    window.focus();
    navigate({ name: 'inbox', filter: 'open', conversationId: row.conversationId });
    notice.close();
  });
};

/** Why this change of a row concerns the person, or null. */
export const alertOf = (before: InboxRow | undefined, row: InboxRow, memberId: string): string | null => {
  const name = visitorName(row.visitor, row.contactId || row.conversationId);
  if (before !== undefined && before.head.seq >= row.head.seq) return null;
  if (row.control.agentId === memberId && row.lastVisitorSeq > (before?.lastVisitorSeq ?? row.lastVisitorSeq)) {
    return `${name} wrote to you`;
  }
  if (row.channel === 'test') return null;
  if (needsPerson(row) && (before === undefined ? row.unanswered !== null : !needsPerson(before))) {
    return row.hasDraft ? `A draft waits: ${name}` : `${name} needs a person`;
  }
  return null;
};

/** Watches the live rows. Gives the undo. */
export const startAlerts = (client: StaffClient, memberId: string): (() => void) => {
  const known = new Map<string, InboxRow>();
  return client.onSignal((signal) => {
    if (signal.type !== 'inbox.changed' || signal.row === undefined) return;
    const { row } = signal;
    const why = alertOf(known.get(row.conversationId), row, memberId);
    known.set(row.conversationId, row);
    const isWatched = document.hasFocus() && location.pathname.endsWith(`/${row.conversationId}`);
    if (why !== null && !isWatched) notify(row, why);
  });
};
