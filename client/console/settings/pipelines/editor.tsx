// One pipeline: its name, its stages, whether it is the default, its ids, its end.
import { useState } from 'preact/hooks';
import type { PipelineView } from '../../../../shared/console-api.ts';
import { call, messageOf } from '../../api.ts';
import { navigate } from '../../router.ts';
import { Button } from '../../ui/button.tsx';
import { CopyLines, CopyText } from '../../ui/copy.tsx';
import { Empty, Notice, toast } from '../../ui/feedback.tsx';
import { TextField } from '../../ui/field.tsx';
import { Confirm } from '../../ui/form-dialog.tsx';
import { forgetPipelines } from '../../contacts/pipelines.ts';
import { useEditing } from '../form.ts';
import { Await, Card, Page, SaveBar, TitleUnder } from '../layout.tsx';
import { keepUnsaved } from '../unsaved.ts';
import { useLoaded } from '../use-loaded.ts';
import { StageList } from './stage-list.tsx';
import type { Draft } from './stage-list.tsx';

interface Fields {
  name: string;
  stages: Draft[];
}

const Default = ({
  pipeline,
  isDisabled,
  onStored,
}: {
  pipeline: PipelineView;
  isDisabled: boolean;
  onStored: (pipeline: PipelineView) => void;
}) => {
  const [isBusy, setBusy] = useState(false);
  const make = async (): Promise<void> => {
    setBusy(true);
    try {
      onStored(
        (await call('PATCH /pipelines/:id', { params: { id: pipeline.id }, body: { isDefault: true } })).pipeline,
      );
      toast('New contacts go here now');
    } catch (error) {
      toast(messageOf(error), { tone: 'danger' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title="Default">
      {pipeline.isDefault ? (
        <p class="text-text2">
          Contacts of widgets that name no pipeline go here. To change that, make another pipeline the default.
        </p>
      ) : (
        <>
          <p class="text-text2">Only widgets that name this pipeline place their contacts here.</p>
          <Button class="self-start" isBusy={isBusy} disabled={isDisabled} onClick={() => void make()}>
            Make it the default
          </Button>
        </>
      )}
    </Card>
  );
};

const Removal = ({ pipeline }: { pipeline: PipelineView }) => {
  const [isAsking, setAsking] = useState(false);
  return (
    <Card title="Delete this pipeline" lead="Possible once no widget names it and no contact is in it.">
      {pipeline.isDefault ? (
        <Notice tone="plain" icon="lock">
          The default pipeline cannot be deleted. Make another one the default first.
        </Notice>
      ) : (
        <Button look="danger" icon="trash" class="self-start" onClick={() => setAsking(true)}>
          Delete pipeline
        </Button>
      )}
      {isAsking && (
        <Confirm
          title={`Delete ${pipeline.name}?`}
          submit="Delete pipeline"
          run={async () => {
            await call('DELETE /pipelines/:id', { params: { id: pipeline.id } });
            keepUnsaved(`pipeline ${pipeline.id}`, {});
            forgetPipelines();
            setAsking(false);
            navigate({ name: 'settings', page: 'pipelines', id: null }, 'replace');
            toast('The pipeline is deleted');
          }}
          onClose={() => setAsking(false)}
        >
          <p>Its stages go with it. This cannot be undone.</p>
        </Confirm>
      )}
    </Card>
  );
};

const Editor = ({ pipeline, onStored }: { pipeline: PipelineView; onStored: (pipeline: PipelineView) => void }) => {
  const stored: Fields = {
    name: pipeline.name,
    stages: pipeline.stages.map(({ id, key, name }) => ({ ref: id, id, key, name })),
  };
  const { form, bar } = useEditing<Fields>(`pipeline ${pipeline.id}`, stored, async ({ name, stages }) => {
    const body = {
      ...(name === undefined ? {} : { name: name.trim() }),
      ...(stages === undefined
        ? {}
        : {
            stages: stages
              .filter((stage) => stage.id !== undefined || stage.name.trim() !== '')
              .map(({ id, key, name: text }) => ({ ...(id === undefined ? {} : { id }), key, name: text.trim() })),
          }),
    };
    const answer = await call('PATCH /pipelines/:id', { params: { id: pipeline.id }, body });
    // What was new has an id now: the draft of it would be saved a second time.
    keepUnsaved(`pipeline ${pipeline.id}`, {});
    forgetPipelines();
    onStored(answer.pipeline);
    toast('Saved');
  });
  return (
    <>
      <Card title="Name and stages" lead="The first stage is where contacts begin, unless a widget says otherwise.">
        <TextField label="Name" maxLength={100} {...form.text('name')} />
        <fieldset class="flex flex-col gap-2" disabled={form.isDisabled}>
          <legend class="pb-2 text-small font-semibold">Stages</legend>
          <StageList
            stages={form.value.stages}
            isDisabled={form.isDisabled}
            problem={(at, name) => form.problem(`stages[${at}].${name}`) ?? form.problem(`stages.${at}.${name}`)}
            onChange={(stages) => form.set({ stages })}
          />
          {form.problem('stages') !== undefined && <p class="text-small text-danger">{form.problem('stages')}</p>}
        </fieldset>
      </Card>
      <SaveBar {...bar} />
      <Default pipeline={pipeline} isDisabled={form.isDisabled} onStored={onStored} />
      <Card
        title="Ids"
        lead="What programs call the pipeline and its stages over REST. A stage can be named by its key too."
      >
        <CopyLines
          lines={[
            ['Pipeline', pipeline.hexId],
            ['Pipeline, UUID', pipeline.uuid],
          ]}
        />
        <table class="w-full table-fixed border-t border-line text-start">
          <thead>
            <tr class="text-small text-text2 *:pt-3 *:pb-1 *:text-start *:font-normal">
              <th scope="col">Stage</th>
              <th scope="col">Key</th>
              <th scope="col">24-hex id</th>
            </tr>
          </thead>
          <tbody>
            {pipeline.stages.map((stage) => (
              <tr key={stage.id}>
                <th scope="row" class="truncate pe-2 text-start text-small font-semibold" title={stage.name} dir="auto">
                  {stage.name}
                </th>
                <td>
                  <CopyText label={`key of ${stage.name}`} text={stage.key} />
                </td>
                <td>
                  <CopyText label={`id of ${stage.name}`} text={stage.hexId} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Card>
      {!form.isDisabled && <Removal pipeline={pipeline} />}
    </>
  );
};

export const PipelineEditor = ({ id }: { id: string }) => {
  const pipelines = useLoaded('pipelines', async () => (await call('GET /pipelines')).pipelines);
  const found = pipelines.status === 'good' ? pipelines.value.find((each) => each.id === id) : undefined;
  return (
    <Page
      title={
        <TitleUnder all="All pipelines" to={{ name: 'settings', page: 'pipelines', id: null }}>
          {found?.name ?? 'Pipeline'}
        </TitleUnder>
      }
    >
      <Await of={pipelines}>
        {(list, set) =>
          found === undefined ? (
            <Empty icon="columns" title="There is no such pipeline">
              It was deleted, or never was.
            </Empty>
          ) : (
            <Editor
              pipeline={found}
              onStored={(next) =>
                set(
                  list.map((each) =>
                    each.id === next.id ? next : next.isDefault ? { ...each, isDefault: false } : each,
                  ),
                )
              }
            />
          )
        }
      </Await>
    </Page>
  );
};
