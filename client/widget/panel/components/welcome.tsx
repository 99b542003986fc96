// An empty conversation: a greeting, and what one might ask.
import type { ActionButton } from '../../../../shared/widget.ts';
import type { PanelModel } from '../model.ts';
import { Actions } from './actions.tsx';
import { Avatar } from './avatar.tsx';
import { Icon } from './icon.tsx';
import { tracked } from '../signals.ts';

const MAX_CHIPS = 4;

/** Four in all; buttons keep up to two of the places. */
const offersOf = (messages: string[], buttons: ActionButton[]): { messages: string[]; buttons: ActionButton[] } => {
  const some = messages.slice(0, MAX_CHIPS - Math.min(buttons.length, 2));
  return { messages: some, buttons: buttons.slice(0, MAX_CHIPS - some.length) };
};

export const welcomeText = (model: PanelModel): string => {
  const { texts } = model.widget.value;
  if (model.availability.value === 'away') return texts.offline || model.words.value.offline;
  return texts.welcome || model.words.value.welcome;
};

export const Welcome = tracked(({ model }: { model: PanelModel }) => {
  const { openingMessages, actionButtons } = model.widget.value;
  const persona = model.persona.value;
  const offers = offersOf(openingMessages, actionButtons);
  const text = welcomeText(model);
  return (
    <div class={`hero${text.length > 160 ? ' long' : ''}`}>
      <Avatar kind={persona.kind} name={persona.name} url={persona.avatarUrl} />
      <p class="welcome" dir="auto">
        {text}
      </p>
      <div class="starters">
        {offers.messages.map((message) => (
          <button type="button" class="starter" key={message} onClick={() => model.send(message)}>
            <span dir="auto">{message}</span>
            <Icon name="next" mirror />
          </button>
        ))}
        {offers.buttons.length > 0 && <Actions actions={offers.buttons} of="welcome" model={model} />}
      </div>
    </div>
  );
});
