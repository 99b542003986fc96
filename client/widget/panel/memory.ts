// The panel's own small memories (sound, a dismissed card), beside the SDK's and under the same widget.
import type { KeyValueStorage } from '../../sdk/api.ts';

export interface Memory {
  has(name: string): boolean;
  set(name: string, isSet: boolean): void;
}

export const panelMemory = (storage: KeyValueStorage, widgetKey: string): Memory => {
  const key = (name: string): string => `tiller:${widgetKey}:${name}`;
  return {
    has: (name) => storage.getItem(key(name)) !== null,
    set: (name, isSet) => (isSet ? storage.setItem(key(name), '1') : storage.removeItem(key(name))),
  };
};
