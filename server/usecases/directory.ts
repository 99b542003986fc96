// The widget and the assistant behind a conversation, read often and changed rarely: kept for a moment.
import type { ConversationState } from '../../shared/conversation.ts';
import { ChatError } from '../../shared/errors.ts';
import type { Page } from '../../shared/facts.ts';
import type { Widget } from '../../shared/widget.ts';
import type { Clock } from '../ports/clock.ts';
import type { Assistant } from '../ports/documents.ts';
import type { Store } from '../ports/store.ts';
import type { Surroundings } from './pending.ts';
import type { Presence } from './presence.ts';

/** Another node's change is seen after at most this long; this node's own at once. */
const freshMs = 2000;
const maxKept = 5000;

interface Kept<T> {
  value: T | undefined;
  at: number;
}

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
  visitor?: { name?: string; email?: string; verified: boolean };
}

export class Directory {
  readonly #deps: DirectoryDeps;
  readonly #widgets = new Map<string, Kept<Widget>>();
  readonly #assistants = new Map<string, Kept<Assistant>>();

  constructor(deps: DirectoryDeps) {
    this.#deps = deps;
  }

  widget(orgId: string, id: string): Promise<Widget | undefined> {
    return this.#read(this.#widgets, `${orgId} ${id}`, () => this.#deps.store.documents.widgets.get(orgId, id));
  }

  assistant(orgId: string, id: string): Promise<Assistant | undefined> {
    return this.#read(this.#assistants, `${orgId} ${id}`, () => this.#deps.store.documents.assistants.get(orgId, id));
  }

  /** Something was changed on this node: what is kept may be old. */
  forget(): void {
    this.#widgets.clear();
    this.#assistants.clear();
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

  async #read<T>(kept: Map<string, Kept<T>>, key: string, load: () => Promise<T | undefined>): Promise<T | undefined> {
    const now = this.#deps.clock.monotonic();
    const found = kept.get(key);
    if (found !== undefined && now - found.at < freshMs) return found.value;
    const value = await load();
    kept.delete(key);
    kept.set(key, { value, at: now });
    if (kept.size > maxKept) kept.delete(kept.keys().next().value!);
    return value;
  }
}
