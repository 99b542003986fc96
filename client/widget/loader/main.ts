// The embed script: a global function, one small request and a launcher. No socket, no storage, no panel before it is wanted.
import { globals, own, read } from '../../page.ts';
import { widgetMethods } from '../contract.ts';
import type { InitOptions } from '../contract.ts';
import { createEmitter } from './events.ts';
import { installApi } from './queue.ts';
import { locate } from './script.ts';
import { createWidget } from './widget.ts';
import type { Widget } from './widget.ts';

const start = (): void => {
  const here = locate(
    read('currentScript'),
    read('querySelectorAll')<HTMLElement>('script[data-widget-key]'),
    globals['PatWidget'],
    `${new Error('here').stack}`,
  );
  if (!here) return console.warn('Tiller: embed this script by its whole address');
  const { origin, name, widgetKey } = here;
  const events = createEmitter();
  /** What was called before there was a widget to call it on. */
  let early: [string, unknown[]][] = [];
  let widget: Widget | undefined;

  const destroy = (): void => {
    widget?.destroy();
    widget = undefined;
    early = [];
  };
  const init = (given: unknown): void => {
    const options = own(given as InitOptions);
    if (typeof options.widgetKey !== 'string' || widget?.widgetKey === options.widgetKey) return;
    widget?.destroy();
    widget = createWidget(origin, options as InitOptions, events.emit);
    for (const [method, args] of early.splice(0)) widget.call(method, args);
  };

  const isNew = installApi(globals, name, widgetMethods, (method, args) => {
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
        return init(first);
      case 'boot':
        init(first);
    }
    if (widget) widget.call(method, args);
    else early.push([method, args]);
  });
  if (isNew && widgetKey && !widget) init({ widgetKey });
};

start();
