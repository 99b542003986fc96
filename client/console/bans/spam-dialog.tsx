// Marking as spam: what it does is said before, and the person may be banned with it.
import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { Switch } from '../ui/field.tsx';
import { toast } from '../ui/feedback.tsx';
import { FormDialog } from '../ui/form-dialog.tsx';

export const SpamDialog = ({
  conversationId,
  name,
  mark,
  onClose,
  onBanned,
}: {
  conversationId: string;
  name: string;
  /** Resolves to whether it was done; a refusal was told then. */
  mark: () => Promise<boolean>;
  onClose: () => void;
  onBanned: () => void;
}) => {
  const [bans, setBans] = useState(false);
  return (
    <FormDialog
      title="Mark as spam?"
      submit="Mark as spam"
      run={async () => {
        if (!(await mark())) return onClose();
        // A ban that is refused is told here; marking once more changes nothing.
        if (bans) {
          await call('POST /bans', { body: { conversationId, kind: 'contact', reason: 'Spam' } });
          onBanned();
        }
        onClose();
        toast('Marked as spam');
      }}
      onClose={onClose}
    >
      {() => (
        <>
          <p>
            The conversation is closed. It leaves every list, count, search and export, and stays under{' '}
            <b class="font-semibold">Spam</b> in the inbox, from where it can be brought back.
          </p>
          <Switch
            label="Also ban this person"
            hint={`${name} loses the chat until somebody lifts the ban.`}
            isOn={bans}
            onChange={setBans}
          />
        </>
      )}
    </FormDialog>
  );
};
