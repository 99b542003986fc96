// The widget and the assistant behind a conversation, read often and changed rarely: kept for a moment.
import type { ConversationState } from '../../shared/conversation.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Page } from '../../shared/facts.ts';
import type { Signable } from '../../shared/identity.ts';
import type { Widget } from '../../shared/widget.ts';
import type { Clock } from '../ports/clock.ts';
import type { Assistant } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import { Kept } from './kept.ts';
import type { Surroundings } from './pending.ts';
import type { Presence } from './presence.ts';

/** Another node's change is seen after at most this long; this node's own at once. */
const terms = { freshMs: 2000, most: 5000 } as const;

export interface DirectoryDeps {
  store: Store;
  clock: Clock;
  presence: Presence;
}

/** What a visitor's first command opens a conversation with, beside the widget's own values. */
export interface Opener {
  contactId: string;
  channel: 'widget' | 'test';
  page?: Page;
  visitor?: Signable;
}

export class Directory {
  readonly #deps: DirectoryDeps;
  readonly #widgets: Kept<Widget | undefined>;
  readonly #assistants: Kept<Assistant | undefined>;

  constructor(deps: DirectoryDeps) {
    this.#deps = deps;
    this.#widgets = new Kept({ ...terms, clock: deps.clock });
    this.#assistants = new Kept({ ...terms, clock: deps.clock });
  }

  widget(orgId: string, id: string): Promise<Widget | undefined> {
    return this.#widgets.read(`${orgId} ${id}`, () => this.#deps.store.documents.widgets.get(orgId, id));
  }

  assistant(orgId: string, id: string): Promise<Assistant | undefined> {
    return this.#assistants.read(`${orgId} ${id}`, () => this.#deps.store.documents.assistants.get(orgId, id));
  }

  /** Something was changed on this node: what is kept may be old. */
  forget(): void {
    this.#widgets.forget();
    this.#assistants.forget();
  }

  /** The surroundings of a visitor's command. */
  async forVisitor(widget: Widget, opener: Opener): Promise<Surroundings> {
    const assistant = await this.assistant(widget.orgId, widget.assistantId);
    return {
      opening: {
        widgetId: widget.id,
        assistantId: widget.assistantId,
        isAutopilot: widget.isAutopilot,
        ...opener,
      },
      assistantName: assistant?.name ?? 'Assistant',
      isStaffOnline: this.#deps.presence.isStaffOnline(widget.orgId),
    };
  }

  /** The surroundings of a command on a log that has begun. @throws ChatError `not_found` */
  async forState(orgId: string, state: ConversationState): Promise<Surroundings> {
    if (state.widgetId === null) throw new ChatError('not_found', 'No such conversation');
    const widget = await this.widget(orgId, state.widgetId);
    const assistantId = state.assistantId ?? '';
    const assistant = await this.assistant(orgId, widget?.assistantId ?? assistantId);
    return {
      opening: {
        widgetId: state.widgetId,
        assistantId,
        contactId: state.contactId ?? '',
        // A deleted widget's conversations stay readable; nothing answers by itself there.
        isAutopilot: widget?.isAutopilot ?? false,
        channel: state.channel,
      },
      assistantName: assistant?.name ?? 'Assistant',
      isStaffOnline: this.#deps.presence.isStaffOnline(orgId),
    };
  }
}
