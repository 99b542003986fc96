// The assistant: how it speaks, what it knows, and a chat to try it at once.
import { useState } from 'preact/hooks';
import type { AssistantView, WidgetView } from '../../../shared/console-api.ts';
import { limits } from '../../../shared/text.ts';
import { call, problemOf } from '../api.ts';
import { plural } from '../format.ts';
import { hrefOf, navigate } from '../router.ts';
import { signedIn } from '../session.ts';
import { AiAvatar } from '../ui/avatar.tsx';
import { Button } from '../ui/button.tsx';
import { CopyLines } from '../ui/copy.tsx';
import { Empty, toast } from '../ui/feedback.tsx';
import { TextArea, TextField } from '../ui/field.tsx';
import { FormDialog } from '../ui/form-dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { useEditing } from './form.ts';
import { Knowledge } from './knowledge.tsx';
import { Await, Card, Page, SaveBar, mayChange } from './layout.tsx';
import { PreviewFrame } from './preview-frame.tsx';
import { useLoaded } from './use-loaded.ts';

const Behaviour = ({
  assistant,
  onStored,
}: {
  assistant: AssistantView;
  onStored: (assistant: AssistantView) => void;
}) => {
  const { model } = signedIn();
  const { form, bar } = useEditing<AssistantView>(`assistant ${assistant.id}`, assistant, async (body) => {
    const answer = await call('PATCH /assistants/:id', { params: { id: assistant.id }, body });
    onStored(answer.assistant);
    toast('Saved. The next answer follows it.');
  });
  return (
    <>
      <Card title="Behaviour">
        <div class="grid grid-cols-1 gap-4 sm:grid-cols-2">
          <TextField
            label="Name"
            hint="Visitors see it over every answer."
            maxLength={limits.name}
            {...form.text('name')}
          />
          <TextField
            label="Role"
            hint="What it says it is."
            placeholder="AI assistant"
            maxLength={limits.name}
            {...form.text('role')}
          />
        </div>
        <TextArea
          label="Instructions"
          hint="What it should do, what it must not, when to hand over to a person."
          rows={8}
          maxLength={20_000}
          {...form.text('instructions')}
        />
        <TextField label="Tone" placeholder="Friendly and brief" maxLength={200} {...form.text('tone')} />
        <TextField
          label="Model"
          hint={`Empty: the installation’s model, ${model}.`}
          placeholder={model}
          maxLength={100}
          spellcheck={false}
          {...form.text('model')}
        />
      </Card>
      <SaveBar {...bar} />
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

const NewAssistant = ({ onClose, onMade }: { onClose: () => void; onMade: (assistant: AssistantView) => void }) => {
  const [name, setName] = useState('');
  const [role, setRole] = useState('AI assistant');
  return (
    <FormDialog
      title="New assistant"
      submit="Create assistant"
      isReady={name.trim() !== ''}
      fields={['name', 'role']}
      run={async () =>
        onMade((await call('POST /assistants', { body: { name: name.trim(), role: role.trim() } })).assistant)
      }
      onClose={onClose}
    >
      {(error) => (
        <>
          <TextField
            label="Name"
            hint="Visitors see it over every answer."
            value={name}
            maxLength={limits.name}
            error={problemOf(error, 'name')}
            onText={setName}
          />
          <TextField
            label="Role"
            hint="What it says it is."
            value={role}
            maxLength={limits.name}
            error={problemOf(error, 'role')}
            onText={setRole}
          />
        </>
      )}
    </FormDialog>
  );
};

/** Which of several. */
const Choice = ({ all, chosen, widgets }: { all: AssistantView[]; chosen: string; widgets: WidgetView[] }) => (
  <nav aria-label="Assistants" class="rounded-card border border-line bg-surface">
    <ul class="thin-scroll max-h-68 divide-y divide-line overflow-y-auto">
      {all.map((each) => {
        const used = widgets.filter(({ assistantId }) => assistantId === each.id).length;
        const isHere = each.id === chosen;
        return (
          <li key={each.id}>
            <a
              href={hrefOf({ name: 'settings', page: 'assistant', id: each.id })}
              aria-current={isHere ? 'page' : undefined}
              class={`focus-inset flex items-center gap-3 px-4 py-2.5 ${isHere ? 'bg-chosen' : 'hover:bg-hover'}`}
            >
              <AiAvatar />
              <span class="min-w-0 grow">
                <span class="block truncate font-semibold" dir="auto">
                  {each.name}
                </span>
                <span class="block truncate text-small text-text2">
                  {each.role.trim() || 'AI assistant'} · {plural(each.articles, 'article')} ·{' '}
                  {used === 0 ? 'no widget' : plural(used, 'widget')}
                </span>
              </span>
              {isHere && <Icon name="check" class="text-text2" />}
            </a>
          </li>
        );
      })}
    </ul>
  </nav>
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
      {data.assistants.length > 1 && <Choice all={data.assistants} chosen={assistant.id} widgets={data.widgets} />}
      <Behaviour assistant={assistant} onStored={onStored} />
      <Knowledge assistantId={assistant.id} />
      <Card title="Ids" lead="What programs call this assistant over REST: agent, assistant or prompt.">
        <CopyLines
          lines={[
            ['UUID', assistant.uuid],
            ['24-hex id', assistant.hexId],
          ]}
        />
      </Card>
    </div>
    <TestChat widget={data.widgets.find((widget) => widget.assistantId === assistant.id && widget.isEnabled)} />
  </div>
);

export const AssistantPage = ({ id }: { id: string | null }) => {
  const data = useLoaded<Data>('assistants', async () => {
    const [{ assistants }, { widgets }] = await Promise.all([call('GET /assistants'), call('GET /widgets')]);
    return { assistants, widgets };
  });
  const [isCreating, setCreating] = useState(false);
  return (
    <Page
      isWide
      title="Assistants"
      lead="How the AI speaks, and what it knows. Try every change in the chat beside it."
      action={
        mayChange() && (
          <Button look="primary" icon="plus" onClick={() => setCreating(true)}>
            New assistant
          </Button>
        )
      }
    >
      <Await of={data}>
        {(value, set) => {
          const assistant = value.assistants.find((each) => each.id === id) ?? value.assistants[0];
          return (
            <>
              {assistant === undefined ? (
                <Empty icon="spark" title="No assistant yet">
                  Make one, tell it how to speak, and give it something to know.
                </Empty>
              ) : (
                <Chosen
                  key={assistant.id}
                  data={value}
                  assistant={assistant}
                  onStored={(next) =>
                    set({ ...value, assistants: value.assistants.map((each) => (each.id === next.id ? next : each)) })
                  }
                />
              )}
              {isCreating && (
                <NewAssistant
                  onClose={() => setCreating(false)}
                  onMade={(made) => {
                    setCreating(false);
                    set({ ...value, assistants: [...value.assistants, made] });
                    navigate({ name: 'settings', page: 'assistant', id: made.id });
                  }}
                />
              )}
            </>
          );
        }}
      </Await>
    </Page>
  );
};
