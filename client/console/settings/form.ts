// A form over a value: every row gets its value, its problem and its change from here, by the field's name.
import { useState } from 'preact/hooks';
import { messageOf, problemOf } from '../api.ts';
import { mayChange } from './layout.tsx';
import { changed, dropSaved, keepUnsaved, unsavedOf } from './unsaved.ts';

/** The fields of T that hold a V, or may. */
type FieldOf<T, V> = {
  [K in keyof T]-?: Exclude<T[K], undefined> extends V ? K : never;
}[keyof T] &
  string;
type ObjectField<T> = {
  [K in keyof T]-?: T[K] extends object ? (T[K] extends unknown[] ? never : K) : never;
}[keyof T] &
  string;

export interface Form<T extends object> {
  value: T;
  isDisabled: boolean;
  set: (more: Partial<T>) => void;
  /** What the server said of a field. */
  problem: (name: string) => string | undefined;
  /** Props of a text field. */
  text: (name: FieldOf<T, string>) => {
    value: string;
    disabled: boolean;
    error: string | undefined;
    onText: (text: string) => void;
  };
  number: (name: FieldOf<T, number>) => {
    value: number | undefined;
    disabled: boolean;
    error: string | undefined;
    onNumber: (value: number | undefined) => void;
  };
  toggle: (name: FieldOf<T, boolean>) => { isOn: boolean; disabled: boolean; onChange: (isOn: boolean) => void };
  choice: <K extends FieldOf<T, string>>(
    name: K,
  ) => { value: T[K]; disabled: boolean; error: string | undefined; onChoose: (value: T[K]) => void };
  list: <K extends keyof T & string>(name: K) => { isDisabled: boolean; onChange: (value: T[K]) => void };
  /** The form of an object within the value. */
  at: <K extends ObjectField<T>>(name: K) => Form<T[K] & object>;
}

export const formOf = <T extends object>(
  value: T,
  set: (more: Partial<T>) => void,
  around: { isDisabled: boolean; error: unknown; path?: string },
): Form<T> => {
  const { isDisabled, error, path = '' } = around;
  const put = (name: keyof T, next: unknown): void => set({ [name]: next } as unknown as Partial<T>);
  const problem = (name: string): string | undefined => problemOf(error, path + name);
  const common = (name: string) => ({ disabled: isDisabled, error: problem(name) });
  return {
    value,
    isDisabled,
    set,
    problem,
    text: (name) => ({
      ...common(name),
      value: (value[name] as string | undefined) ?? '',
      onText: (text) => put(name, text),
    }),
    number: (name) => ({
      ...common(name),
      value: value[name] as number | undefined,
      onNumber: (number) => put(name, number),
    }),
    toggle: (name) => ({
      isOn: value[name] === true,
      disabled: isDisabled,
      onChange: (isOn) => put(name, isOn),
    }),
    choice: (name) => ({ ...common(name), value: value[name], onChoose: (chosen) => put(name, chosen) }),
    list: (name) => ({ isDisabled, onChange: (next) => put(name, next) }),
    at: (name) =>
      formOf(value[name] as (typeof value)[typeof name] & object, (more) => put(name, { ...value[name], ...more }), {
        ...around,
        path: `${path}${name}.`,
      }),
  };
};

export interface Editing<T extends object> {
  form: Form<T>;
  /** What differs from the stored value. */
  changes: Partial<T>;
  /** Of the last attempt to save. */
  error: unknown;
  /** Props of the `SaveBar`. */
  bar: { isDirty: boolean; isBusy: boolean; error: string | null; onSave: () => void; onDiscard: () => void };
}

/**
 * Edits a stored value: changes are kept under `key` while the page lives, and saved together.
 * @param store sends the changes and keeps what came back; @throws what `messageOf` tells
 */
export const useEditing = <T extends object>(
  key: string,
  stored: T,
  store: (changes: Partial<T>) => Promise<void>,
): Editing<T> => {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const changes = unsavedOf<T>(key);
  const save = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await store(changes);
      dropSaved(key, changes);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const form = formOf<T>(
    { ...stored, ...changes },
    (more) => keepUnsaved(key, changed(stored, unsavedOf<T>(key), more)),
    { isDisabled: !mayChange(), error },
  );
  return {
    form,
    changes,
    error,
    bar: {
      isDirty: Object.keys(changes).length > 0,
      isBusy,
      error: error === null ? null : messageOf(error),
      onSave: () => void save(),
      onDiscard: () => {
        keepUnsaved(key, {});
        setError(null);
      },
    },
  };
};
