// All pipelines, and a new one.
import { useState } from 'preact/hooks';
import type { PipelineView } from '../../../../shared/console-api.ts';
import { call, problemOf } from '../../api.ts';
import { forgetPipelines } from '../../contacts/pipelines.ts';
import { plural } from '../../format.ts';
import { hrefOf, navigate } from '../../router.ts';
import { Button } from '../../ui/button.tsx';
import { Empty } from '../../ui/feedback.tsx';
import { TextField } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { Icon } from '../../ui/icons.tsx';
import { Await, Page, mayChange } from '../layout.tsx';
import { useLoaded } from '../use-loaded.ts';

const firstStages = [
  { key: 'new', name: 'New' },
  { key: 'in-talks', name: 'In talks' },
  { key: 'won', name: 'Won' },
  { key: 'lost', name: 'Lost' },
];

const NewPipeline = ({ onClose }: { onClose: () => void }) => {
  const [name, setName] = useState('');
  return (
    <FormDialog
      title="New pipeline"
      submit="Create pipeline"
      isReady={name.trim() !== ''}
      fields={['name']}
      run={async () => {
        const { pipeline } = await call('POST /pipelines', { body: { name: name.trim(), stages: firstStages } });
        forgetPipelines();
        onClose();
        navigate({ name: 'settings', page: 'pipelines', id: pipeline.id });
      }}
      onClose={onClose}
    >
      {(error) => (
        <TextField
          label="Name"
          hint="It begins with four stages: New, In talks, Won and Lost. Change them as you like."
          placeholder="Sales"
          value={name}
          maxLength={100}
          error={problemOf(error, 'name')}
          onText={setName}
        />
      )}
    </FormDialog>
  );
};

const Entry = ({ pipeline }: { pipeline: PipelineView }) => (
  <li>
    <a
      href={hrefOf({ name: 'settings', page: 'pipelines', id: pipeline.id })}
      class="flex items-center gap-4 rounded-card border border-line bg-surface px-5 py-4 hover:bg-hover max-sm:px-4"
    >
      <div class="min-w-0 grow">
        <p class="flex items-center gap-2">
          <span class="min-w-0 truncate font-semibold" dir="auto">
            {pipeline.name}
          </span>
          {pipeline.isDefault && (
            <span class="inline-flex h-5 shrink-0 items-center rounded-control bg-quiet-soft px-1.5 text-meta font-semibold text-quiet">
              Default
            </span>
          )}
        </p>
        <p class="mt-0.5 truncate text-small text-text2">
          {plural(pipeline.stages.length, 'stage')}: {pipeline.stages.map(({ name }) => name).join(' → ')}
        </p>
      </div>
      <Icon name="chevron-right" class="text-text2 rtl:rotate-180" />
    </a>
  </li>
);

export const PipelinesPage = () => {
  const pipelines = useLoaded('pipelines', async () => (await call('GET /pipelines')).pipelines);
  const [isCreating, setCreating] = useState(false);
  return (
    <Page
      title="Pipelines"
      lead="The stages that a contact goes through, from the first message to whatever you call success."
      action={
        mayChange() && (
          <Button look="primary" icon="plus" onClick={() => setCreating(true)}>
            New pipeline
          </Button>
        )
      }
    >
      <Await of={pipelines}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="columns" title="No pipeline yet">
              Make one, and every new contact has a place.
            </Empty>
          ) : (
            <ul class="flex flex-col gap-3">
              {list.map((pipeline) => (
                <Entry key={pipeline.id} pipeline={pipeline} />
              ))}
            </ul>
          )
        }
      </Await>
      {isCreating && <NewPipeline onClose={() => setCreating(false)} />}
    </Page>
  );
};
