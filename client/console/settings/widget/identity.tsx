// Telling Tiller who a visitor is, so that nobody can pretend: the secret, and what to do with it.
import { useState } from 'preact/hooks';
import type { ConsoleOutput } from '../../../../shared/console-api.ts';
import { call, messageOf } from '../../api.ts';
import { exactTime } from '../../format.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Notice, toast } from '../../ui/feedback.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { GraceField } from '../grace.tsx';
import { Card, mayChange } from '../layout.tsx';

type Known = ConsoleOutput<'GET /widgets/:id/identity'>;

const signing = (audience: string): string => `import { SignJWT } from 'jose';

const secret = new TextEncoder().encode(process.env.TILLER_IDENTITY_SECRET);
const token = await new SignJWT({ name: user.name, email: user.email })
  .setProtectedHeader({ alg: 'HS256' })
  .setSubject(String(user.id))
  .setAudience('${audience}')
  .setExpirationTime('5m')
  .sign(secret);`;

const passing = `Tiller('identify', { token });   // PatChat('identify', …) with the long form`;

const Rotate = ({ id, onClose, onRotated }: { id: string; onClose: () => void; onRotated: (known: Known) => void }) => {
  const [graceSeconds, setGrace] = useState(86_400);
  return (
    <FormDialog
      title="Rotate the identity secret"
      submit="Rotate"
      run={async () => {
        onRotated(await call('POST /widgets/:id/identity/rotate', { params: { id }, body: { graceSeconds } }));
        toast('The new secret signs now: put it on your server');
      }}
      onClose={onClose}
    >
      {() => (
        <>
          <p>
            Put the new secret on your server. Visitors whom the old one signed are signed out when it stops, and sign
            in again with the next page.
          </p>
          <GraceField what="secret" value={graceSeconds} onChoose={setGrace} />
        </>
      )}
    </FormDialog>
  );
};

export const Identity = ({ id }: { id: string }) => {
  const [known, setKnown] = useState<Known | null>(null);
  const [isRotating, setRotating] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const reveal = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      setKnown(await call('GET /widgets/:id/identity', { params: { id } }));
    } catch (failure) {
      setError(messageOf(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card
      title="Who the visitor is"
      lead="Sign it on your server, and the inbox shows a verified name and keeps one history over all devices."
    >
      {error !== null && <Notice>{error}</Notice>}
      {known === null ? (
        <Button icon="eye" class="self-start" isBusy={isBusy} onClick={() => void reveal()}>
          Show the identity secret
        </Button>
      ) : (
        <>
          <Notice tone="warn" icon="lock">
            Keep it on your server. Whoever has it can pose as any of your customers.
          </Notice>
          <CodeBlock label="Identity secret" text={known.secret} isWrapped />
          {known.oldUntil !== undefined && (
            <p class="text-small text-text2">The old secret signs until {exactTime(known.oldUntil)}.</p>
          )}
          {mayChange() && (
            <Button icon="refresh" class="self-start" onClick={() => setRotating(true)}>
              Rotate the secret
            </Button>
          )}
          <CodeBlock label="1. Sign on your server, for whoever is signed in" text={signing(known.audience)} />
          <CodeBlock label="2. Pass the token on in the page" text={passing} />
          <p class="text-small text-text2">
            A JWT, HS256, with <code class="font-mono">sub</code> (your own id of the person),{' '}
            <code class="font-mono">aud</code> (the widget key) and <code class="font-mono">exp</code> (a day at most;
            five minutes is plenty).
          </p>
        </>
      )}
      {isRotating && (
        <Rotate
          id={id}
          onClose={() => setRotating(false)}
          onRotated={(next) => {
            setRotating(false);
            setKnown(next);
          }}
        />
      )}
    </Card>
  );
};
