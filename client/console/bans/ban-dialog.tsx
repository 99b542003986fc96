// Banning the visitor of a conversation: the person, an address they came from, or a range.
import { useState } from 'preact/hooks';
import type { BanKind } from '../../../shared/bans.ts';
import type { ConsoleOutput } from '../../../shared/console-api.ts';
import { call, problemOf } from '../api.ts';
import { Await } from '../settings/layout.tsx';
import { useLoaded } from '../settings/use-loaded.ts';
import { BareSelect, TextField } from '../ui/field.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Notice, toast } from '../ui/feedback.tsx';
import { FormDialog } from '../ui/form-dialog.tsx';
import { RadioCards } from '../ui/radio-cards.tsx';
import type { RadioCard } from '../ui/radio-cards.tsx';
import { DurationField, ReachNotice, ReasonField, termsOf, usualDuration, useReach } from './fields.tsx';

type Choices = ConsoleOutput<'GET /conversations/:id/ban'>;

/** The network around an address that one would think of first. */
const rangeAround = (address: string | undefined): string => {
  if (address === undefined) return '';
  return address.includes(':') ? address.replace(/\/64$/, '/56') : address.replace(/\.\d+$/, '.0/24');
};

interface Props {
  conversationId: string;
  /** As the console calls the visitor. */
  name: string;
  onClose: () => void;
  onBanned: () => void;
}

const Form = ({ conversationId, name, choices, onClose, onBanned }: Props & { choices: Choices }) => {
  const { addresses, mayBanAddress, contact } = choices;
  const [kind, setKind] = useState<BanKind>('contact');
  const [address, setAddress] = useState(addresses[0] ?? '');
  const [range, setRange] = useState(rangeAround(addresses[0]));
  const [reason, setReason] = useState('');
  const [duration, setDuration] = useState(usualDuration);
  const [includesMe, setIncludesMe] = useState(false);
  const query = kind === 'contact' ? null : kind === 'address' ? { address } : range.trim() === '' ? null : { range };
  const { reach, problem } = useReach(query, conversationId);
  const isMine = reach?.includesMe === true;
  const isReady = kind === 'contact' || (query !== null && problem === undefined && (!isMine || includesMe));
  const what: RadioCard<BanKind>[] = [
    {
      value: 'contact',
      text: 'This person',
      hint: `${contact.email ?? name}, on every device that is known as theirs`,
    },
  ];
  if (mayBanAddress && addresses.length > 0) {
    const hint = addresses.length === 1 ? <span class="font-mono">{address}</span> : 'One they came from lately';
    what.push({ value: 'address', text: 'Their address', hint });
  }
  if (mayBanAddress)
    what.push({ value: 'range', text: 'A range of addresses', hint: 'A whole network, as 203.0.113.0/24' });
  return (
    <FormDialog
      title={`Ban ${name}`}
      submit="Ban"
      isDanger
      isReady={isReady}
      fields={['range']}
      run={async () => {
        await call('POST /bans', {
          body: {
            conversationId,
            kind,
            ...(kind === 'address' ? { address } : {}),
            ...(kind === 'range' ? { range } : {}),
            ...termsOf({ reason, duration, includesMe: isMine && includesMe }),
          },
        });
        onBanned();
        toast('Banned from the chat');
      }}
      onClose={onClose}
    >
      {(error) => (
        <>
          <RadioCards legend="Who is banned" value={kind} choices={what} onChoose={setKind} />
          {kind === 'address' && addresses.length > 1 && (
            <BareSelect
              label="Address"
              value={address}
              options={addresses.map((value) => ({ value, text: value }))}
              onChoose={setAddress}
            />
          )}
          {kind === 'range' && (
            <TextField
              label="Range"
              value={range}
              onText={setRange}
              spellcheck={false}
              maxLength={64}
              hint="No wider than /16, or /32 for IPv6"
              error={problem ?? problemOf(error, 'range')}
            />
          )}
          {kind !== 'contact' && <ReachNotice reach={reach} includesMe={includesMe} onIncludeMe={setIncludesMe} />}
          <DurationField value={duration} onChoose={setDuration} />
          <ReasonField value={reason} onText={setReason} />
          {choices.isBanned && kind === 'contact' && (
            <Notice tone="plain" icon="ban">
              They are banned already. This changes until when and why.
            </Notice>
          )}
        </>
      )}
    </FormDialog>
  );
};

export const BanDialog = (props: Props) => {
  const { conversationId, name, onClose } = props;
  const choices = useLoaded(`ban ${conversationId}`, () =>
    call('GET /conversations/:id/ban', { params: { id: conversationId } }),
  );
  if (choices.status === 'good') return <Form {...props} choices={choices.value} />;
  return (
    <Dialog title={`Ban ${name}`} onClose={onClose}>
      <div class="min-h-40 px-5 pb-5">
        <Await of={choices}>{() => null}</Await>
      </div>
    </Dialog>
  );
};
