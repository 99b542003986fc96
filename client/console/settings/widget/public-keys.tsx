// The two public keys of a widget: copied into pages, rotated when they must go.
import { useState } from 'preact/hooks';
import type { WidgetView } from '../../../../shared/console-api.ts';
import { call } from '../../api.ts';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { toast } from '../../ui/feedback.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { GraceField } from '../grace.tsx';
import { Card, mayChange } from '../layout.tsx';

type Which = 'widgetKey' | 'catyKey';

const keys: readonly { which: Which; name: string; use: string }[] = [
  { which: 'widgetKey', name: 'Widget key', use: 'In the embed code.' },
  { which: 'catyKey', name: 'Widget API key', use: 'For programs under /api/widget, as X-API-Key.' },
];

const Rotate = ({
  widget,
  which,
  onClose,
  onRotated,
}: {
  widget: WidgetView;
  which: Which;
  onClose: () => void;
  onRotated: () => void;
}) => {
  const [graceSeconds, setGrace] = useState(86_400);
  return (
    <FormDialog
      title={which === 'widgetKey' ? 'Rotate the widget key' : 'Rotate the widget API key'}
      submit="Rotate"
      run={async () => {
        await call('POST /widgets/:id/rotate-key', { params: { id: widget.id }, body: { which, graceSeconds } });
        onRotated();
        toast('The new key works now');
      }}
      onClose={onClose}
    >
      {() => (
        <>
          <p>
            {which === 'widgetKey'
              ? 'The embed code changes with it: put the new code on every page, and sign identities for the new key.'
              : 'Give the new key to every program that calls /api/widget for this widget.'}
          </p>
          <GraceField what="key" value={graceSeconds} onChoose={setGrace} />
        </>
      )}
    </FormDialog>
  );
};

export const PublicKeys = ({ widget, onRotated }: { widget: WidgetView; onRotated: () => void }) => {
  const [rotated, setRotated] = useState<Which | null>(null);
  return (
    <Card
      title="Public keys"
      lead="They name the widget and let a visitor chat, nothing else. Pages show them to everybody."
    >
      <ul class="flex flex-col divide-y divide-line">
        {keys.map(({ which, name, use }) => (
          <li
            key={which}
            class="flex flex-wrap items-center gap-x-4 gap-y-2 py-3 first:pt-0 last:pb-0"
            data-key={which}
          >
            <div class="min-w-0 grow basis-64">
              <p class="font-semibold">
                {name} <span class="text-small font-normal text-text2">{use}</span>
              </p>
              <code class="block font-mono text-meta break-all select-all">{widget[which]}</code>
            </div>
            <div class="flex gap-2">
              <CopyButton text={widget[which]} />
              {mayChange() && (
                <Button size="small" look="ghost" icon="refresh" onClick={() => setRotated(which)}>
                  Rotate
                </Button>
              )}
            </div>
          </li>
        ))}
      </ul>
      {rotated !== null && (
        <Rotate
          widget={widget}
          which={rotated}
          onClose={() => setRotated(null)}
          onRotated={() => {
            setRotated(null);
            onRotated();
          }}
        />
      )}
    </Card>
  );
};
