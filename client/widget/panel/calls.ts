// What a host page may call once the panel is there. A page's mistakes end here, without a throw.
import type { PublicWidget } from '../../../shared/widget.ts';
import { own } from '../../page.ts';
import type { Identity, PanelMethod } from '../contract.ts';
import type { PanelModel } from './model.ts';

const isText = (value: unknown): value is string => typeof value === 'string';

const identityOf = (value: unknown): Identity => {
  const { token, name, email } = own(value as Record<string, unknown>);
  return { ...(isText(token) && { token }), ...(isText(name) && { name }), ...(isText(email) && { email }) };
};

export const answerCall = (
  model: PanelModel,
  method: PanelMethod,
  first: unknown,
  second: unknown,
  close: () => void,
): void => {
  switch (method) {
    case 'send':
      return isText(first) ? model.send(first) : undefined;
    case 'prefill':
      if (isText(first)) model.text.value = first;
      return;
    case 'newConversation':
      return void model.newConversation();
    case 'identify':
      return model.identify(identityOf(first));
    case 'update': {
      const { widget } = own(first as { widget?: PublicWidget });
      if (widget !== undefined) {
        model.widget.value = widget;
        model.availability.value = widget.availability;
      }
      return model.identify(identityOf(first));
    }
    case 'setLocale':
      return isText(first) ? model.setLocale(first) : undefined;
    case 'setTheme':
      if (first === 'auto' || first === 'light' || first === 'dark') model.scheme.value = first;
      return;
    case 'track': {
      const events = [{ type: String(first).slice(0, 40), data: second, timestamp: Date.now() }];
      return void model.client.ask('behavior:track', { events });
    }
    case 'logout':
      model.logout();
      return close();
    default:
      console.warn('Tiller: no such call', method satisfies never);
  }
};
