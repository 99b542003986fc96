// One's own name, picture and password.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { call, messageOf, problemOf } from '../api.ts';
import { setMember, signOut, signedIn } from '../session.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Button } from '../ui/button.tsx';
import { Notice, toast } from '../ui/feedback.tsx';
import { TextField } from '../ui/field.tsx';
import { useSubmit } from '../ui/use-submit.ts';
import { Card, Page } from './layout.tsx';

/** A card whose fields are sent at once with its own button. */
const SentCard = ({
  title,
  lead,
  submit,
  isReady,
  fields,
  run,
  children,
}: {
  title: string;
  lead?: string;
  submit: string;
  isReady: boolean;
  fields: readonly string[];
  run: () => Promise<void>;
  children: (error: unknown) => ComponentChildren;
}) => {
  const { isBusy, error, onSubmit } = useSubmit(run, { isReady });
  const isTold = fields.some((name) => problemOf(error, name) !== undefined);
  return (
    <Card title={title} lead={lead}>
      <form noValidate class="flex flex-col gap-4" onSubmit={onSubmit}>
        {error !== null && !isTold && <Notice>{messageOf(error)}</Notice>}
        {children(error)}
        <Button type="submit" look="primary" class="self-end" isBusy={isBusy} disabled={!isReady}>
          {submit}
        </Button>
      </form>
    </Card>
  );
};

const Who = () => {
  const { member } = signedIn();
  const [name, setName] = useState(member.name);
  const [avatarUrl, setAvatarUrl] = useState(member.avatarUrl ?? '');
  const isDirty = name.trim() !== member.name || avatarUrl.trim() !== (member.avatarUrl ?? '');
  return (
    <SentCard
      title="Who you are"
      lead="Visitors see your name and picture when you answer."
      submit="Save"
      isReady={isDirty && name.trim() !== ''}
      fields={['name', 'avatarUrl']}
      run={async () => {
        setMember((await call('PATCH /me', { body: { name: name.trim(), avatarUrl: avatarUrl.trim() } })).member);
        toast('Saved');
      }}
    >
      {(error) => (
        <>
          <div class="flex items-center gap-3">
            <Avatar name={name} id={member.id} url={avatarUrl.trim()} size={40} key={avatarUrl} />
            <p class="min-w-0 truncate text-text2">{member.email}</p>
          </div>
          <TextField
            label="Name"
            autoComplete="name"
            maxLength={100}
            value={name}
            onText={setName}
            error={problemOf(error, 'name')}
          />
          <TextField
            label="Address of a picture"
            type="url"
            placeholder="https://"
            maxLength={2048}
            value={avatarUrl}
            onText={setAvatarUrl}
            error={problemOf(error, 'avatarUrl')}
          />
        </>
      )}
    </SentCard>
  );
};

const Password = () => {
  const [currentPassword, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  return (
    <SentCard
      title="Password"
      submit="Change password"
      isReady={currentPassword !== '' && password.length >= 10}
      fields={['password']}
      run={async () => {
        await call('PATCH /me', { body: { currentPassword, password } });
        setCurrent('');
        setPassword('');
        toast('Your password is changed');
      }}
    >
      {(error) => (
        <>
          <TextField
            label="Current password"
            type="password"
            autoComplete="current-password"
            value={currentPassword}
            onText={setCurrent}
          />
          <TextField
            label="New password"
            type="password"
            autoComplete="new-password"
            hint="At least 10 characters"
            value={password}
            onText={setPassword}
            error={problemOf(error, 'password')}
          />
        </>
      )}
    </SentCard>
  );
};

export const ProfilePage = () => (
  <Page
    isOwn
    title="Your profile"
    action={
      <Button
        icon="sign-out"
        onClick={() => void signOut().catch((error: unknown) => toast(messageOf(error), { tone: 'danger' }))}
      >
        Sign out
      </Button>
    }
  >
    <Who />
    <Password />
  </Page>
);
