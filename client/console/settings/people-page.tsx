// Who signs in: members, invitations, roles.
import { useState } from 'preact/hooks';
import type { MemberView } from '../../../shared/console-api.ts';
import { call, messageOf, problemOf } from '../api.ts';
import { signedIn } from '../session.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Button } from '../ui/button.tsx';
import { toast } from '../ui/feedback.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { FormDialog, SecretOnce } from '../ui/form-dialog.tsx';
import { Menu } from '../ui/menu.tsx';
import type { MenuEntry } from '../ui/menu.tsx';
import { Await, Page, mayChange } from './layout.tsx';
import { useLoaded } from './use-loaded.ts';

const roleNames = { owner: 'Owner', admin: 'Admin', agent: 'Agent' } as const;

const Invite = ({ onClose, onDone }: { onClose: () => void; onDone: (member: MemberView, link: string) => void }) => {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<'admin' | 'agent'>('agent');
  return (
    <FormDialog
      title="Invite somebody"
      submit="Create the link"
      isReady={name.trim() !== '' && email.trim() !== ''}
      fields={['name', 'email']}
      run={async () => {
        const body = { name: name.trim(), email: email.trim(), role };
        const { member, link } = await call('POST /members', { body });
        onDone(member, link);
      }}
      onClose={onClose}
    >
      {(error) => (
        <>
          <TextField label="Name" value={name} maxLength={100} onText={setName} error={problemOf(error, 'name')} />
          <TextField
            label="E-mail"
            type="email"
            value={email}
            maxLength={254}
            onText={setEmail}
            error={problemOf(error, 'email')}
          />
          <SelectField
            label="Role"
            value={role}
            options={[
              { value: 'agent', text: 'Agent' },
              { value: 'admin', text: 'Admin' },
            ]}
            hint={
              role === 'admin'
                ? 'Changes settings, and moves conversations between people.'
                : 'Answers visitors; looks at settings.'
            }
            onChoose={setRole}
          />
        </>
      )}
    </FormDialog>
  );
};

interface RowProps {
  member: MemberView;
  onChange: (member: MemberView) => void;
  onLink: (member: MemberView, link: string) => void;
}

const MemberRow = ({ member, onChange, onLink }: RowProps) => {
  const me = signedIn().member;
  const mayEdit = mayChange() && member.role !== 'owner' && member.id !== me.id;
  const patch = (body: { role?: 'admin' | 'agent'; isDisabled?: boolean }): void => {
    call('PATCH /members/:id', { params: { id: member.id }, body }).then(
      (answer) => onChange(answer.member),
      (error: unknown) => toast(messageOf(error), { tone: 'danger' }),
    );
  };
  const freshLink = (): void => {
    call('POST /members/:id/link', { params: { id: member.id } }).then(
      (answer) => onLink(member, answer.link),
      (error: unknown) => toast(messageOf(error), { tone: 'danger' }),
    );
  };
  const entries: MenuEntry[] = [
    member.role === 'admin'
      ? { text: 'Make an agent', icon: 'person', run: () => patch({ role: 'agent' }) }
      : { text: 'Make an admin', icon: 'person', run: () => patch({ role: 'admin' }) },
    { text: 'New one-time link', icon: 'link', isDisabled: member.isDisabled, run: freshLink },
    member.isDisabled
      ? { text: 'Let sign in again', icon: 'check', run: () => patch({ isDisabled: false }) }
      : { text: 'Disable', icon: 'lock', isDanger: true, run: () => patch({ isDisabled: true }) },
  ];
  const state = member.isDisabled ? 'Disabled' : member.hasSignedIn ? '' : 'Invited, not signed in yet';
  return (
    <li
      class={`flex items-center gap-3 px-5 py-3 max-sm:px-4 ${member.isDisabled ? 'bg-sunken' : ''}`}
      data-member={member.email}
    >
      <Avatar name={member.name} id={member.id} url={member.avatarUrl} />
      <div class="min-w-0 grow">
        <p class="truncate font-semibold">
          {member.name}
          {member.id === me.id && <span class="font-normal text-text2"> (you)</span>}
        </p>
        <p class="truncate text-small text-text2">{member.email}</p>
      </div>
      {state !== '' && <p class="text-small text-text2 max-sm:hidden">{state}</p>}
      <p class="w-14 shrink-0 text-end text-small">{roleNames[member.role]}</p>
      <div class="w-8 shrink-0">{mayEdit && <Menu label={`Change ${member.name}`} entries={entries} />}</div>
    </li>
  );
};

export const PeoplePage = () => {
  const members = useLoaded('members', async () => (await call('GET /members')).members);
  const [isInviting, setInviting] = useState(false);
  const [link, setLink] = useState<{ link: string; name: string } | null>(null);
  return (
    <Page
      title="People"
      lead="Everybody here sees the inbox and can take conversations over."
      action={
        mayChange() && (
          <Button look="primary" icon="plus" onClick={() => setInviting(true)}>
            Invite
          </Button>
        )
      }
    >
      <Await of={members}>
        {(list, set) => (
          <>
            <ul class="divide-y divide-line rounded-card border border-line bg-surface">
              {list.map((member) => (
                <MemberRow
                  key={member.id}
                  member={member}
                  onChange={(next) => set(list.map((each) => (each.id === next.id ? next : each)))}
                  onLink={(of, text) => setLink({ link: text, name: of.name })}
                />
              ))}
            </ul>
            {isInviting && (
              <Invite
                onClose={() => setInviting(false)}
                onDone={(member, text) => {
                  setInviting(false);
                  set([...list, member]);
                  setLink({ link: text, name: member.name });
                }}
              />
            )}
          </>
        )}
      </Await>
      {link !== null && (
        <SecretOnce
          title={`One-time link for ${link.name}`}
          label="Link"
          secret={link.link}
          warning="It is shown only now, and works once. Whoever opens it sets the password; every older session ends."
          onClose={() => setLink(null)}
        />
      )}
    </Page>
  );
};
