// The embed script: a global function, one small request and a launcher. No socket, no storage, no panel before it is wanted.
import { widgetMethods } from '../contract.ts';
import type { InitOptions } from '../contract.ts';
import { createEmitter } from './events.ts';
import { installApi } from './queue.ts';
import { findScript, locate } from './script.ts';
import { createWidget } from './widget.ts';
import type { Widget } from './widget.ts';

const start = (): void => {
  const scope = window as unknown as Record<string, unknown>;
  const script = findScript(document, scope['PatWidget']);
  if (!script) return;
  const { origin, name, widgetKey } = locate(script, scope['PatWidget']);
  const events = createEmitter();
  /** What was called before there was a widget to call it on. */
  let early: [string, unknown[]][] = [];
  let widget: Widget | undefined;

  const destroy = (): void => {
    widget?.destroy();
    widget = undefined;
    early = [];
  };
  const init = (options: InitOptions | undefined): void => {
    if (!options?.widgetKey || widget?.widgetKey === options.widgetKey) return;
    widget?.destroy();
    widget = createWidget(origin, options, events.emit);
    for (const [method, args] of early.splice(0)) widget.call(method, args);
  };

  const isNew = installApi(scope, name, widgetMethods, (method, args) => {
    const [first, second] = args;
    switch (method) {
      case 'on':
        return events.on(first, second);
      case 'off':
        return events.off(first, second);
      case 'shutdown':
        widget?.call('logout', []);
        return destroy();
      case 'destroy':
        return destroy();
      case 'init':
        return init(first as InitOptions);
      case 'boot':
        init(first as InitOptions);
    }
    if (widget) widget.call(method, args);
    else early.push([method, args]);
  });
  if (isNew && widgetKey && !widget) init({ widgetKey });
};

start();
