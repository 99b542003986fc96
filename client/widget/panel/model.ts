// Everything the panel draws, as signals over one SDK client; components read it and call its verbs.
import { isHidden, own, read } from '../../page.ts';
import { batch, computed, effect, signal } from './signals.ts';
import type { ReadonlySignal, Signal } from './signals.ts';
import type { PublicWidget } from '../../../shared/widget.ts';
import type { Connection, ConversationSnapshot, Observable, OutboxEntry, VisitorClient } from '../../sdk/api.ts';
import type { Emit, Identity, PanelOptions, Scheme } from '../contract.ts';
import { chooseLocale, directionOf, loadWords } from './i18n/locale.ts';
import { en } from './i18n/words.ts';
import type { Words } from './i18n/words.ts';
import { formOf, noticeOf, personaOf, unreadOf } from './situation.ts';
import type { Availability } from './situation.ts';
import type * as Conversation from './lazy/conversation.ts';
import type { Memory } from './memory.ts';
import { buildTimeline } from './timeline.ts';

/** As `limits.message` of the shared schemas, which a browser does not load. */
export const MESSAGE_LIMIT = 4000;

/** The components of the conversation chunk. */
export type ConversationParts = Pick<typeof Conversation, 'Message' | 'TypingDots'>;

export type ViewName = 'chat' | 'earlier';

const none: never[] = [];

const definedOf = (fields: {
  name: string | undefined;
  email: string | undefined;
}): { name?: string; email?: string } => ({
  ...(fields.name !== undefined && { name: fields.name }),
  ...(fields.email !== undefined && { email: fields.email }),
});

export class PanelModel {
  readonly client: VisitorClient;
  readonly memory: Memory;
  readonly emit: Emit;
  readonly inline: boolean;
  /** `http(s)://host[:port]` of the server. */
  readonly origin: string;
  /** Styles that come with lazy parts; the same ones twice count once. */
  readonly adopt: (css: string) => void;
  readonly widget: Signal<PublicWidget>;
  readonly scheme: Signal<Scheme | undefined>;
  readonly locale = signal('en');
  readonly words: Signal<Words> = signal(en);
  readonly isOpen = signal(false);
  readonly isVisible = signal(!isHidden());
  readonly view = signal<ViewName>('chat');
  readonly text = signal('');
  readonly sound: Signal<boolean>;
  readonly availability: Signal<Availability>;
  readonly isFormDismissed = signal(false);
  /** What draws messages; it comes while the socket connects. */
  readonly parts = signal<ConversationParts | null>(null);
  /** It did not come. */
  readonly isBroken = signal(false);
  readonly dismissedActions = signal<string | null>(null);
  /** Raised to ask the list to go to its end, the composer to take the focus. */
  readonly jump = signal(0);
  readonly focus = signal(0);

  readonly snapshot: ReadonlySignal<ConversationSnapshot | null>;
  readonly connection: ReadonlySignal<Connection>;
  readonly earlier: ReadonlySignal<ReturnType<VisitorClient['earlier']['get']>>;

  readonly state = computed(() => this.snapshot.value?.state ?? null);
  readonly facts = computed(() => this.snapshot.value?.facts ?? none);
  readonly outbox = computed(() => this.snapshot.value?.outbox ?? none);
  // One of these changes now and then; the snapshot does with every word.
  readonly conversationId = computed(() => this.snapshot.value?.conversationId);
  readonly isLoaded = computed(() => this.snapshot.value?.isLoaded ?? false);
  readonly hasEarlier = computed(() => this.snapshot.value?.hasEarlier ?? false);
  readonly isLoadingEarlier = computed(() => this.snapshot.value?.isLoadingEarlier ?? false);
  readonly reads = computed(() => this.snapshot.value?.reads ?? null);
  readonly typing = computed(() => this.snapshot.value?.typing.agents ?? none);
  readonly reply = computed(() => {
    const reply = this.snapshot.value?.reply ?? null;
    return reply?.mode === 'answer' ? reply : null;
  });
  readonly replyId = computed(() => this.reply.value?.replyId ?? null);
  readonly dir = computed(() => directionOf(this.locale.value));
  readonly timeline = computed(() => {
    const replyId = this.replyId.value;
    const startedAt = this.reply.peek()?.startedAt ?? 0;
    const reply = replyId === null ? null : { replyId, startedAt };
    return buildTimeline({ facts: this.facts.value, outbox: this.outbox.value, reply, now: Date.now() });
  });
  /** A returning visitor's messages are on their way: no greeting before it is known that there are none. */
  readonly isLoading = computed(() => {
    if (this.conversationId.value !== undefined) return !this.isLoaded.value && this.outbox.value.length === 0;
    return (this.memory.has('session') || this.#hasIdentity) && this.connection.value.status !== 'refused';
  });
  /** The server said no for good: there is no chat here for this visitor, and nothing to try again. */
  readonly isShut = computed(() => {
    const now = this.connection.value;
    return now.status === 'refused' && now.error.code === 'forbidden';
  });
  readonly isEmpty = computed(() => !this.timeline.value.some((item) => item.kind === 'message'));
  readonly persona = computed(() =>
    // Where there is no chat, nobody of the staff stands over it.
    this.isShut.value
      ? personaOf(this.widget.value, null, none, this.origin)
      : personaOf(this.widget.value, this.state.value, this.facts.value, this.origin),
  );
  readonly notice = computed(() =>
    noticeOf(this.state.value, this.availability.value, this.replyId.value !== null, this.outbox.value.length > 0),
  );
  readonly form = computed(() =>
    this.isFormDismissed.value || this.replyId.value !== null
      ? null
      : formOf(this.widget.value, this.state.value, this.facts.value, this.availability.value),
  );
  readonly unread = computed(() =>
    this.isOpen.value && this.isVisible.value ? 0 : unreadOf(this.facts.value, this.reads.value?.visitor ?? 0),
  );

  readonly #undo: (() => void)[] = [];
  /** A person signs in with the first handshake: their messages may be on their way. */
  #hasIdentity: boolean;

  constructor(client: VisitorClient, memory: Memory, adopt: (css: string) => void, options: PanelOptions) {
    this.client = client;
    this.memory = memory;
    this.adopt = adopt;
    this.emit = options.emit;
    this.inline = options.init.inline === true;
    this.#hasIdentity = options.init.token !== undefined;
    this.origin = options.origin;
    this.widget = signal(options.widget);
    this.scheme = signal(options.scheme);
    this.sound = signal(memory.has('sound'));
    this.availability = signal(options.widget.availability);
    this.snapshot = this.#follow(client.conversation);
    this.connection = this.#follow(client.connection);
    this.earlier = this.#follow(client.earlier);
    this.#undo.push(
      client.widget.subscribe((widget) => widget && (this.availability.value = widget.availability)),
      client.onSignal((told) => {
        if (told.type === 'presence.changed' && told.availability) this.availability.value = told.availability;
        // For the part that speaks first, where the owner lets it: the panel itself says nothing unasked.
        if (told.type === 'proactive.offered') options.root.dispatchEvent(new CustomEvent('offer', { detail: told }));
      }),
      client.onSignedOut(() => this.#forget()),
      client.onRefused(({ code, message }) => {
        console.warn(`Tiller: ${message}`);
        this.emit('error', { code, message });
      }),
      effect(() => options.onUnread(this.unread.value)),
      effect(() => this.#markRead()),
      effect(() => this.#tellWhoItIs()),
      effect(() => {
        const id = this.conversationId.value;
        this.isFormDismissed.value = id !== undefined && memory.has(`form-${id}`);
      }),
    );
    const onVisibility = (): void => void (this.isVisible.value = !isHidden());
    addEventListener('visibilitychange', onVisibility);
    this.#undo.push(() => removeEventListener('visibilitychange', onVisibility));
    const page = read('documentElement').lang;
    this.setLocale(chooseLocale([options.init.locale, page === '' ? undefined : page, ...navigator.languages]));
  }

  #follow<T>(observable: Observable<T>): ReadonlySignal<T> {
    const value = signal(observable.get());
    this.#undo.push(observable.subscribe((next) => void (value.value = next)));
    return value;
  }

  #markRead(): void {
    const seq = this.facts.value.at(-1)?.seq ?? 0;
    const isSeen = this.isOpen.value && this.isVisible.value && this.view.value === 'chat';
    if (isSeen && seq > (this.snapshot.peek()?.reads.visitor ?? 0)) this.client.markRead();
  }

  setLocale(wish: string): void {
    const locale = chooseLocale([wish]);
    const apply = (words: Words): void =>
      batch(() => {
        this.words.value = words;
        this.locale.value = locale;
      });
    if (locale.startsWith('en')) return apply(en);
    this.#wish = locale;
    // The language asked for last wins, whichever chunk comes first.
    void loadWords(locale).then((words) => this.#wish === locale && apply(words));
  }
  #wish = '';

  /** Sends what the composer (or a chip, or the page) says. White space alone is nothing. */
  send(text: string): void {
    if (text.trim() === '' || text.length > MESSAGE_LIMIT) return;
    const clientId = this.client.send(text);
    this.view.value = 'chat';
    this.jump.value += 1;
    this.emit('message:sent', { clientId, text });
  }

  stop(): void {
    void this.client.perform('reply:stop', {});
  }

  askForPerson(): void {
    this.jump.value += 1;
    void this.client.perform('handoff:request', {});
  }

  async newConversation(): Promise<void> {
    this.view.value = 'chat';
    await this.client.newConversation();
    this.focus.value += 1;
  }

  /** Takes what was refused into a new conversation: back into the composer, for the visitor to send. */
  async sayAnew({ clientId, input }: OutboxEntry): Promise<void> {
    this.client.discard(clientId);
    await this.newConversation();
    if (this.text.value === '') this.text.value = input['text'] as string;
  }

  async openEarlier(conversationId: string): Promise<void> {
    this.view.value = 'chat';
    await this.client.openConversation(conversationId);
    this.jump.value += 1;
  }

  dismissForm(): void {
    const id = this.snapshot.peek()?.conversationId;
    if (id !== undefined) this.memory.set(`form-${id}`, true);
    this.isFormDismissed.value = true;
  }

  setSound(isOn: boolean): void {
    this.memory.set('sound', isOn);
    this.sound.value = isOn;
  }

  /** Who the visitor is: signed at once; merely said by the page, when there is a conversation to say it in. */
  identify(given: Identity): void {
    const { token, name, email } = own(given);
    if (token !== undefined) void this.client.identify(token);
    if (name !== undefined || email !== undefined)
      this.#said.value = { ...this.#said.peek(), ...definedOf({ name, email }) };
  }

  #tellWhoItIs(): void {
    const state = this.state.value;
    const said = this.#said.value;
    if (state === null || state.status === 'new' || state.visitor.verified) return;
    const isNews = (['name', 'email'] as const).some(
      (key) => said[key] !== undefined && said[key] !== state.visitor[key],
    );
    if (!isNews || this.#told === said) return;
    this.#told = said;
    void this.client.perform('visitor:identify', said);
  }
  readonly #said: Signal<{ name?: string; email?: string }> = signal({});
  #told: object | null = null;

  /** The next to open the panel is a stranger. */
  logout(): void {
    this.client.logout();
  }

  /** Rises where somebody else is here: what was typed into forms is not theirs. */
  readonly person = signal(0);

  #forget(): void {
    this.person.value += 1;
    this.#hasIdentity = false;
    this.#said.value = {};
    this.text.value = '';
    this.view.value = 'chat';
  }

  dispose(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
}
