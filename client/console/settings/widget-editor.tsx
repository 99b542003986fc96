// One widget: its fields, how it would look at this moment, and the code that embeds it.
import { useEffect, useState } from 'preact/hooks';
import type { AssistantView, ConsoleOutput } from '../../../shared/console-api.ts';
import type { PublicWidget, WidgetSettings } from '../../../shared/widget.ts';
import { call, messageOf, problemOf } from '../api.ts';
import { hrefOf } from '../router.ts';
import { toast } from '../ui/feedback.tsx';
import { Icon } from '../ui/icons.tsx';
import { CodeBlock } from './embed-code.tsx';
import { Await, Card, Page, SaveBar, mayChange } from './layout.tsx';
import { PreviewFrame } from './preview-frame.tsx';
import { changed, keepUnsaved, unsavedOf } from './unsaved.ts';
import { useLoaded } from './use-loaded.ts';
import { WidgetForm } from './widget-form.tsx';

type Stored = ConsoleOutput<'GET /widgets/:id'>;

/** Empty entries are what somebody has not filled in yet. */
const tidy = (changes: Partial<WidgetSettings>): Partial<WidgetSettings> => {
  const next = { ...changes };
  if (next.openingMessages) next.openingMessages = next.openingMessages.filter((text) => text.trim() !== '');
  if (next.allowedDomains)
    next.allowedDomains = next.allowedDomains.map((text) => text.trim()).filter((text) => text !== '');
  if (next.actionButtons) next.actionButtons = next.actionButtons.filter((button) => button.label.trim() !== '');
  return next;
};

/** How the widget would look, asked for a moment after the last change. */
const usePreview = (id: string, stored: PublicWidget, changes: Partial<WidgetSettings>): PublicWidget => {
  const [preview, setPreview] = useState(stored);
  const key = JSON.stringify(tidy(changes));
  useEffect(() => {
    if (key === '{}') {
      setPreview(stored);
      return;
    }
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const body = JSON.parse(key) as Partial<WidgetSettings>;
      call('POST /widgets/:id/preview', { params: { id }, body, signal: controller.signal }).then(
        (answer) => setPreview(answer.preview),
        // Half-typed values are refused now and then: the last good preview stays.
        () => undefined,
      );
    }, 250);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [id, stored, key]);
  return preview;
};

const Editor = ({
  stored,
  assistants,
  onStored,
}: {
  stored: Stored;
  assistants: AssistantView[];
  onStored: (stored: Stored) => void;
}) => {
  const { widget, embed } = stored;
  const key = `widget ${widget.id}`;
  const changes = unsavedOf<WidgetSettings>(key);
  const value: WidgetSettings = { ...widget, ...changes };
  const preview = usePreview(widget.id, stored.preview, changes);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const answer = await call('PATCH /widgets/:id', { params: { id: widget.id }, body: tidy(changes) });
      keepUnsaved(key, {});
      onStored({ ...stored, ...answer });
      toast('Saved. Visitors see it from their next page on.');
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_384px]">
      <div class="flex min-w-0 flex-col gap-6">
        <WidgetForm
          value={value}
          assistants={assistants}
          preview={preview}
          isDisabled={!mayChange()}
          problem={(path) => problemOf(error, path)}
          onChange={(more) => keepUnsaved(key, changed(widget as WidgetSettings, changes, more))}
        />
        <Card title="Put it on your site" lead="Paste this before the end of the page’s body.">
          <CodeBlock label="Embed code" text={embed.short} />
          <CodeBlock label="Long form, with a queue for early calls" text={embed.snippet} />
        </Card>
        <SaveBar
          isDirty={Object.keys(changes).length > 0}
          isBusy={isBusy}
          error={error === null ? null : messageOf(error)}
          onSave={() => void save()}
          onDiscard={() => {
            keepUnsaved(key, {});
            setError(null);
          }}
        />
      </div>
      <aside aria-label="Preview" class="flex flex-col gap-2 lg:sticky lg:top-8">
        <p class="flex items-center gap-2 text-small font-semibold text-text2">
          <Icon name="eye" /> Preview
          {!value.isEnabled && <span class="font-normal">(the widget is off)</span>}
        </p>
        <PreviewFrame title="Preview of the widget" widgetKey={widget.widgetKey} widget={preview} />
      </aside>
    </div>
  );
};

export const WidgetEditor = ({ id }: { id: string }) => {
  const loaded = useLoaded(`widget ${id}`, async () => {
    const [stored, { assistants }] = await Promise.all([
      call('GET /widgets/:id', { params: { id } }),
      call('GET /assistants'),
    ]);
    return { stored, assistants };
  });
  const title = loaded.status === 'good' ? loaded.value.stored.widget.name : 'Widget';
  return (
    <Page
      isWide
      title={
        <span class="flex items-center gap-2">
          <a
            href={hrefOf({ name: 'settings', page: 'widgets', id: null })}
            class="shrink-0 rounded-control text-text2 hover:text-text"
            aria-label="All widgets"
          >
            <Icon name="chevron-left" size={20} class="rtl:rotate-180" />
          </a>
          <span class="min-w-0 truncate">{title}</span>
        </span>
      }
    >
      <Await of={loaded}>
        {({ stored, assistants }, set) => (
          <Editor stored={stored} assistants={assistants} onStored={(next) => set({ stored: next, assistants })} />
        )}
      </Await>
    </Page>
  );
};
