// All widgets, and a new one.
import { useState } from 'preact/hooks';
import type { WidgetView } from '../../../shared/console-api.ts';
import { call, problemOf } from '../api.ts';
import { plural } from '../format.ts';
import { hrefOf, navigate } from '../router.ts';
import { Button } from '../ui/button.tsx';
import { Chip } from '../ui/chip.tsx';
import { Empty } from '../ui/feedback.tsx';
import { TextField } from '../ui/field.tsx';
import { FormDialog } from '../ui/form-dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { Await, Page, mayChange } from './layout.tsx';
import { useLoaded } from './use-loaded.ts';
import { widgetTypes } from './widget/types.ts';

const NewWidget = ({ onClose }: { onClose: () => void }) => {
  const [name, setName] = useState('');
  return (
    <FormDialog
      title="New widget"
      submit="Create widget"
      isReady={name.trim() !== ''}
      fields={['name']}
      run={async () => {
        const { widget } = await call('POST /widgets', { body: { name: name.trim() } });
        onClose();
        navigate({ name: 'settings', page: 'widgets', id: widget.id });
      }}
      onClose={onClose}
    >
      {(error) => (
        <TextField
          label="Name"
          hint="For your team only, such as the site it stands on."
          value={name}
          onText={setName}
          maxLength={100}
          error={problemOf(error, 'name')}
        />
      )}
    </FormDialog>
  );
};

const whereOf = ({ type, allowedDomains }: WidgetView): string => {
  if (widgetTypes[type].bridge !== null) return `Through ${widgetTypes[type].bridge}`;
  const [first, ...others] = allowedDomains;
  if (first === undefined) return 'Every domain';
  return others.length === 0 ? first : `${first} and ${plural(others.length, 'more', 'more')}`;
};

const Entry = ({ widget }: { widget: WidgetView }) => (
  <li>
    <a
      href={hrefOf({ name: 'settings', page: 'widgets', id: widget.id })}
      class="flex items-center gap-4 rounded-card border border-line bg-surface px-5 py-4 hover:bg-hover max-sm:px-4"
    >
      <span class="inline-flex size-10 shrink-0 items-center justify-center rounded-full bg-quiet-soft text-quiet">
        <Icon name="chat" size={20} />
      </span>
      <span class="flex min-w-0 grow items-center gap-4 max-sm:flex-col max-sm:items-start max-sm:gap-1">
        <span class="w-full min-w-0 grow">
          <span class="flex items-baseline gap-2">
            <span class="min-w-0 truncate font-semibold" dir="auto">
              {widget.name}
            </span>
            {widget.type !== 'chat' && (
              <span class="shrink-0 text-small text-text2">{widgetTypes[widget.type].text}</span>
            )}
          </span>
          <span class="block truncate text-small text-text2">
            {whereOf(widget)}
            {widget.description.trim() !== '' && <span> · {widget.description}</span>}
          </span>
        </span>
        {!widget.isEnabled ? (
          <Chip chip={{ tone: 'quiet', icon: 'stop', word: 'Off' }} />
        ) : widget.isAutopilot ? (
          <Chip chip={{ tone: 'answering', icon: 'spark', word: 'Autopilot' }} />
        ) : (
          <Chip chip={{ tone: 'drafted', icon: 'pencil', word: 'Approval' }} />
        )}
      </span>
      <Icon name="chevron-right" class="text-text2 rtl:rotate-180" />
    </a>
  </li>
);

export const WidgetsPage = () => {
  const widgets = useLoaded('widgets', async () => (await call('GET /widgets')).widgets);
  const [isCreating, setCreating] = useState(false);
  return (
    <Page
      title="Widgets"
      lead="The chat on your sites: one widget for each look, text and assistant."
      action={
        mayChange() && (
          <Button look="primary" icon="plus" onClick={() => setCreating(true)}>
            New widget
          </Button>
        )
      }
    >
      <Await of={widgets}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="chat" title="No widget yet">
              Create one, and put four lines on your site.
            </Empty>
          ) : (
            <ul class="flex flex-col gap-3">
              {list.map((widget) => (
                <Entry key={widget.id} widget={widget} />
              ))}
            </ul>
          )
        }
      </Await>
      {isCreating && <NewWidget onClose={() => setCreating(false)} />}
    </Page>
  );
};
