// What somebody left once: its score, its date, and whatever the contact does not tell by now.
import type { ContactView, LeadView } from '../../../shared/console-api.ts';
import { dateOf, exactTime } from '../format.ts';
import { hrefOf } from '../router.ts';
import { Score } from '../ui/score.tsx';
import { CustomFields, Reach } from '../visitor/details.tsx';

/** What a lead tells that the contact does not: an older address, another field. */
const differing = (lead: LeadView, contact: ContactView) => {
  const reach: Partial<Pick<LeadView, 'email' | 'phone' | 'company'>> = {};
  for (const name of ['email', 'phone', 'company'] as const) {
    const text = lead[name];
    if (text !== undefined && text !== contact[name]) reach[name] = text;
  }
  const fields = Object.entries(lead.customFields ?? {}).filter(
    ([name, text]) => contact.customFields?.[name] !== text,
  );
  return { reach, hasReach: Object.keys(reach).length > 0, fields: Object.fromEntries(fields) };
};

export const LeadCard = ({ lead, contact }: { lead: LeadView; contact: ContactView }) => {
  const { reach, hasReach, fields } = differing(lead, contact);
  return (
    <li class="flex flex-col gap-2 rounded-control border border-line p-3" data-lead={lead.id}>
      <div class="flex flex-wrap items-center justify-between gap-2">
        <Score label="Lead score" value={lead.score} />
        <span class="text-meta text-text2" title={exactTime(lead.createdAt)}>
          {dateOf(lead.createdAt)}
        </span>
      </div>
      {hasReach && (
        <dl class="flex flex-col gap-1 text-small">
          <Reach contact={{ ...reach, verified: true }} />
        </dl>
      )}
      <CustomFields fields={fields} />
      <a
        href={hrefOf({ name: 'inbox', filter: 'open', conversationId: lead.conversationId })}
        class="self-start text-small text-link underline underline-offset-2"
      >
        Open the conversation
      </a>
    </li>
  );
};
