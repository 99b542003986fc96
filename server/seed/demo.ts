// The first organisation of an installation: its owner, assistant, knowledge, widget and credentials.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { newCatyKey, newId, newSecret, newWidgetKey, publicIdsOf } from '../../shared/ids.ts';
import type { PublicIds, SecretPrefix } from '../../shared/ids.ts';
import type { Widget } from '../../shared/widget.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Credential, Member, Pipeline } from '../ports/documents.ts';
import type { Knowledge } from '../ports/model.ts';
import type { Store } from '../ports/store.ts';
import { makeLink } from '../usecases/accounts.ts';
import { markInstallation, readInstallation } from '../usecases/installation.ts';
import type { Installation } from '../usecases/installation.ts';
import { grant } from '../usecases/secret.ts';
import { revokeCredentials } from '../usecases/sessions.ts';
import { readSeedArticles } from './articles.ts';
import { demoOrganisation, emptyOrganisation } from './organisation.ts';
import type { SeedOrganisation } from './organisation.ts';

export interface SeedDeps {
  store: Store;
  clock: Clock;
  bus: Bus;
  knowledge: Knowledge;
  baseUrl(): string;
}

/** One credential for each contract, and one API token for `/console` sockets; `widget` is public. */
export interface SeedKeys {
  functions: string;
  v1: string;
  webchats: string;
  widget: string;
  console: string;
}

export interface Seeded {
  installation: Installation;
  widget: Widget;
  /** The owner's one-time link. */
  link: string;
  keys: SeedKeys;
}

/** The ids that the published documents use in their examples, so that those work as printed. */
const demoIds = {
  orgId: 'org_65a0e0e0e0e0e0e0e0e0e0e0',
  ownerId: 'mem_65b1f0a2c3d4e5f6a7b8c9d0',
  widgetId: 'wid_67d3a0b0c0d0e0f0a0b0c0d0',
  assistantId: 'asst_65b2a1c3d4e5f6a7b8c9d0e1',
  secondAssistantId: 'asst_65b2a1c3d4e5f6a7b8c9d0e2',
  pipelineId: 'pipe_66f0a0b0c0d0e0f0a0b0c0d0',
  firstStageId: 'stage_67f0a0b0c0d0e0f0a0b0c0d0',
} as const;

/** The UUIDs of those documents; where they name none, a fresh one will do. */
const demoUuids: Partial<Record<string, string>> = {
  [demoIds.orgId]: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
  [demoIds.assistantId]: '550e8400-e29b-41d4-a716-446655440000',
  [demoIds.secondAssistantId]: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
};

const seedIds = (id: string): PublicIds => {
  const fresh = publicIdsOf(id);
  return { ...fresh, uuid: demoUuids[id] ?? fresh.uuid };
};

const seedArticles = async (
  { store, clock, knowledge }: SeedDeps,
  orgId: string,
  assistantId: string,
): Promise<void> => {
  const now = clock.now();
  // Beside this file in the sources and beside the bundle once built.
  for (const { slug, title, text, url } of readSeedArticles(join(import.meta.dirname, 'articles'))) {
    const id = `art_${createHash('sha256').update(slug).digest('hex').slice(0, 24)}`;
    const article = { id, orgId, createdAt: now, updatedAt: now, assistantId, title, text };
    await store.documents.articles.put(url === undefined ? article : { ...article, url });
  }
  knowledge.forget(assistantId);
};

const credentialKinds: { key: Exclude<keyof SeedKeys, 'widget'>; kind: Credential['kind']; prefix: SecretPrefix }[] = [
  { key: 'functions', kind: 'functions', prefix: 'pat' },
  { key: 'v1', kind: 'v1', prefix: 'in' },
  { key: 'webchats', kind: 'webchats', prefix: 'pat' },
  { key: 'console', kind: 'token', prefix: 'con' },
];

const seedKeys = async (deps: SeedDeps, owner: Member, widget: Widget): Promise<SeedKeys> => {
  const keys: SeedKeys = { functions: '', v1: '', webchats: '', widget: widget.catyKey, console: '' };
  await revokeCredentials(deps, owner, ['functions', 'v1', 'webchats', 'token']);
  for (const { key, kind, prefix } of credentialKinds) {
    const secret = newSecret(prefix);
    await grant(deps, { orgId: owner.orgId, memberId: owner.id, kind, name: `First ${key} key`, secret });
    keys[key] = secret;
  }
  return keys;
};

/** Where contacts go until an owner decides otherwise. Stages are found by their keys in REST, so those stay. */
export const firstPipeline = (orgId: string, isDemo: boolean, now: number): Pipeline => {
  const id = isDemo ? demoIds.pipelineId : newId('pipe');
  const stages = [
    { key: 'new', name: 'New' },
    { key: 'contacted', name: 'Contacted' },
    { key: 'qualified', name: 'Qualified' },
    { key: 'won', name: 'Won' },
    { key: 'lost', name: 'Lost' },
  ].map(({ key, name }, index) => {
    const stageId = isDemo && index === 0 ? demoIds.firstStageId : newId('stage');
    return { id: stageId, ...seedIds(stageId), key, name };
  });
  return { id, ...seedIds(id), orgId, createdAt: now, updatedAt: now, name: 'Enquiries', isDefault: true, stages };
};

const seedOrganisation = async (
  deps: SeedDeps,
  installation: Installation,
  assistantId: string,
  content: SeedOrganisation,
): Promise<{ owner: Member; widget: Widget }> => {
  const { documents } = deps.store;
  const { orgId, ownerId, widgetId } = installation;
  const now = deps.clock.now();
  const { name, businessType } = content;
  await documents.organisations.put({ id: orgId, orgId, createdAt: now, ...seedIds(orgId), name, businessType });
  const assistants = [
    { id: assistantId, ...content.assistant },
    ...(content.second === undefined ? [] : [{ id: demoIds.secondAssistantId, ...content.second }]),
  ];
  for (const assistant of assistants) {
    const times = { createdAt: now, updatedAt: now };
    await documents.assistants.put({ ...assistant, ...seedIds(assistant.id), orgId, ...times, model: '' });
  }
  const [pipeline] = await documents.pipelines.list(orgId, { limit: 1 });
  if (pipeline === undefined) await documents.pipelines.put(firstPipeline(orgId, installation.isDemo, now));
  const owner: Member = {
    id: ownerId,
    orgId,
    ...seedIds(ownerId),
    createdAt: now,
    role: 'owner',
    isDisabled: false,
    ...content.owner,
  };
  await documents.members.put(owner);
  const widget: Widget = {
    ...content.widget,
    id: widgetId,
    orgId,
    assistantId,
    ...seedIds(widgetId),
    createdBy: ownerId,
    widgetKey: newWidgetKey(),
    catyKey: newCatyKey(),
    createdAt: now,
    updatedAt: now,
  };
  await documents.widgets.put(widget);
  return { owner, widget };
};

/**
 * Fills an empty store and gives what only a first start may tell; undefined where it was filled before. A start that
 * was cut short is begun anew with the same ids and fresh secrets. `whenSeeded` runs before the store is marked as
 * complete, so that secrets which could not be told are not lost with it.
 */
export const seed = async (
  deps: SeedDeps,
  { isDemo, whenSeeded }: { isDemo: boolean; whenSeeded: (seeded: Seeded) => Promise<void> },
): Promise<Seeded | undefined> => {
  const before = await readInstallation(deps);
  if (before?.isComplete === true) return undefined;
  const ids = isDemo
    ? demoIds
    : { orgId: newId('org'), ownerId: newId('mem'), widgetId: newId('wid'), assistantId: newId('asst') };
  const { assistantId } = ids;
  const fresh = { orgId: ids.orgId, ownerId: ids.ownerId, widgetId: ids.widgetId };
  const installation: Installation = before ?? { ...fresh, isDemo, isComplete: false };
  await markInstallation(deps, installation);
  const [known] = await deps.store.documents.assistants.list(installation.orgId, { limit: 1 });
  const assistant = installation.isDemo ? demoIds.assistantId : (known?.id ?? assistantId);
  const content = installation.isDemo ? demoOrganisation : emptyOrganisation;
  const { owner, widget } = await seedOrganisation(deps, installation, assistant, content);
  if (installation.isDemo) await seedArticles(deps, installation.orgId, assistant);
  const keys = await seedKeys(deps, owner, widget);
  const seeded = {
    installation: { ...installation, isComplete: true },
    widget,
    link: await makeLink(deps, owner),
    keys,
  };
  await whenSeeded(seeded);
  await markInstallation(deps, seeded.installation);
  return seeded;
};
