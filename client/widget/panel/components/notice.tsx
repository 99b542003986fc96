// One quiet line that says what is being waited for, where no dots may pretend that somebody writes.
import type { PanelModel } from '../model.ts';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';
import { lastMessage } from '../situation.ts';
import { tracked } from '../signals.ts';

export const NoticeLine = tracked(({ model }: { model: PanelModel }) => {
  const words = model.words.value;
  const notice = model.notice.value;
  const hasApology =
    lastMessage(model.facts.value, ({ author }) => author.kind !== 'visitor')?.author.kind === 'system';
  // The greeting of an empty conversation says it already.
  if (notice === null || (notice === 'away' && model.isEmpty.value)) return null;
  const [icon, text]: [IconName, string] = {
    person: ['clock', words.waitingPerson] as [IconName, string],
    approval: ['shield', words.waitingApproval] as [IconName, string],
    // Where the server has apologised in the conversation, once is enough.
    failed: (hasApology ? ['clock', words.waitingPerson] : ['alert', words.waitingFailed]) as [IconName, string],
    away: ['clock', model.widget.value.texts.offline || words.offline] as [IconName, string],
  }[notice];
  return (
    <p class="notice">
      <Icon name={icon} />
      <span dir="auto">{text}</span>
    </p>
  );
});
