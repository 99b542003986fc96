// What the HTTP edge needs; `compose` hands it over.
import type { Config } from '../../config.ts';
import type { Identities } from '../../ports/identity.ts';
import type { Model } from '../../ports/model.ts';
import type { Log, Metrics } from '../../ports/telemetry.ts';
import type { AccountDeps } from '../../usecases/accounts.ts';
import type { KnowledgeDeps } from '../../usecases/knowledge.ts';
import type { WidgetDeps } from '../../usecases/widgets.ts';

export interface HttpDeps extends AccountDeps, WidgetDeps, KnowledgeDeps {
  config: Pick<Config, 'trustProxy' | 'limits'>;
  log: Log;
  identities: Identities;
  metrics: Metrics & { render(): Promise<{ contentType: string; body: string }> };
  /** Only its name, which staff may see. */
  model: Pick<Model, 'name'>;
  /** False while starting or draining. */
  isReady(): boolean;
  /** Where the built pages, console and widget lie. */
  distDir: string;
}
