// What comes with a message: where it is from, what to do next, files.
import type { Action, FactOf, Source } from '../../../../shared/facts.ts';
import type { Words } from '../i18n/words.ts';
import { safeHref } from '../href.ts';
import type { PanelModel } from '../model.ts';
import { Icon } from './icon.tsx';

const SHOWN_SOURCES = 3;
const rel = 'noopener noreferrer nofollow';

export const Sources = ({ sources, words }: { sources: Source[]; words: Words }) => (
  <div class="sources" role="group" aria-label={words.sources}>
    {sources.slice(0, SHOWN_SOURCES).map(({ title, url }, index) => {
      const href = url === undefined ? null : safeHref(url);
      return href === null ? (
        <span class="chip" key={index} title={title}>
          <Icon name="page" />
          <span dir="auto">{title}</span>
        </span>
      ) : (
        <a class="chip" key={index} href={href} target="_blank" rel={rel} title={title}>
          <Icon name="link" />
          <span dir="auto">{title}</span>
          <span class="sr">({words.opensNewTab})</span>
        </a>
      );
    })}
  </div>
);

/** An action's address: also one relative to the host page, but never a script. */
const actionHref = (url: string): string | null => {
  try {
    return safeHref(new URL(url, document.baseURI).href);
  } catch {
    return null;
  }
};

interface ActionProps {
  actions: Pick<Action, 'label' | 'action' | 'url'>[];
  /** The message that offers them; dismissing hides them for it. */
  of: string;
  model: PanelModel;
}

export const Actions = ({ actions, of, model }: ActionProps) => {
  if (model.dismissedActions.value === of || model.replyId.value !== null) return null;
  const run = (action: Action['action'], label: string): void => {
    switch (action) {
      case 'message':
        return model.send(label);
      case 'handoff':
        return model.askForPerson();
      case 'dismiss':
        model.dismissedActions.value = of;
        return;
      case 'link':
    }
  };
  return (
    <div class="chips do">
      {actions.map(({ label, action, url }, index) => {
        if (action !== 'link')
          return (
            <button type="button" class="chip" key={index} onClick={() => run(action, label)}>
              {action === 'handoff' && <Icon name="person" />}
              <span dir="auto">{label}</span>
            </button>
          );
        const href = actionHref(url ?? '');
        if (href === null) return null;
        const isHere = new URL(href).origin === location.origin;
        return (
          <a class="chip" key={index} href={href} target={isHere ? '_self' : '_blank'} rel={rel}>
            <Icon name="link" />
            <span dir="auto">{label}</span>
          </a>
        );
      })}
    </div>
  );
};

type FileList = NonNullable<FactOf<'message.created'>['files']>;

export const Files = ({ files }: { files: FileList }) => (
  <div class="chips">
    {files.map(({ id, name, url }) => {
      const href = safeHref(url);
      if (href === null) return null;
      return (
        <a class="chip" key={id} href={href} target="_blank" rel={rel} download={name}>
          <Icon name="page" />
          <span dir="auto">{name}</span>
        </a>
      );
    })}
  </div>
);
