// Who answers, and the two buttons. A change of who answers crossfades.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { Words } from '../i18n/words.ts';
import type { PanelModel } from '../model.ts';
import type { Persona } from '../situation.ts';
import { Avatar } from './avatar.tsx';
import { Icon } from './icon.tsx';
import { Menu } from './menu.tsx';
import { tracked } from '../signals.ts';

const statusOf = (model: PanelModel, persona: Persona, words: Words): string => {
  const waiting = model.state.value?.control.waiting;
  if (persona.kind === 'agent') return words.statusPerson;
  if (model.availability.value === 'away') return words.statusAway;
  if (waiting === 'handoff' || waiting === 'failed') return words.statusWaiting;
  const { isAutopilot, texts } = model.widget.value;
  // The owner's line is about whoever answers here as a rule ("Answers at once"): not about people where that is the AI.
  if (persona.kind === 'team' && isAutopilot) return words.statusTeam;
  return texts.status || (persona.kind === 'ai' ? words.statusAi : words.statusTeam);
};

/** Shows the newest children over the ones before, which fade and go. */
const Crossfade = ({ id, children }: { id: string; children: ComponentChildren }) => {
  const [gone, setGone] = useState<{ id: string; children: ComponentChildren } | null>(null);
  const last = useRef({ id, children });
  useEffect(() => {
    if (last.current.id !== id) setGone(last.current);
    last.current = { id, children };
  });
  useEffect(() => {
    if (gone === null) return;
    const timer = setTimeout(() => setGone(null), 180);
    return () => clearTimeout(timer);
  }, [gone]);
  return (
    <div class="persona">
      {gone && gone.id !== id && (
        <div class="out" aria-hidden="true" key={`out-${gone.id}`}>
          {gone.children}
        </div>
      )}
      <div key={id}>{children}</div>
    </div>
  );
};

const Names = ({
  persona,
  title,
  status,
  isLive,
}: {
  persona: Persona;
  title: string;
  status: string;
  isLive: boolean;
}) => (
  <>
    <Avatar kind={persona.kind} name={persona.fullName ?? persona.name} url={persona.avatarUrl} />
    <span class="names">
      {/* The one that fades out must not be a second heading. */}
      {isLive ? (
        <h2 tabIndex={-1} dir="auto">
          {title}
        </h2>
      ) : null}
      <p class="status" dir="auto">
        {status}
      </p>
    </span>
  </>
);

export const Header = tracked(({ model, onClose }: { model: PanelModel; onClose: () => void }) => {
  const words = model.words.value;
  const persona = model.persona.value;
  const isShut = model.isShut.value;
  const title = persona.name || model.widget.value.texts.title || words.title;
  return (
    <div class="header">
      <Crossfade id={`${persona.kind}-${persona.name}`}>
        <Names persona={persona} title={title} status={isShut ? '' : statusOf(model, persona, words)} isLive />
      </Crossfade>
      {!isShut && <Menu model={model} />}
      {!model.inline && (
        <button type="button" class="icon" aria-label={words.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
});
