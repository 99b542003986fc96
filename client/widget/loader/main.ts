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
  if (script === null) return console.warn('Tiller: the script element was not found');
  const here = locate(script, scope['PatWidget']);
  const events = createEmitter();
  let widget: Widget | undefined;
  let early: [string, unknown[]][] = [];

  const destroy = (): void => {
    widget?.destroy();
    widget = undefined;
    early = [];
  };
  const init = (options: InitOptions | undefined): void => {
    if (typeof options?.widgetKey !== 'string') return console.warn('Tiller: init needs a widgetKey');
    if (widget?.widgetKey === options.widgetKey) return;
    widget?.destroy();
    widget = createWidget(here.origin, options, events);
    for (const [method, args] of early.splice(0)) widget.call(method, args);
  };

  const handle = (method: string, args: unknown[]): unknown => {
    switch (method) {
      case 'on':
        return events.on(args[0], args[1]);
      case 'off':
        return events.off(args[0], args[1]);
      case 'init':
        return init(args[0] as InitOptions);
      case 'destroy':
        return destroy();
      case 'shutdown':
        widget?.call('logout', []);
        return destroy();
      case 'boot':
        if (widget === undefined || args[0] !== undefined) init(args[0] as InitOptions);
    }
    if (widget === undefined) early.push([method, args]);
    else widget.call(method, args);
  };

  if (!installApi(scope, here.name, widgetMethods, handle)) return;
  if (here.widgetKey !== undefined && widget === undefined) init({ widgetKey: here.widgetKey });
};

start();
