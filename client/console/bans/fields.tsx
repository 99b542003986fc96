// The parts of a ban that every dialog asks for: for how long, why, and whom it would hit besides.
import { useEffect, useState } from 'preact/hooks';
import type { ConsoleOutput } from '../../../shared/console-api.ts';
import { call, messageOf } from '../api.ts';
import { plural } from '../format.ts';
import { SelectField, Switch, TextField } from '../ui/field.tsx';
import type { Choice } from '../ui/field.tsx';
import { Notice } from '../ui/feedback.tsx';

/** Seconds; '' holds until it is lifted. */
const durations: readonly Choice[] = [
  { value: '3600', text: '1 hour' },
  { value: '86400', text: '1 day' },
  { value: '2592000', text: '30 days' },
  { value: '', text: 'Until somebody lifts it' },
];
export const usualDuration = '86400';

export const DurationField = ({ value, onChoose }: { value: string; onChoose: (value: string) => void }) => (
  <SelectField label="For how long" value={value} options={durations} onChoose={onChoose} />
);

export const ReasonField = ({ value, onText }: { value: string; onText: (value: string) => void }) => (
  <TextField label="Reason (optional)" value={value} onText={onText} maxLength={300} hint="Only your team sees it" />
);

/** What `POST /bans` takes beside whom to ban; what was left open is left out. */
export const termsOf = ({
  reason,
  duration,
  includesMe,
}: {
  reason: string;
  /** As `DurationField` gives it. */
  duration: string;
  includesMe: boolean;
}) => ({
  ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
  ...(duration === '' ? {} : { forSeconds: Number(duration) }),
  ...(includesMe ? { includesMe } : {}),
});

export type Reach = ConsoleOutput<'GET /bans/reach'>;

const waitMs = 300;

/** Whom a ban of this address or range would hit; null while it is not known. Asked once typing pauses. */
export const useReach = (
  query: { address: string } | { range: string } | null,
  conversationId?: string,
): { reach: Reach | null; problem: string | undefined } => {
  const [state, setState] = useState<{ key: string; reach: Reach | null; problem: string | undefined }>();
  const key = query === null ? '' : JSON.stringify(query);
  useEffect(() => {
    if (query === null) return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const about = conversationId === undefined ? {} : { conversationId };
      call('GET /bans/reach', { query: { ...query, ...about }, signal: controller.signal }).then(
        (reach) => setState({ key, reach, problem: undefined }),
        (error: unknown) => {
          if (!controller.signal.aborted) setState({ key, reach: null, problem: messageOf(error) });
        },
      );
    }, waitMs);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [key, conversationId]);
  return state?.key === key && key !== '' ? state : { reach: null, problem: undefined };
};

/** Says who else is hit, and asks again where that is the member themselves. */
export const ReachNotice = ({
  reach,
  includesMe,
  onIncludeMe,
}: {
  reach: Reach | null;
  includesMe: boolean;
  onIncludeMe: (isOn: boolean) => void;
}) => {
  if (reach === null) return null;
  const { others, value } = reach;
  return (
    <>
      {others > 0 ? (
        <Notice tone="warn">
          {plural(others, 'other visitor')} {others === 1 ? 'was' : 'were'} lately seen from{' '}
          <span class="inline-block max-w-full font-mono break-all">{value}</span>.{' '}
          {others === 1 ? 'They lose' : 'They all lose'} the chat too.
        </Notice>
      ) : (
        <p class="text-small text-text2">
          Nobody else was lately seen from <span class="inline-block max-w-full font-mono break-all">{value}</span>.
        </p>
      )}
      {reach.includesMe && (
        <>
          <Notice tone="warn">You are working from this address yourself.</Notice>
          <Switch
            label="Ban my own address too"
            hint="The chat on your own site stops working here. The console does not."
            isOn={includesMe}
            onChange={onIncludeMe}
          />
        </>
      )}
    </>
  );
};
