// Where the visitor writes: one to five lines; Send, or Stop while an answer streams.
import { tracked, useSignalEffect } from '../signals.ts';
import { useRef } from 'preact/hooks';
import { fill } from '../i18n/words.ts';
import { MESSAGE_LIMIT } from '../model.ts';
import type { PanelModel } from '../model.ts';
import { Icon } from './icon.tsx';

export const Composer = tracked(({ model }: { model: PanelModel }) => {
  const input = useRef<HTMLTextAreaElement>(null);
  const words = model.words.value;
  const text = model.text.value;
  const { texts } = model.widget.value;
  const excess = text.length - MESSAGE_LIMIT;
  const isBlank = text.trim() === '';
  const isAnswering = model.replyId.value !== null;
  const placeholder = texts.placeholder || words.placeholder;

  useSignalEffect(() => {
    if (model.focus.value > 0) input.current?.focus({ preventScroll: true });
  });

  const send = (): void => {
    if (isBlank || excess > 0) return;
    model.send(text);
    model.text.value = '';
    model.client.setTyping(false);
    input.current?.focus();
  };
  const onInput = (event: { currentTarget: HTMLTextAreaElement }): void => {
    const { value } = event.currentTarget;
    model.text.value = value;
    if (model.widget.value.typingPreview) model.client.setTyping(value !== '', value.slice(0, 1000));
    else model.client.setTyping(value !== '');
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // The Enter that accepts an input method's suggestion is not one that sends (229: Safari says so only here).
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="field">
        <div class="grow">
          {/* Gives the field its height; a line break at the end needs something after it to count. */}
          <div class="mirror-text" aria-hidden="true">
            {text || placeholder}{' '}
          </div>
          <textarea
            ref={input}
            rows={1}
            dir={text === '' ? undefined : 'auto'}
            value={text}
            placeholder={placeholder}
            aria-label={placeholder}
            aria-invalid={excess > 0}
            aria-describedby={excess > 0 ? 'tw-over' : undefined}
            enterkeyhint="send"
            onInput={onInput}
            onKeyDown={onKeyDown}
            onBlur={() => model.client.setTyping(false)}
          />
        </div>
        <div class="actions">
          {isAnswering && (
            <button
              type="button"
              key="stop"
              class={`round${isBlank ? ' primary' : ''}`}
              aria-label={words.stop}
              title={words.stop}
              onClick={() => {
                model.stop();
                input.current?.focus();
              }}
            >
              <span>
                <i class="square" />
              </span>
            </button>
          )}
          {!(isAnswering && isBlank) && (
            <button
              type="submit"
              key="send"
              class={`round${isBlank || excess > 0 ? '' : ' primary'}`}
              aria-label={words.send}
              title={words.send}
              aria-disabled={isBlank || excess > 0}
            >
              <span>
                <Icon name="send" />
              </span>
            </button>
          )}
        </div>
      </div>
      {excess > 0 && (
        <p class="over" id="tw-over">
          {fill(words.tooLong, { count: excess })}
        </p>
      )}
    </form>
  );
});
