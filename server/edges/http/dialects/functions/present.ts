// A widget as contract 000 shows it.
import type { z } from 'zod';
import type { Widget } from '../../../../../shared/widget.ts';
import { embedCode } from '../../../../domain/widget.ts';
import type { HttpDeps } from '../../deps.ts';
import { valuesOf } from '../fields.ts';
import { functionsFields } from './fields.ts';
import type { widgetBody } from './schema.ts';

type Body = z.input<typeof widgetBody>;
type Values = Omit<Body, 'id' | 'widget_key' | 'embed_code' | 'created_at'>;

/** `2024-01-15T10:30:00Z`. */
export const stampOf = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');

/** @param agentUuid the public id of an assistant of this organisation by its inner id */
export const presented = (deps: HttpDeps, widget: Widget, agentUuid: (id: string) => string | undefined): Body => {
  const values = valuesOf(functionsFields, 'functions', widget) as Values;
  return {
    ...values,
    id: widget.uuid,
    widget_key: widget.widgetKey,
    agent_id: agentUuid(widget.assistantId) ?? '',
    embed_code: embedCode(deps.baseUrl(), widget.widgetKey),
    created_at: stampOf(widget.createdAt),
  };
};
