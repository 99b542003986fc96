// All widgets, and a new one.
import { useState } from 'preact/hooks';
import type { WidgetView } from '../../../shared/console-api.ts';
import { call, messageOf } from '../api.ts';
import { plural } from '../format.ts';
import { hrefOf, navigate } from '../router.ts';
import { Button } from '../ui/button.tsx';
import { Chip } from '../ui/chip.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Empty, Notice } from '../ui/feedback.tsx';
import { TextField } from '../ui/field.tsx';
import { Icon } from '../ui/icons.tsx';
import { Await, Page, mayChange } from './layout.tsx';
import { useLoaded } from './use-loaded.ts';

const NewWidget = ({ onClose }: { onClose: () => void }) => {
  const [name, setName] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const create = async (): Promise<void> => {
    setBusy(true);
    try {
      const { widget } = await call('POST /widgets', { body: { name: name.trim() } });
      onClose();
      navigate({ name: 'settings', page: 'widgets', id: widget.id });
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
    }
  };
  return (
    <Dialog title="New widget" onClose={onClose}>
      <form
        class="flex flex-col gap-4 px-5 pb-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== '' && !isBusy) void create();
        }}
      >
        {error !== null && <Notice>{error}</Notice>}
        <TextField
          label="Name"
          hint="For your team only, such as the site it stands on."
          value={name}
          onText={setName}
          maxLength={100}
        />
        <Button type="submit" look="primary" class="self-end" isBusy={isBusy} disabled={name.trim() === ''}>
          Create widget
        </Button>
      </form>
    </Dialog>
  );
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
      <span class="min-w-0 grow">
        <span class="block truncate font-semibold">{widget.name}</span>
        <span class="block truncate text-small text-text2">
          {widget.allowedDomains.length === 0
            ? 'Every domain'
            : widget.allowedDomains.length === 1
              ? widget.allowedDomains[0]
              : plural(widget.allowedDomains.length, 'domain')}
        </span>
      </span>
      <span class="max-sm:hidden">
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
