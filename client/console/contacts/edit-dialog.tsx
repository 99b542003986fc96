// Correcting who a contact is.
import { useState } from 'preact/hooks';
import type { ContactView } from '../../../shared/console-api.ts';
import { signedFieldsOf } from '../../../shared/identity.ts';
import { limits } from '../../../shared/text.ts';
import { call, problemOf } from '../api.ts';
import { toast } from '../ui/feedback.tsx';
import { TextField } from '../ui/field.tsx';
import { FormDialog } from '../ui/form-dialog.tsx';

const editable = [
  { name: 'name', label: 'Name', most: limits.name },
  { name: 'email', label: 'E-mail', most: limits.email, type: 'email' },
  { name: 'phone', label: 'Phone', most: limits.phone, type: 'tel' },
  { name: 'company', label: 'Company', most: limits.company },
] as const;
type Editable = (typeof editable)[number]['name'];

export const EditDialog = ({
  contact,
  onClose,
  onStored,
}: {
  contact: ContactView;
  onClose: () => void;
  onStored: (contact: ContactView) => void;
}) => {
  const signed: readonly string[] = signedFieldsOf(contact);
  const [changes, setChanges] = useState<{ [K in Editable]?: string }>({});
  const isChanged = editable.some(
    ({ name }) => (changes[name]?.trim() ?? contact[name] ?? '') !== (contact[name] ?? ''),
  );
  return (
    <FormDialog
      title="Edit contact"
      submit="Save"
      isReady={isChanged}
      fields={editable.map(({ name }) => name)}
      run={async () => {
        const body = Object.fromEntries(Object.entries(changes).map(([name, text]) => [name, text.trim()]));
        onStored((await call('PATCH /contacts/:id', { params: { id: contact.id }, body })).contact);
        toast('Saved');
      }}
      onClose={onClose}
    >
      {(error) =>
        editable.map(({ name, label, most, ...rest }) => (
          <TextField
            key={name}
            label={label}
            {...rest}
            value={changes[name] ?? contact[name] ?? ''}
            {...(signed.includes(name) ? { disabled: true, hint: 'Signed by your site: it is changed there.' } : {})}
            maxLength={most}
            error={problemOf(error, name)}
            onText={(text) => setChanges({ ...changes, [name]: text })}
          />
        ))
      }
    </FormDialog>
  );
};
