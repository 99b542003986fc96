// One's own name, picture and password.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { call, messageOf, problemOf } from '../api.ts';
import { plural } from '../format.ts';
import { setMember, signOut, signedIn } from '../session.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Button } from '../ui/button.tsx';
import { Notice, toast } from '../ui/feedback.tsx';
import { TextField } from '../ui/field.tsx';
import { PictureButton } from '../ui/picture-button.tsx';
import { useSubmit } from '../ui/use-submit.ts';
import { RevokeChoice } from './keys/revoke-choice.tsx';
import { Card, Page } from './layout.tsx';
import { useLoaded } from './use-loaded.ts';

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

/** The picture is sent at once; the name with its own button. */
const Picture = () => {
  const { member } = signedIn();
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const hasPicture = member.avatarUrl !== undefined;
  const remove = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      setMember((await call('DELETE /me/avatar')).member);
      toast('Your picture is gone');
    } catch (failure) {
      setError(messageOf(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <fieldset class="flex min-w-0 flex-col gap-2">
      <legend class="pb-2 text-small font-semibold">Picture</legend>
      <div class="flex flex-wrap items-center gap-3" data-picture>
        <Avatar name={member.name} id={member.id} url={member.avatarUrl} size={56} />
        <div class="flex flex-wrap gap-2">
          <PictureButton
            label="Your picture"
            upload={async (file) => {
              setMember((await call('POST /me/avatar', { file })).member);
              toast('Saved');
            }}
            onError={setError}
          >
            {hasPicture ? 'Replace' : 'Upload a picture'}
          </PictureButton>
          {hasPicture && (
            <Button look="ghost" isBusy={isBusy} onClick={() => void remove()}>
              Remove
            </Button>
          )}
        </div>
      </div>
      <p
        role={error === null ? undefined : 'alert'}
        class={`text-small ${error === null ? 'text-text2' : 'text-danger'}`}
      >
        {error ?? 'PNG, JPEG, GIF or WebP, at most 512 KB; square looks best.'}
      </p>
    </fieldset>
  );
};

const Who = () => {
  const { member } = signedIn();
  const [name, setName] = useState(member.name);
  return (
    <SentCard
      title="Who you are"
      lead="Visitors see your name and picture when you answer."
      submit="Save"
      isReady={name.trim() !== member.name && name.trim() !== ''}
      fields={['name']}
      run={async () => {
        setMember((await call('PATCH /me', { body: { name: name.trim() } })).member);
        toast('Saved');
      }}
    >
      {(error) => (
        <>
          <Picture />
          <TextField
            label="Name"
            autoComplete="name"
            maxLength={100}
            value={name}
            onText={setName}
            hint={`You sign in as ${member.email}`}
            error={problemOf(error, 'name')}
          />
        </>
      )}
    </SentCard>
  );
};

const Password = () => {
  const [currentPassword, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [revokeKeys, setRevoke] = useState(false);
  const [reads, setReads] = useState(0);
  const keys = useLoaded(`own keys ${reads}`, async () => (await call('GET /me/keys')).keys);
  return (
    <SentCard
      title="Password"
      lead="A new one ends your other sessions."
      submit="Change password"
      isReady={currentPassword !== '' && password.length >= 10}
      fields={['password']}
      run={async () => {
        const { revokedKeys } = await call('PATCH /me', { body: { currentPassword, password, revokeKeys } });
        setCurrent('');
        setPassword('');
        setRevoke(false);
        setReads(reads + 1);
        toast(`Your password is changed${revokedKeys === 0 ? '' : `, ${plural(revokedKeys, 'key')} revoked`}`);
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
          {keys.status === 'good' && (
            <RevokeChoice keys={keys.value} isOn={revokeKeys} onChange={setRevoke}>
              Programs that use them stop working at once. Do this if somebody else may know your password.
            </RevokeChoice>
          )}
          {keys.status === 'failed' && <Notice>Your API keys could not be loaded. {keys.message}</Notice>}
        </>
      )}
    </SentCard>
  );
};

const elsewhere = (count: number): string => {
  if (count === 0) return 'There was no other session';
  return count === 1 ? 'One other session is ended' : `${count} other sessions are ended`;
};

const Sessions = () => {
  const [isBusy, setBusy] = useState(false);
  const end = async (): Promise<void> => {
    setBusy(true);
    try {
      toast(elsewhere((await call('POST /logout/everywhere')).endedSessions));
    } catch (failure) {
      toast(messageOf(failure), { tone: 'danger' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title="Other devices" lead="Ends every session but this one. API keys work on.">
      <Button icon="sign-out" class="self-start" isBusy={isBusy} onClick={() => void end()}>
        Sign out everywhere else
      </Button>
    </Card>
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
    <Sessions />
  </Page>
);
