// A person is typing. Never shown for the AI, whose dots stand where its words will.
import { fill } from '../i18n/words.ts';
import type { PanelModel } from '../model.ts';
import { tracked } from '../signals.ts';
import { firstName } from '../situation.ts';
import { Avatar } from './avatar.tsx';

export const TypingDots = tracked(({ model }: { model: PanelModel }) => {
  const agent = model.typing.value[0];
  if (agent === undefined) return null;
  const name = firstName(agent.name) || model.words.value.team;
  return (
    <div class="msg agent first thinking-person">
      <div class="who">
        <Avatar kind="agent" name={agent.name} />
        <b dir="auto">{name}</b>
      </div>
      <div class="bubble">
        <span class="dots" role="img" aria-label={fill(model.words.value.typing, { name })}>
          <i />
          <i />
          <i />
        </span>
      </div>
    </div>
  );
});
