// The organisation: what it is called, what it does, what its AI may spend.
import type { OrganisationView } from '../../../shared/console-api.ts';
import { call } from '../api.ts';
import { setOrganisation } from '../session.ts';
import { CopyLines } from '../ui/copy.tsx';
import { toast } from '../ui/feedback.tsx';
import { TextField } from '../ui/field.tsx';
import { NumberField } from '../ui/number-field.tsx';
import { useEditing } from './form.ts';
import { Await, Card, Page, SaveBar } from './layout.tsx';
import { useLoaded } from './use-loaded.ts';

/** As a form holds it: no limit is an empty field. */
type Fields = Omit<OrganisationView, 'dailyAnswers'> & { dailyAnswers: number | undefined };

const Editor = ({
  stored,
  onStored,
}: {
  stored: OrganisationView;
  onStored: (organisation: OrganisationView) => void;
}) => {
  const fields: Fields = { ...stored, dailyAnswers: stored.dailyAnswers ?? undefined };
  const { form, bar } = useEditing<Fields>('organisation', fields, async ({ name, businessType, ...rest }) => {
    const { organisation } = await call('PATCH /organisation', {
      body: {
        ...(name === undefined ? {} : { name }),
        ...(businessType === undefined ? {} : { businessType }),
        ...('dailyAnswers' in rest ? { dailyAnswers: rest.dailyAnswers ?? null } : {}),
      },
    });
    setOrganisation(organisation);
    onStored(organisation);
    toast('Saved');
  });
  return (
    <>
      <Card title="Who you are">
        <TextField label="Name" maxLength={100} {...form.text('name')} />
        <TextField
          label="Kind of business"
          hint="In your words. Assistants and the widget API tell it."
          placeholder="Kayak hire"
          maxLength={100}
          {...form.text('businessType')}
        />
      </Card>
      <Card title="What the AI may spend">
        <NumberField
          label="Daily budget of AI answers"
          hint="Over all widgets. Beyond it visitors wait for a person until the next day; widgets can have smaller budgets of their own."
          least={0}
          most={10_000_000}
          unit="a day"
          emptyText="No limit"
          {...form.number('dailyAnswers')}
        />
      </Card>
      <Card title="Ids" lead="What programs call this organisation over REST.">
        <CopyLines
          lines={[
            ['UUID', stored.uuid],
            ['24-hex id', stored.hexId],
          ]}
        />
      </Card>
      <SaveBar {...bar} />
    </>
  );
};

export const OrganisationPage = () => {
  const organisation = useLoaded('organisation', async () => (await call('GET /organisation')).organisation);
  return (
    <Page title="Organisation" lead="What holds for all widgets and assistants.">
      <Await of={organisation}>{(stored, set) => <Editor stored={stored} onStored={set} />}</Await>
    </Page>
  );
};
