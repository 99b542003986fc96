// Quietly at the end of a part: what of it other programs can read and write.
import { Icon } from '../../ui/icons.tsx';
import { reachOf } from './parts.ts';
import type { ContractName, Part } from './parts.ts';

const addresses: Record<ContractName, string> = {
  functions: '/functions/v1',
  v1: '/api/v1/widget',
  webchats: '/api/webchats',
  widget: '/api/widget (reads)',
};

export const ContractNote = ({ part }: { part: Part }) => {
  const reach = reachOf(part);
  if (reach.length === 0) return null;
  return (
    <details class="group text-small text-text2">
      <summary class="inline-flex items-center gap-1 rounded-control hover:text-text">
        <Icon name="chevron-right" size={14} class="group-open:rotate-90 rtl:-scale-x-100" />
        What programs see of this over REST
      </summary>
      <dl class="mt-2 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 ps-5 max-sm:grid-cols-1">
        {reach.map(({ contract, texts }) => (
          <div key={contract} class="contents">
            <dt class="font-mono text-meta/[18px]">{addresses[contract]}</dt>
            <dd class="min-w-0 max-sm:pb-1">{texts.join(', ')}</dd>
          </div>
        ))}
      </dl>
      <p class="mt-2 ps-5">Whoever writes last wins. What a contract cannot express stays as it is here.</p>
    </details>
  );
};
