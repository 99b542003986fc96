// One widget, part by part, with how it would look at this moment beside it.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AssistantView, ConsoleOutput, PipelineView } from '../../../../shared/console-api.ts';
import type { PublicWidget, WidgetSettings } from '../../../../shared/widget.ts';
import { call, problemsOf } from '../../api.ts';
import type { Screen } from '../../router.ts';
import { toast } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icons.tsx';
import { TabLinks } from '../../ui/tab-links.tsx';
import { useEditing } from '../form.ts';
import { Await, Page, SaveBar, TitleUnder } from '../layout.tsx';
import { PreviewFrame } from '../preview-frame.tsx';
import { useLoaded } from '../use-loaded.ts';
import { Access } from './access.tsx';
import { ContractNote } from './contract-note.tsx';
import { tidy } from './form.ts';
import { General } from './general.tsx';
import { Install } from './install.tsx';
import { Look } from './look.tsx';
import { partNames, partOf, parts } from './parts.ts';
import type { Part } from './parts.ts';
import { Proactive } from './proactive.tsx';
import { Start } from './start.tsx';
import { Texts } from './texts.tsx';

type Stored = ConsoleOutput<'GET /widgets/:id'>;

interface Data {
  stored: Stored;
  assistants: AssistantView[];
  pipelines: PipelineView[];
}

/** How the widget would look, asked for a moment after the last change. */
const usePreview = (id: string, stored: PublicWidget, changes: Partial<WidgetSettings>): PublicWidget => {
  const [preview, setPreview] = useState(stored);
  const key = JSON.stringify(tidy(changes));
  useEffect(() => {
    if (key === '{}') {
      setPreview(stored);
      return;
    }
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const body = JSON.parse(key) as ReturnType<typeof tidy>;
      call('POST /widgets/:id/preview', {
        params: { id },
        body: body as Partial<WidgetSettings>,
        signal: controller.signal,
      }).then(
        (answer) => setPreview(answer.preview),
        // Half-typed values are refused now and then: the last good preview stays.
        () => undefined,
      );
    }, 250);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [id, stored, key]);
  return preview;
};

const Editor = ({
  data,
  part,
  toPart,
  onStored,
  onRotated,
}: {
  data: Data;
  part: Part;
  toPart: (part: Part) => Screen;
  onStored: (stored: Stored) => void;
  onRotated: () => void;
}) => {
  const { stored, assistants, pipelines } = data;
  const { widget } = stored;
  // An icon that is not saved yet has no lasting address.
  const [uploaded, setUploaded] = useState<{ iconKey: string; url: string } | null>(null);
  const { form, changes, error, bar } = useEditing<WidgetSettings>(`widget ${widget.id}`, widget, async (sent) => {
    const body = tidy(sent) as Partial<WidgetSettings>;
    const answer = await call('PATCH /widgets/:id', { params: { id: widget.id }, body });
    onStored({ ...stored, ...answer });
    toast('Saved. Visitors see it from their next page on.');
  });
  const served = usePreview(widget.id, stored.preview, changes);
  const { iconKey } = form.value;
  const iconUrl =
    iconKey === undefined ? undefined : uploaded?.iconKey === iconKey ? uploaded.url : stored.preview.iconUrl;
  const preview = usePreviewWithIcon(served, iconUrl);
  const dirty = new Set(Object.keys(changes).map(partOf));
  const refused = new Set(problemsOf(error).map(({ path }) => partOf(path)));
  const props = { form, assistants, pipelines, preview };
  return (
    <>
      <TabLinks
        label="Parts of the widget"
        tabs={parts.map((each) => ({
          to: toPart(each),
          text: partNames[each],
          isHere: each === part,
          mark: refused.has(each) ? 'problem' : dirty.has(each) ? 'changed' : undefined,
        }))}
      />
      <div class="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_384px]">
        <div class="flex min-w-0 flex-col gap-6">
          {part === 'general' && <General {...props} widget={widget} />}
          {part === 'look' && (
            <Look
              {...props}
              iconUrl={iconUrl}
              onIcon={(icon) => {
                setUploaded(icon);
                form.set({ iconKey: icon?.iconKey });
              }}
            />
          )}
          {part === 'texts' && <Texts {...props} />}
          {part === 'start' && <Start {...props} />}
          {part === 'proactive' && <Proactive {...props} />}
          {part === 'access' && <Access {...props} />}
          {part === 'install' && <Install stored={stored} onRotated={onRotated} />}
          <ContractNote part={part} />
          <SaveBar {...bar} />
        </div>
        <aside aria-label="Preview" class="flex flex-col gap-2 lg:sticky lg:top-8">
          <p class="flex items-center gap-2 text-small font-semibold text-text2">
            <Icon name="eye" /> Preview
            {!form.value.isEnabled && <span class="font-normal">(the widget is off)</span>}
          </p>
          <PreviewFrame title="Preview of the widget" widgetKey={widget.widgetKey} widget={preview} />
        </aside>
      </div>
    </>
  );
};

/** The same object while nothing changed: the frame is told only of news. */
const usePreviewWithIcon = (served: PublicWidget, iconUrl: string | undefined): PublicWidget => {
  const kept = useRef<{ served: PublicWidget; iconUrl: string | undefined; preview: PublicWidget } | null>(null);
  if (kept.current === null || kept.current.served !== served || kept.current.iconUrl !== iconUrl) {
    const { iconUrl: _, ...rest } = served;
    kept.current = { served, iconUrl, preview: iconUrl === undefined ? rest : { ...rest, iconUrl } };
  }
  return kept.current.preview;
};

export const WidgetEditor = ({ id, tab }: { id: string; tab: string | undefined }) => {
  const [rotations, setRotations] = useState(0);
  const loaded = useLoaded<Data>(`widget ${id} ${rotations}`, async () => {
    const [stored, { assistants }, { pipelines }] = await Promise.all([
      call('GET /widgets/:id', { params: { id } }),
      call('GET /assistants'),
      call('GET /pipelines'),
    ]);
    return { stored, assistants, pipelines };
  });
  const part = parts.find((known) => known === tab) ?? 'general';
  const toPart = (to: Part): Screen => ({
    name: 'settings',
    page: 'widgets',
    id,
    ...(to === 'general' ? {} : { tab: to }),
  });
  return (
    <Page
      isWide
      title={
        <TitleUnder all="All widgets" to={{ name: 'settings', page: 'widgets', id: null }}>
          {loaded.status === 'good' ? loaded.value.stored.widget.name : 'Widget'}
        </TitleUnder>
      }
    >
      <Await of={loaded}>
        {(data, set) => (
          <Editor
            data={data}
            part={part}
            toPart={toPart}
            onStored={(stored) => set({ ...data, stored })}
            onRotated={() => setRotations(rotations + 1)}
          />
        )}
      </Await>
    </Page>
  );
};
