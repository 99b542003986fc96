// How the widget comes to a page: code, keys, identity.
import type { ConsoleOutput } from '../../../../shared/console-api.ts';
import { CodeBlock, CopyLines } from '../../ui/copy.tsx';
import { Notice } from '../../ui/feedback.tsx';
import { Card, mayChange } from '../layout.tsx';
import { Identity } from './identity.tsx';
import { PublicKeys } from './public-keys.tsx';
import { widgetTypes } from './types.ts';

const frameUrlOf = (widgetKey: string): string => `${location.origin}/frame/${widgetKey}`;
const frameOf = (widgetKey: string): string =>
  `<iframe src="${frameUrlOf(widgetKey)}" title="Chat" width="400" height="640" style="border:0" allow="clipboard-write"></iframe>`;

export const Install = ({
  stored,
  onRotated,
}: {
  stored: ConsoleOutput<'GET /widgets/:id'>;
  onRotated: () => void;
}) => {
  const { widget, embed } = stored;
  const { bridge, text } = widgetTypes[widget.type];
  return (
    <>
      <Card title="Put it on your site" lead="Paste one of these before the end of the page’s body.">
        {bridge === null ? (
          <>
            {!widget.isEnabled && (
              <Notice tone="warn">The widget is off: pages with this code show nothing until it is on.</Notice>
            )}
            <CodeBlock label="Short form" text={embed.short} />
            <CodeBlock label="Long form, with a queue for early calls" text={embed.snippet} />
            <CodeBlock label="As a frame, or as a page of its own" text={frameOf(widget.widgetKey)} />
            <p class="-mt-2 text-small text-text2">
              <a
                href={frameUrlOf(widget.widgetKey)}
                target="_blank"
                rel="noopener"
                class="text-link underline underline-offset-2"
              >
                Open the page
              </a>{' '}
              to see it, or to send its address to somebody. Only the allowed domains may frame it.
            </p>
          </>
        ) : (
          <Notice tone="plain" icon="link">
            A widget of the type {text} cannot be embedded: it needs {bridge}.
          </Notice>
        )}
      </Card>
      <PublicKeys widget={widget} onRotated={onRotated} />
      {mayChange() && <Identity key={widget.widgetKey} id={widget.id} />}
      <Card title="Ids" lead="What programs call this widget over REST.">
        <CopyLines
          lines={[
            ['UUID', widget.uuid],
            ['24-hex id', widget.hexId],
            ['Console id', widget.id],
          ]}
        />
      </Card>
    </>
  );
};
