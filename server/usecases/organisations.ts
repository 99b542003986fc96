// The organisation itself: its name, its kind of business, and what its AI may cost a day.
import { organisationView } from '../../shared/console-provisioning.ts';
import type { OrganisationView } from '../../shared/console-provisioning.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Organisation } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import { exclusively } from './secret.ts';

interface OrganisationDeps {
  store: Store;
}

/** What a caller sends; null lifts the limit. */
export interface OrganisationChange {
  name?: string | undefined;
  businessType?: string | undefined;
  dailyAnswers?: number | null | undefined;
}

const organisationOf = async ({ store }: OrganisationDeps, orgId: string): Promise<Organisation> => {
  const organisation = await store.documents.organisations.get(orgId, orgId);
  if (organisation === undefined) throw new ChatError('not_found', 'There is no such organisation');
  return organisation;
};

const viewOf = (organisation: Organisation): OrganisationView =>
  organisationView.parse({ ...organisation, dailyAnswers: organisation.dailyAnswers ?? null });

export const readOrganisation = async (deps: OrganisationDeps, orgId: string): Promise<OrganisationView> =>
  viewOf(await organisationOf(deps, orgId));

/** Holds for the next answer, at latest after two seconds. */
export const changeOrganisation = (
  deps: OrganisationDeps,
  orgId: string,
  change: OrganisationChange,
): Promise<OrganisationView> =>
  exclusively(orgId, async () => {
    const { dailyAnswers: before, ...rest } = await organisationOf(deps, orgId);
    const dailyAnswers = change.dailyAnswers === undefined ? before : change.dailyAnswers;
    const organisation: Organisation = {
      ...rest,
      name: change.name ?? rest.name,
      businessType: change.businessType ?? rest.businessType,
      ...(dailyAnswers === undefined || dailyAnswers === null ? {} : { dailyAnswers }),
    };
    await deps.store.documents.organisations.put(organisation);
    return viewOf(organisation);
  });
