// The organisation itself: its name, its kind of business, and what its AI may cost a day.
import { organisationView } from '../../shared/console-provisioning.ts';
import type { OrganisationView } from '../../shared/console-provisioning.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Organisation } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';

interface OrganisationDeps {
  store: Store;
}

/** What a caller sends; null lifts the limit. */
export interface OrganisationChange {
  name?: string | undefined;
  businessType?: string | undefined;
  dailyAnswers?: number | null | undefined;
}

const known = (organisation: Organisation | undefined): Organisation => {
  if (organisation === undefined) throw new ChatError('not_found', 'There is no such organisation');
  return organisation;
};

const viewOf = (organisation: Organisation): OrganisationView =>
  organisationView.parse({ ...organisation, dailyAnswers: organisation.dailyAnswers ?? null });

export const readOrganisation = async ({ store }: OrganisationDeps, orgId: string): Promise<OrganisationView> =>
  viewOf(known(await store.documents.organisations.get(orgId, orgId)));

/** Holds for the next answer, at latest after two seconds. */
export const changeOrganisation = async (
  { store }: OrganisationDeps,
  orgId: string,
  change: OrganisationChange,
): Promise<OrganisationView> => {
  const changed = await store.documents.organisations.update(orgId, orgId, (stored) => {
    const { dailyAnswers: before, ...rest } = known(stored);
    const dailyAnswers = change.dailyAnswers === undefined ? before : change.dailyAnswers;
    return {
      ...rest,
      name: change.name ?? rest.name,
      businessType: change.businessType ?? rest.businessType,
      ...(dailyAnswers === undefined || dailyAnswers === null ? {} : { dailyAnswers }),
    };
  });
  return viewOf(known(changed));
};
