// The visitor's earlier conversations, in a chunk of its own.
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../components/icon.tsx';
import type { PanelModel } from '../model.ts';
import css from '../styles/earlier.css?inline';
import { tracked } from '../signals.ts';

export const Earlier = tracked(({ model }: { model: PanelModel }) => {
  model.adopt(css);
  const words = model.words.value;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const when = new Intl.DateTimeFormat(model.locale.value, { day: 'numeric', month: 'short', year: 'numeric' });
  return (
    <div class="earlier">
      <button type="button" class="icon" aria-label={words.back} onClick={() => void (model.view.value = 'chat')}>
        <Icon name="back" mirror />
      </button>
      <h3 tabIndex={-1} ref={heading}>
        {words.earlier}
      </h3>
      {model.earlier.value.length === 0 && <p class="nothing">{words.noEarlier}</p>}
      <ul>
        {model.earlier.value.map(({ conversationId, lastAt, preview, status }) => (
          <li key={conversationId}>
            <button type="button" onClick={() => void model.openEarlier(conversationId)}>
              <span class="preview" dir="auto">
                {preview}
              </span>
              <time dateTime={new Date(lastAt).toISOString()}>{when.format(lastAt)}</time>
              {status === 'closed' && <span class="hint">{words.closed}</span>}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
});
