// One's own name, picture and password.
import { useState } from 'preact/hooks';
import { call, messageOf, problemOf } from '../api.ts';
import { setMember, signOut, signedIn } from '../session.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Button } from '../ui/button.tsx';
import { Notice, toast } from '../ui/feedback.tsx';
import { TextField } from '../ui/field.tsx';
import { Card } from './layout.tsx';

const Who = () => {
  const { member } = signedIn();
  const [name, setName] = useState(member.name);
  const [avatarUrl, setAvatarUrl] = useState(member.avatarUrl ?? '');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const isDirty = name.trim() !== member.name || avatarUrl.trim() !== (member.avatarUrl ?? '');
  const save = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      setMember((await call('PATCH /me', { body: { name: name.trim(), avatarUrl: avatarUrl.trim() } })).member);
      toast('Saved');
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title="Who you are" lead="Visitors see your name and picture when you answer.">
      <form
        noValidate
        class="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (isDirty && name.trim() !== '' && !isBusy) void save();
        }}
      >
        <div class="flex items-center gap-3">
          <Avatar name={name} id={member.id} url={avatarUrl.trim()} size={40} key={avatarUrl} />
          <p class="min-w-0 truncate text-text2">{member.email}</p>
        </div>
        {error !== null && problemOf(error, 'name') === undefined && <Notice>{messageOf(error)}</Notice>}
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
        <Button type="submit" look="primary" class="self-end" isBusy={isBusy} disabled={!isDirty || name.trim() === ''}>
          Save
        </Button>
      </form>
    </Card>
  );
};

const Password = () => {
  const [currentPassword, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await call('PATCH /me', { body: { currentPassword, password } });
      setCurrent('');
      setPassword('');
      toast('Your password is changed');
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title="Password">
      <form
        noValidate
        class="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) void save();
        }}
      >
        {error !== null && problemOf(error, 'password') === undefined && <Notice>{messageOf(error)}</Notice>}
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
        <Button
          type="submit"
          class="self-end"
          isBusy={isBusy}
          disabled={currentPassword === '' || password.length < 10}
        >
          Change password
        </Button>
      </form>
    </Card>
  );
};

export const ProfilePage = () => (
  <div class="mx-auto flex w-full max-w-[760px] flex-col gap-6 px-8 py-8 max-md:px-4 max-md:py-6">
    <header class="flex items-start gap-4">
      <h1 class="grow text-title font-semibold">Your profile</h1>
      <Button
        icon="sign-out"
        onClick={() => void signOut().catch((error: unknown) => toast(messageOf(error), { tone: 'danger' }))}
      >
        Sign out
      </Button>
    </header>
    <Who />
    <Password />
  </div>
);
