// Five stars and a word, in a chunk of its own.
import { useState } from 'preact/hooks';
import { Icon } from '../components/icon.tsx';
import { fill } from '../i18n/words.ts';
import type { PanelModel } from '../model.ts';
import css from '../styles/csat.css?inline';
import form from '../styles/form.css?inline';
import { tracked } from '../signals.ts';

export const Csat = tracked(({ model }: { model: PanelModel }) => {
  model.adopt(form);
  model.adopt(css);
  const words = model.words.value;
  const [rating, setRating] = useState(0);
  const [comment, setComment] = useState('');
  const [state, setState] = useState<'open' | 'busy' | 'failed'>('open');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (rating === 0) return;
    setState('busy');
    const said = comment.trim();
    const answer = await model.client.perform('csat:submit', { rating, ...(said === '' ? {} : { comment: said }) });
    setState(answer.ok ? 'open' : 'failed');
    if (answer.ok) model.emit('csat', { rating });
  };
  return (
    <form class="card csat" onSubmit={(event) => void submit(event)}>
      <fieldset class="stars">
        <legend>{words.rate}</legend>
        {[1, 2, 3, 4, 5].map((value) => (
          <label key={value} class={value <= rating ? 'on' : ''}>
            <input
              type="radio"
              name="rating"
              value={value}
              checked={rating === value}
              aria-label={fill(words.rateOf, { count: value })}
              onChange={() => setRating(value)}
            />
            <Icon name="star" />
          </label>
        ))}
      </fieldset>
      {rating > 0 && (
        <>
          <label>
            {words.rateComment}
            <textarea
              rows={2}
              maxLength={1000}
              dir="auto"
              value={comment}
              onInput={(event) => setComment(event.currentTarget.value)}
            />
          </label>
          {state === 'failed' && (
            <p class="error" role="alert">
              {words.formFailed}
            </p>
          )}
          <div class="row">
            <button type="submit" class="button" disabled={state === 'busy'}>
              {words.rateSend}
            </button>
          </div>
        </>
      )}
    </form>
  );
});
