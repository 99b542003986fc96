// The card that asks how to reach the visitor; it can always be waved away.
import { useState } from 'preact/hooks';
import type { FormFields } from '../situation.ts';
import type { PanelModel } from '../model.ts';
import css from '../styles/form.css?inline';
import { tracked } from '../signals.ts';

/** A typing mistake is worth a word; whether the address exists is the server's business. */
const looksLikeEmail = (value: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/.test(value);

export const ContactForm = tracked(({ fields, model }: { fields: FormFields; model: PanelModel }) => {
  model.adopt(css);
  const words = model.words.value;
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [problem, setProblem] = useState<'email' | 'failed' | null>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const given = {
      ...(fields.name && name.trim() !== '' ? { name: name.trim() } : {}),
      ...(fields.email && email.trim() !== '' ? { email: email.trim() } : {}),
    };
    if (fields.email && !looksLikeEmail(email.trim())) {
      setProblem('email');
      (event.currentTarget as HTMLFormElement).querySelector<HTMLElement>('[type=email]')?.focus();
      return;
    }
    if (Object.keys(given).length === 0) return model.dismissForm();
    setProblem(null);
    setBusy(true);
    const answer = await model.client.perform('lead:submit', given);
    setBusy(false);
    if (answer.ok) model.emit('lead', given);
    else setProblem('failed');
  };

  return (
    <form class="card" noValidate onSubmit={(event) => void submit(event)} aria-label={words.formTitle}>
      <h3>{fields.reason === 'before' ? words.formBefore : words.formTitle}</h3>
      {fields.name && (
        <label>
          {words.name}
          <input
            name="name"
            autocomplete="name"
            maxLength={100}
            dir="auto"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
      )}
      {fields.email && (
        <label>
          {words.email}
          <input
            name="email"
            type="email"
            inputMode="email"
            autocomplete="email"
            maxLength={254}
            dir="ltr"
            value={email}
            aria-invalid={problem === 'email'}
            aria-describedby={problem === 'email' ? 'tw-email' : undefined}
            onInput={(event) => setEmail(event.currentTarget.value)}
          />
        </label>
      )}
      {problem !== null && (
        <p class="error" id="tw-email" role="alert">
          {problem === 'email' ? words.emailWrong : words.formFailed}
        </p>
      )}
      <div class="row">
        <button type="submit" class="button" disabled={isBusy}>
          {words.submit}
        </button>
        <button type="button" class="button plain" onClick={() => model.dismissForm()}>
          {words.notNow}
        </button>
      </div>
    </form>
  );
});
