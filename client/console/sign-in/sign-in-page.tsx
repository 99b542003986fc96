// Signing in, at whatever address one wanted to go to.
import { useEffect, useState } from 'preact/hooks';
import { ApiError, messageOf } from '../api.ts';
import { signIn } from '../session.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/feedback.tsx';
import { TextField } from '../ui/field.tsx';
import { Frame } from './frame.tsx';

export const SignInPage = ({ hasEnded }: { hasEnded: boolean }) => {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · Tiller';
  }, []);
  const submit = async (): Promise<void> => {
    if (email.trim() === '' || password === '') {
      setError('Enter your e-mail address and your password.');
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await signIn(email.trim(), password);
    } catch (failure) {
      const isWrong = failure instanceof ApiError && failure.code === 'unauthenticated';
      setError(isWrong ? 'E-mail address or password is wrong.' : messageOf(failure));
      setPassword(isWrong ? '' : password);
      setBusy(false);
    }
  };
  return (
    <Frame title="Sign in">
      <form
        noValidate
        class="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {hasEnded && error === null && (
          <Notice tone="plain" icon="lock">
            Your session has ended. What you typed is kept on this device.
          </Notice>
        )}
        {error !== null && <Notice>{error}</Notice>}
        <TextField label="E-mail" type="email" autoComplete="username" value={email} onText={setEmail} />
        <TextField
          label="Password"
          type="password"
          autoComplete="current-password"
          value={password}
          onText={setPassword}
        />
        <Button type="submit" look="primary" size="large" isBusy={isBusy}>
          Sign in
        </Button>
        <p class="text-small text-text2">Forgot it? An admin of your team can give you a new one-time link.</p>
      </form>
    </Frame>
  );
};
