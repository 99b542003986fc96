// Making, naming and rotating a key.
import { useState } from 'preact/hooks';
import type { KeyView } from '../../../../shared/console-api.ts';
import type { KeyKind } from '../../../../shared/console-provisioning.ts';
import { call, problemOf } from '../../api.ts';
import { contracts } from '../../contracts.ts';
import { TextField } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { RadioCards } from '../../ui/radio-cards.tsx';
import type { RadioCard } from '../../ui/radio-cards.tsx';
import { GraceField } from '../grace.tsx';

/** A key with the secret that is seen once. */
export interface Made {
  key: KeyView;
  secret: string;
}

/** What each kind of key opens. */
const kinds: readonly RadioCard<KeyKind>[] = contracts.map(({ kind, name, path, opens }) => ({
  value: kind,
  text: name,
  beside: <code class="font-mono text-meta text-text2">{path}</code>,
  hint: opens,
}));

export const NewKey = ({ onClose, onMade }: { onClose: () => void; onMade: (made: Made) => void }) => {
  const [kind, setKind] = useState<KeyKind>('functions');
  const [name, setName] = useState('');
  return (
    <FormDialog
      title="New key"
      submit="Create key"
      width="wide"
      isReady={name.trim() !== ''}
      fields={['name']}
      run={async () => onMade(await call('POST /keys', { body: { kind, name: name.trim() } }))}
      onClose={onClose}
    >
      {(error) => (
        <>
          <TextField
            label="Name"
            hint="The program that will use it, so that you know it again."
            placeholder="Booking system"
            value={name}
            maxLength={100}
            error={problemOf(error, 'name')}
            onText={setName}
          />
          <RadioCards legend="What it opens" value={kind} choices={kinds} onChoose={setKind} />
        </>
      )}
    </FormDialog>
  );
};

export const Rename = ({
  of,
  onClose,
  onDone,
}: {
  of: KeyView;
  onClose: () => void;
  onDone: (key: KeyView) => void;
}) => {
  const [name, setName] = useState(of.name);
  return (
    <FormDialog
      title="Rename key"
      submit="Rename"
      isReady={name.trim() !== '' && name.trim() !== of.name}
      fields={['name']}
      run={async () =>
        onDone((await call('PATCH /keys/:id', { params: { id: of.id }, body: { name: name.trim() } })).key)
      }
      onClose={onClose}
    >
      {(error) => (
        <TextField label="Name" value={name} maxLength={100} error={problemOf(error, 'name')} onText={setName} />
      )}
    </FormDialog>
  );
};

export const Rotate = ({ of, onClose, onMade }: { of: KeyView; onClose: () => void; onMade: (made: Made) => void }) => {
  const [graceSeconds, setGrace] = useState(86_400);
  return (
    <FormDialog
      title={`Rotate ${of.name}`}
      submit="Rotate"
      run={async () => onMade(await call('POST /keys/:id/rotate', { params: { id: of.id }, body: { graceSeconds } }))}
      onClose={onClose}
    >
      {() => (
        <>
          <p>A new secret under the same name. Programs need it in the place of the one that ends in {of.hint}.</p>
          <GraceField what="secret" value={graceSeconds} onChoose={setGrace} />
        </>
      )}
    </FormDialog>
  );
};
