// What the HTTP edge needs; `compose` hands it over.
import type { Config } from '../../config.ts';
import type { SharedCounter } from '../../ports/counter.ts';
import type { Identities } from '../../ports/identity.ts';
import type { Model } from '../../ports/model.ts';
import type { Log, Metrics } from '../../ports/telemetry.ts';
import type { Admission } from '../../usecases/admission.ts';
import type { Bans } from '../../usecases/bans.ts';
import type { AccountDeps } from '../../usecases/accounts.ts';
import type { FileDeps } from '../../usecases/files.ts';
import type { KnowledgeDeps } from '../../usecases/knowledge.ts';
import type { ConversationDeps } from '../../usecases/conversations.ts';
import type { Limits } from '../../usecases/limits.ts';
import type { Spending } from '../../usecases/spending.ts';
import type { Listening } from '../../usecases/listening.ts';
import type { WidgetDeps } from '../../usecases/widgets.ts';

export interface HttpDeps extends AccountDeps, WidgetDeps, KnowledgeDeps, ConversationDeps, FileDeps {
  config: Pick<Config, 'trustProxy' | 'limits' | 'host' | 'publicUrl' | 'hosts' | 'metricsToken'>;
  log: Log;
  identities: Identities;
  metrics: Metrics & { render(): Promise<{ contentType: string; body: string }> };
  model: Model;
  /** Refuses visitors while there is too much to do. */
  admission: Admission;
  limits: Limits;
  /** Who is not served. */
  bans: Bans;
  /** Counts over all nodes, where there are several. */
  counter?: SharedCounter | undefined;
  spending: Spending;
  /** Conversations as this node hears them, for calls that wait for an answer. */
  listening: Listening;
  /** How long such a call waits at most, ms. Default 25,000. */
  turnMs?: number;
  /** False while starting or draining. */
  isReady(): boolean;
  /** Where the built pages, console and widget lie. */
  distDir: string;
}
