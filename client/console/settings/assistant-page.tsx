// The assistant: how it speaks, what it knows, and a chat to try it at once.
import { useState } from 'preact/hooks';
import type { AssistantView, WidgetView } from '../../../shared/console-api.ts';
import { call, messageOf, problemOf } from '../api.ts';
import { hrefOf } from '../router.ts';
import { signedIn } from '../session.ts';
import { Empty, toast } from '../ui/feedback.tsx';
import { TextArea, TextField } from '../ui/field.tsx';
import { Icon } from '../ui/icons.tsx';
import { Knowledge } from './knowledge.tsx';
import { Await, Card, Page, SaveBar, mayChange } from './layout.tsx';
import { PreviewFrame } from './preview-frame.tsx';
import { changed, keepUnsaved, unsavedOf } from './unsaved.ts';
import { useLoaded } from './use-loaded.ts';

const Behaviour = ({
  assistant,
  onStored,
}: {
  assistant: AssistantView;
  onStored: (assistant: AssistantView) => void;
}) => {
  const { model } = signedIn();
  const key = `assistant ${assistant.id}`;
  const changes = unsavedOf<AssistantView>(key);
  const value = { ...assistant, ...changes };
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isDisabled = !mayChange();
  const set = (more: Partial<AssistantView>): void => keepUnsaved(key, changed(assistant, changes, more));
  const save = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const answer = await call('PATCH /assistants/:id', { params: { id: assistant.id }, body: changes });
      keepUnsaved(key, {});
      onStored(answer.assistant);
      toast('Saved. The next answer follows it.');
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Card title="Behaviour">
        <TextField
          label="Name"
          hint="Visitors see it over every answer."
          value={value.name}
          maxLength={100}
          disabled={isDisabled}
          error={problemOf(error, 'name')}
          onText={(name) => set({ name })}
        />
        <TextArea
          label="Instructions"
          hint="What it should do, what it must not, when to hand over to a person."
          rows={8}
          value={value.instructions}
          maxLength={20_000}
          disabled={isDisabled}
          error={problemOf(error, 'instructions')}
          onText={(instructions) => set({ instructions })}
        />
        <TextField
          label="Tone"
          placeholder="Friendly and brief"
          value={value.tone}
          maxLength={200}
          disabled={isDisabled}
          error={problemOf(error, 'tone')}
          onText={(tone) => set({ tone })}
        />
        <TextField
          label="Model"
          hint={`Empty: the installation’s model, ${model}.`}
          placeholder={model}
          value={value.model}
          maxLength={100}
          spellcheck={false}
          disabled={isDisabled}
          error={problemOf(error, 'model')}
          onText={(text) => set({ model: text })}
        />
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
    </>
  );
};

const TestChat = ({ widget }: { widget: WidgetView | undefined }) => (
  <aside aria-label="Test chat" class="flex flex-col gap-2 lg:sticky lg:top-8">
    <p class="flex items-center gap-2 text-small font-semibold text-text2">
      <Icon name="chat" /> Test chat
    </p>
    {widget === undefined ? (
      <p class="rounded-card border border-line p-4 text-small text-text2">
        No widget that is on uses this assistant. Choose it in a widget to try it here.
      </p>
    ) : (
      <PreviewFrame title="Test chat with the assistant" widgetKey={widget.widgetKey} />
    )}
  </aside>
);

interface Data {
  assistants: AssistantView[];
  widgets: WidgetView[];
}

const Chosen = ({
  data,
  assistant,
  onStored,
}: {
  data: Data;
  assistant: AssistantView;
  onStored: (assistant: AssistantView) => void;
}) => (
  <div class="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_384px]">
    <div class="flex min-w-0 flex-col gap-6">
      {data.assistants.length > 1 && (
        <nav aria-label="Assistants" class="flex flex-wrap gap-1">
          {data.assistants.map((each) => (
            <a
              key={each.id}
              href={hrefOf({ name: 'settings', page: 'assistant', id: each.id })}
              aria-current={each.id === assistant.id ? 'page' : undefined}
              class={`inline-flex h-8 max-w-full items-center rounded-control px-3 ${
                each.id === assistant.id ? 'bg-chosen font-semibold' : 'text-text2 hover:bg-hover'
              }`}
            >
              <span class="truncate">{each.name}</span>
            </a>
          ))}
        </nav>
      )}
      <Behaviour assistant={assistant} onStored={onStored} />
      <Knowledge assistantId={assistant.id} />
    </div>
    <TestChat widget={data.widgets.find((widget) => widget.assistantId === assistant.id && widget.isEnabled)} />
  </div>
);

export const AssistantPage = ({ id }: { id: string | null }) => {
  const data = useLoaded<Data>('assistants', async () => {
    const [{ assistants }, { widgets }] = await Promise.all([call('GET /assistants'), call('GET /widgets')]);
    return { assistants, widgets };
  });
  return (
    <Page isWide title="Assistant" lead="How the AI speaks, and what it knows. Try every change in the chat beside it.">
      <Await of={data}>
        {(value, set) => {
          const assistant = value.assistants.find((each) => each.id === id) ?? value.assistants[0];
          if (assistant === undefined) return <Empty icon="spark" title="No assistant yet" />;
          return (
            <Chosen
              key={assistant.id}
              data={value}
              assistant={assistant}
              onStored={(next) =>
                set({ ...value, assistants: value.assistants.map((each) => (each.id === next.id ? next : each)) })
              }
            />
          );
        }}
      </Await>
    </Page>
  );
};
