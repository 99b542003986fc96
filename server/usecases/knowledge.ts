// Assistants and what they know.
import { articleView, assistantView } from '../../shared/console-api.ts';
import type { ArticleView, AssistantView } from '../../shared/console-api.ts';
import { ChatError } from '../../shared/errors.ts';
import { newId, publicIdsOf } from '../../shared/ids.ts';
import { isSafeLink } from '../domain/widget.ts';
import type { Clock } from '../ports/clock.ts';
import type { Article, Assistant } from '../ports/documents.ts';
import type { Knowledge } from '../ports/model.ts';
import type { Store } from '../ports/store.ts';
import type { Directory } from './directory.ts';

export interface KnowledgeDeps {
  store: Store;
  clock: Clock;
  knowledge: Knowledge;
  directory: Directory;
}

type Change<T> = { [K in keyof T]?: T[K] | undefined };

const known = (assistant: Assistant | undefined): Assistant => {
  if (assistant === undefined) throw new ChatError('not_found', 'There is no such assistant');
  return assistant;
};

const assistantOf = async (deps: KnowledgeDeps, orgId: string, id: string): Promise<Assistant> =>
  known(await deps.store.documents.assistants.get(orgId, id));

const viewOf = async (deps: KnowledgeDeps, assistant: Assistant): Promise<AssistantView> => {
  const articles = await deps.store.documents.articles.list(assistant.orgId, { group: assistant.id });
  return assistantView.parse({ ...assistant, articles: articles.length });
};

const articleViewOf = (article: Article): ArticleView => articleView.parse(article);

export const listAssistants = async (deps: KnowledgeDeps, orgId: string): Promise<AssistantView[]> => {
  const assistants = await deps.store.documents.assistants.list(orgId);
  return Promise.all(assistants.map((assistant) => viewOf(deps, assistant)));
};

type AssistantSettings = Pick<Assistant, 'name' | 'role' | 'instructions' | 'tone' | 'model'>;

/** Far more than a business has; each is listed wherever one is chosen. */
const maxAssistants = 200;

/** A new assistant, which knows nothing yet. @throws ChatError `conflict` where there are too many */
export const addAssistant = async (
  deps: KnowledgeDeps,
  orgId: string,
  input: Change<AssistantSettings> & { name: string },
): Promise<AssistantView> => {
  const { assistants } = deps.store.documents;
  if ((await assistants.list(orgId)).length >= maxAssistants) {
    throw new ChatError('conflict', `There are ${maxAssistants} assistants already`);
  }
  const now = deps.clock.now();
  const id = newId('asst');
  const { name, role = 'AI assistant', instructions = '', tone = '', model = '' } = input;
  const settings: AssistantSettings = { name, role, instructions, tone, model };
  const assistant: Assistant = { id, ...publicIdsOf(id), orgId, createdAt: now, updatedAt: now, ...settings };
  await assistants.put(assistant);
  return viewOf(deps, assistant);
};

/** Name, role, instructions, tone, model; holds for the next answer. */
export const changeAssistant = async (
  deps: KnowledgeDeps,
  orgId: string,
  id: string,
  change: Change<AssistantSettings>,
): Promise<AssistantView> => {
  const assistant = await deps.store.documents.assistants.update(orgId, id, (stored) => {
    const before = known(stored);
    return {
      ...before,
      name: change.name ?? before.name,
      role: change.role ?? before.role,
      instructions: change.instructions ?? before.instructions,
      tone: change.tone ?? before.tone,
      model: change.model ?? before.model,
      updatedAt: deps.clock.now(),
    };
  });
  // Here at once; the second tells the other nodes too.
  deps.directory.forget();
  deps.knowledge.forget(id);
  return viewOf(deps, known(assistant));
};

export const listArticles = async (deps: KnowledgeDeps, orgId: string, assistantId: string): Promise<ArticleView[]> => {
  await assistantOf(deps, orgId, assistantId);
  return (await deps.store.documents.articles.list(orgId, { group: assistantId })).map(articleViewOf);
};

const refuseBadLink = (url: string | undefined): void => {
  if (url === undefined || url === '' || isSafeLink(url)) return;
  throw new ChatError('invalid', 'The link is not usable', {
    details: [{ path: 'url', message: 'Must be an http(s) address or a path of the site' }],
  });
};

export const addArticle = async (
  deps: KnowledgeDeps,
  orgId: string,
  assistantId: string,
  input: { title: string; text: string; url?: string | undefined },
): Promise<ArticleView> => {
  await assistantOf(deps, orgId, assistantId);
  refuseBadLink(input.url);
  const now = deps.clock.now();
  const { title, text, url } = input;
  const article: Article = { id: newId('art'), orgId, createdAt: now, updatedAt: now, assistantId, title, text };
  if (url !== undefined && url !== '') article.url = url;
  await deps.store.documents.articles.put(article);
  deps.knowledge.forget(assistantId);
  return articleViewOf(article);
};

const noArticle = (): ChatError => new ChatError('not_found', 'There is no such article');

/** An empty `url` removes the link. */
export const changeArticle = async (
  deps: KnowledgeDeps,
  orgId: string,
  id: string,
  change: Change<{ title: string; text: string; url: string }>,
): Promise<ArticleView> => {
  const article = await deps.store.documents.articles.update(orgId, id, (before) => {
    if (before === undefined) throw noArticle();
    refuseBadLink(change.url);
    const { url: oldUrl, ...rest } = before;
    const title = change.title ?? before.title;
    const text = change.text ?? before.text;
    const url = change.url ?? oldUrl ?? '';
    return { ...rest, title, text, updatedAt: deps.clock.now(), ...(url === '' ? {} : { url }) };
  });
  if (article === undefined) throw noArticle();
  deps.knowledge.forget(article.assistantId);
  return articleViewOf(article);
};

/** @throws ChatError `not_found` */
export const removeArticle = async (deps: KnowledgeDeps, orgId: string, id: string): Promise<void> => {
  const article = await deps.store.documents.articles.get(orgId, id);
  if (article === undefined) throw noArticle();
  await deps.store.documents.articles.delete(orgId, id);
  deps.knowledge.forget(article.assistantId);
};
