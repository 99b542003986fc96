// The page of a one-time link: a new member, or a lost password, sets name, e-mail and password.
import { useEffect, useState } from 'preact/hooks';
import type { LinkView } from '../../../shared/console-api.ts';
import { ApiError, call, messageOf, problemOf } from '../api.ts';
import { hrefOf, navigate } from '../router.ts';
import { loadSession } from '../session.ts';
import { RevokeChoice } from '../settings/keys/revoke-choice.tsx';
import { Button } from '../ui/button.tsx';
import { Bone, Notice, useSkeleton } from '../ui/feedback.tsx';
import { TextField } from '../ui/field.tsx';
import { useSubmit } from '../ui/use-submit.ts';
import { Frame } from './frame.tsx';

const shortest = 10;

/** In the fragment alone, which browsers send to nobody: what was sent in a query may stand in a log. */
const tokenIn = (address: Location): string =>
  new URLSearchParams(address.hash.slice(1)).get('token') ?? address.hash.slice(1);

type Look = { status: 'busy' } | { status: 'gone'; message: string } | ({ status: 'good' } & LinkView);

export const LinkPage = () => {
  const [token] = useState(() => tokenIn(location));
  const [look, setLook] = useState<Look>({ status: 'busy' });
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [revokeKeys, setRevoke] = useState(false);
  const hasBones = useSkeleton(look.status === 'busy');

  useEffect(() => {
    document.title = 'Welcome · Tiller';
    call('POST /link/read', { body: { token } }).then(
      (answer) => {
        setName(answer.name);
        setEmail(answer.email);
        setLook({ status: 'good', ...answer });
      },
      (failure: unknown) => {
        const isGone = failure instanceof ApiError && (failure.code === 'not_found' || failure.code === 'invalid');
        setLook({
          status: 'gone',
          message: isGone
            ? 'This link was used already or has expired. Ask an admin for a new one.'
            : messageOf(failure),
        });
      },
    );
  }, [token]);

  const isReady = name.trim() !== '' && email.trim() !== '' && password.length >= shortest;
  const open = async (): Promise<void> => {
    await call('POST /link', { body: { token, name: name.trim(), email: email.trim(), password, revokeKeys } });
    await loadSession();
    navigate({ name: 'inbox', filter: 'needs-person', conversationId: null }, 'replace');
  };
  const { isBusy, error, onSubmit } = useSubmit(open, { isReady, staysBusy: true });

  if (look.status === 'busy') {
    return <Frame title="One moment">{hasBones && <Bone class="h-40" />}</Frame>;
  }
  if (look.status === 'gone') {
    return (
      <Frame title="This link does not work">
        <div class="flex flex-col gap-4">
          <Notice>{look.message}</Notice>
          <a
            href={hrefOf({ name: 'inbox', filter: 'needs-person', conversationId: null })}
            class="font-semibold text-link underline"
          >
            Sign in instead
          </a>
        </div>
      </Frame>
    );
  }
  const isShort = password !== '' && password.length < shortest;
  const problems = ['name', 'email', 'password'].map((path) => problemOf(error, path));
  const isElsewhere = error !== null && problems.every((problem) => problem === undefined);
  return (
    <Frame title={look.isNew ? `Welcome to ${look.organisation}` : 'Set a new password'}>
      <form noValidate class="flex flex-col gap-4" onSubmit={onSubmit}>
        <p class="text-text2">
          {look.isNew
            ? 'You will sign in with this e-mail address and password.'
            : `You sign in to ${look.organisation} with this e-mail address and password. Every other session of yours ends.`}
        </p>
        {isElsewhere && <Notice>{messageOf(error)}</Notice>}
        <TextField label="Your name" autoComplete="name" value={name} onText={setName} error={problems[0]} />
        <TextField
          label="E-mail"
          type="email"
          autoComplete="username"
          value={email}
          onText={setEmail}
          error={problems[1]}
        />
        <TextField
          label="Password"
          type="password"
          autoComplete="new-password"
          value={password}
          onText={setPassword}
          hint={isShort ? `${shortest - password.length} more to go` : `At least ${shortest} characters`}
          error={problems[2]}
        />
        <RevokeChoice keys={look.isNew ? [] : look.keys} isOn={revokeKeys} onChange={setRevoke}>
          They work on otherwise. Revoke them if somebody else may have had access: programs that use them stop at once.
        </RevokeChoice>
        <Button type="submit" look="primary" size="large" isBusy={isBusy} disabled={!isReady}>
          Open the console
        </Button>
      </form>
    </Frame>
  );
};
