// Dialogs that ask for something and do it: a form, a question before something is gone, a secret shown once.
import type { ComponentChildren } from 'preact';
import { messageOf, problemsOf } from '../api.ts';
import { Button } from './button.tsx';
import { CodeBlock } from './copy.tsx';
import { Dialog } from './dialog.tsx';
import { Notice } from './feedback.tsx';
import { useSubmit } from './use-submit.ts';

interface FormDialogProps {
  title: string;
  /** What the button says. */
  submit: string;
  /** Whether enough is filled in. */
  isReady?: boolean;
  isDanger?: boolean;
  width?: 'narrow' | 'wide';
  /** What the button does; the dialog closes where its caller closes it. @throws whatever `messageOf` can tell */
  run: () => Promise<void>;
  onClose: () => void;
  /** Drawn with the last failure, for `problemOf` at each field. */
  children: (error: unknown) => ComponentChildren;
  /** Fields that show their own problem: a failure that names only these is not told twice. */
  fields?: readonly string[];
}

export const FormDialog = (props: FormDialogProps) => {
  const {
    title,
    submit,
    isReady = true,
    isDanger = false,
    width = 'narrow',
    run,
    onClose,
    children,
    fields = [],
  } = props;
  const { isBusy, error, onSubmit } = useSubmit(run, { isReady, staysBusy: true });
  const problems = problemsOf(error);
  const isTold = problems.length > 0 && problems.every(({ path }) => fields.includes(path));
  return (
    <Dialog title={title} width={width} onClose={onClose}>
      <form noValidate class="flex min-h-0 flex-col" onSubmit={onSubmit}>
        <div class="thin-scroll flex min-h-0 flex-col gap-4 overflow-y-auto px-5 pt-1 pb-4">
          {error !== null && !isTold && <Notice>{messageOf(error)}</Notice>}
          {children(error)}
        </div>
        <div class="flex shrink-0 flex-wrap justify-end gap-2 px-5 pb-5">
          <Button look="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look={isDanger ? 'danger' : 'primary'} isBusy={isBusy} disabled={!isReady}>
            {submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
};

/** A question before something is gone. */
export const Confirm = ({
  children,
  ...rest
}: Omit<FormDialogProps, 'children' | 'isDanger' | 'isReady' | 'fields'> & { children: ComponentChildren }) => (
  <FormDialog {...rest} isDanger>
    {() => <div class="flex flex-col gap-2 break-words">{children}</div>}
  </FormDialog>
);

/** Something that the server keeps no readable copy of. */
export const SecretOnce = ({
  title,
  label,
  secret,
  warning,
  onClose,
  children,
}: {
  title: string;
  label: string;
  secret: string;
  warning: string;
  onClose: () => void;
  children?: ComponentChildren;
}) => (
  <Dialog title={title} width="wide" onClose={onClose}>
    <div class="thin-scroll flex min-h-0 flex-col gap-4 overflow-y-auto px-5 pb-5" data-secret>
      <Notice tone="warn" icon="lock">
        {warning}
      </Notice>
      <CodeBlock label={label} text={secret} isWrapped />
      {children}
      <Button look="primary" class="self-end" onClick={onClose}>
        Done
      </Button>
    </div>
  </Dialog>
);
