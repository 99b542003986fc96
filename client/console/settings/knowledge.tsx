// What an assistant knows: articles, pasted or read from files in the browser.
import { useRef, useState } from 'preact/hooks';
import type { ArticleView } from '../../../shared/console-api.ts';
import { limits } from '../../../shared/text.ts';
import { call, messageOf, problemOf } from '../api.ts';
import { dateOf, plural } from '../format.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Empty, Notice, toast } from '../ui/feedback.tsx';
import { TextArea, TextField } from '../ui/field.tsx';
import { Icon } from '../ui/icons.tsx';
import { articleFrom } from './article-file.ts';
import type { ArticleDraft } from './article-file.ts';
import { Await, Card, mayChange } from './layout.tsx';
import { useLoaded } from './use-loaded.ts';

interface ArticleDialogProps {
  assistantId: string;
  /** Absent: a new one. */
  article: ArticleView | null;
  onClose: () => void;
  onStored: (article: ArticleView) => void;
}

const ArticleDialog = ({ assistantId, article, onClose, onStored }: ArticleDialogProps) => {
  const [title, setTitle] = useState(article?.title ?? '');
  const [text, setText] = useState(article?.text ?? '');
  const [url, setUrl] = useState(article?.url ?? '');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const isReadOnly = !mayChange();
  const isFilled = title.trim() !== '' && text.trim() !== '';
  const save = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    const link = url.trim();
    const body = { title: title.trim(), text, ...(link !== '' || article?.url !== undefined ? { url: link } : {}) };
    try {
      const answer =
        article === null
          ? await call('POST /assistants/:id/articles', { params: { id: assistantId }, body })
          : await call('PATCH /articles/:id', { params: { id: article.id }, body });
      onStored(answer.article);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={article === null ? 'Add knowledge' : isReadOnly ? 'Article' : 'Edit article'}
      width="wide"
      onClose={onClose}
    >
      <form
        noValidate
        class="flex flex-col gap-4 overflow-y-auto px-5 pb-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (isFilled && !isBusy && !isReadOnly) void save();
        }}
      >
        {error !== null && problemOf(error, 'title') === undefined && problemOf(error, 'text') === undefined && (
          <Notice>{messageOf(error)}</Notice>
        )}
        <TextField
          label="Title"
          hint="Answers name it as their source."
          value={title}
          maxLength={200}
          disabled={isReadOnly}
          error={problemOf(error, 'title')}
          onText={setTitle}
        />
        <TextArea
          label="Text or Markdown"
          rows={14}
          isMono
          value={text}
          maxLength={limits.article}
          disabled={isReadOnly}
          error={problemOf(error, 'text')}
          onText={setText}
        />
        <TextField
          label="Address, if it is also a page"
          type="url"
          placeholder="https://"
          value={url}
          maxLength={limits.url}
          disabled={isReadOnly}
          error={problemOf(error, 'url')}
          onText={setUrl}
        />
        {!isReadOnly && (
          <Button type="submit" look="primary" class="self-end" isBusy={isBusy} disabled={!isFilled}>
            {article === null ? 'Add' : 'Save'}
          </Button>
        )}
      </form>
    </Dialog>
  );
};

/** Asks in place before something is gone. */
const DeleteButton = ({ title, onDelete }: { title: string; onDelete: () => void }) => {
  const [isAsking, setAsking] = useState(false);
  return isAsking ? (
    <span class="flex shrink-0 gap-1">
      <Button size="small" look="danger" onClick={onDelete}>
        Delete
      </Button>
      <Button size="small" look="ghost" onClick={() => setAsking(false)}>
        Keep
      </Button>
    </span>
  ) : (
    <IconButton icon="trash" label={`Delete ${title}`} onClick={() => setAsking(true)} />
  );
};

const Articles = ({
  assistantId,
  list,
  set,
}: {
  assistantId: string;
  list: ArticleView[];
  set: (list: ArticleView[]) => void;
}) => {
  const [edited, setEdited] = useState<ArticleView | 'new' | null>(null);
  const [isReading, setReading] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const current = useRef(list);
  current.current = list;
  const upload = async (chosen: File[]): Promise<void> => {
    setReading(true);
    let added = 0;
    for (const file of chosen) {
      try {
        const body: ArticleDraft = await articleFrom(file);
        const { article } = await call('POST /assistants/:id/articles', { params: { id: assistantId }, body });
        set([...current.current, article]);
        added += 1;
      } catch (error) {
        const why = error instanceof RangeError ? error.message : messageOf(error);
        toast(`${file.name}: ${why}`, { tone: 'danger' });
      }
    }
    setReading(false);
    if (added > 0) toast(`${plural(added, 'article')} added`);
  };
  const remove = (article: ArticleView): void => {
    call('DELETE /articles/:id', { params: { id: article.id } }).then(
      () => set(current.current.filter((each) => each.id !== article.id)),
      (error: unknown) => toast(messageOf(error), { tone: 'danger' }),
    );
  };
  return (
    <>
      {mayChange() && (
        <div class="flex flex-wrap gap-2">
          <Button icon="plus" onClick={() => setEdited('new')}>
            Paste text
          </Button>
          <Button icon="upload" isBusy={isReading} onClick={() => files.current?.click()}>
            Upload .md or .txt
          </Button>
          <input
            ref={files}
            type="file"
            multiple
            accept=".md,.markdown,.txt,text/plain,text/markdown"
            class="sr-only"
            tabIndex={-1}
            aria-label="Files with knowledge"
            onChange={(event) => {
              const chosen = [...(event.currentTarget.files ?? [])];
              event.currentTarget.value = '';
              if (chosen.length > 0) void upload(chosen);
            }}
          />
        </div>
      )}
      {list.length === 0 ? (
        <Empty icon="book" title="It knows nothing yet">
          Paste what your visitors ask about: prices, hours, conditions.
        </Empty>
      ) : (
        <ul class="divide-y divide-line rounded-control border border-line">
          {list.map((article) => (
            <li key={article.id} class="flex items-center gap-2 ps-3 pe-1" data-article={article.title}>
              <Icon name="book" class="text-text2" />
              <button
                type="button"
                class="focus-inset min-w-0 grow rounded-control py-2 text-start hover:underline"
                onClick={() => setEdited(article)}
              >
                <span class="block truncate">{article.title}</span>
                <span class="block truncate text-meta text-text2">
                  {plural(article.text.trim().split(/\s+/).length, 'word')}, {dateOf(article.updatedAt)}
                </span>
              </button>
              {mayChange() && <DeleteButton title={article.title} onDelete={() => remove(article)} />}
            </li>
          ))}
        </ul>
      )}
      {edited !== null && (
        <ArticleDialog
          assistantId={assistantId}
          article={edited === 'new' ? null : edited}
          onClose={() => setEdited(null)}
          onStored={(article) => {
            setEdited(null);
            const isKnown = list.some((each) => each.id === article.id);
            set(isKnown ? list.map((each) => (each.id === article.id ? article : each)) : [...list, article]);
          }}
        />
      )}
    </>
  );
};

export const Knowledge = ({ assistantId }: { assistantId: string }) => {
  const articles = useLoaded(
    `articles ${assistantId}`,
    async () => (await call('GET /assistants/:id/articles', { params: { id: assistantId } })).articles,
  );
  return (
    <Card title="Knowledge" lead="Answers are built on these articles and name them as sources.">
      <Await of={articles}>{(list, set) => <Articles assistantId={assistantId} list={list} set={set} />}</Await>
    </Card>
  );
};
