// What one might do next, as chips: say something, follow a link, ask for a person.
import type { Action } from '../../../../shared/facts.ts';
import { pageHref } from '../../../../shared/href.ts';
import type { PanelModel } from '../model.ts';
import { tracked } from '../signals.ts';
import { Icon } from './icon.tsx';

const rel = 'noopener noreferrer nofollow';

interface ActionProps {
  actions: Pick<Action, 'label' | 'action' | 'url'>[];
  /** The message that offers them; dismissing hides them for it. */
  of: string;
  model: PanelModel;
}

export const Actions = tracked(({ actions, of, model }: ActionProps) => {
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
        const href = pageHref(url ?? '', location.href);
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
});
