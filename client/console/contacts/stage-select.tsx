// Where a contact stands, and moving them: shown at once, taken back where the server refuses.
import { useEffect, useState } from 'preact/hooks';
import type { ContactView } from '../../../shared/console-api.ts';
import { call, messageOf } from '../api.ts';
import { Button } from '../ui/button.tsx';
import { Bone, toast } from '../ui/feedback.tsx';
import { BareSelect } from '../ui/field.tsx';
import { placeOf, stageChoices, usePipelines, usePipelinesRetry } from './pipelines.ts';

export const StageSelect = ({
  contact,
  onMoved,
}: {
  contact: ContactView;
  onMoved: (contact: ContactView) => void;
}) => {
  const pipelines = usePipelines();
  const [wanted, setWanted] = useState<string | null>(null);
  useEffect(() => setWanted(null), [contact.id, contact.stageId]);
  const retry = usePipelinesRetry();
  if (retry !== null) {
    return (
      <div class="flex items-center justify-between gap-2">
        <p class="min-w-0 text-small text-text2">The stages could not be loaded.</p>
        <Button size="small" icon="refresh" onClick={retry}>
          Try again
        </Button>
      </div>
    );
  }
  if (pipelines === null) return <Bone class="h-9" />;
  const place = placeOf(pipelines, contact.stageId);
  const move = (stageId: string): void => {
    setWanted(stageId);
    call('PATCH /contacts/:id', { params: { id: contact.id }, body: { stageId } }).then(
      (answer) => {
        setWanted(null);
        onMoved(answer.contact);
        const to = placeOf(pipelines, answer.contact.stageId);
        if (to !== null) toast(`Moved to ${to.stage.name}`);
      },
      (error: unknown) => {
        setWanted(null);
        toast(messageOf(error), { tone: 'danger' });
      },
    );
  };
  const options = stageChoices(pipelines);
  return (
    <BareSelect
      label="Stage"
      value={wanted ?? place?.stage.id ?? ''}
      options={place === null && wanted === null ? [{ value: '', text: 'No stage yet' }, ...options] : options}
      disabled={wanted !== null}
      onChoose={(stageId) => {
        if (stageId !== '') move(stageId);
      }}
    />
  );
};
