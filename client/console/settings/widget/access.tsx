// Where a widget may run, and what it keeps to itself.
import { Switch, TextField } from '../../ui/field.tsx';
import { Card } from '../layout.tsx';
import { ListEditor } from '../list-editor.tsx';
import type { PartProps } from './form.ts';

export const Access = ({ form }: PartProps) => (
  <>
    <Card title="Where it may run">
      <ListEditor
        label="Domains"
        hint="Empty: every domain. *.example.com is every subdomain, but not example.com itself."
        items={form.value.allowedDomains}
        most={100}
        maxLength={300}
        placeholder="www.example.com"
        addText="Add a domain"
        problem={form.problem('allowedDomains')}
        {...form.list('allowedDomains')}
      />
    </Card>
    <Card title="Privacy">
      <Switch
        label="Show what visitors are typing"
        hint="Your team sees the text before it is sent; the widget says so to the visitor. It is never stored."
        {...form.toggle('typingPreview')}
      />
      <TextField label="Privacy page" type="url" placeholder="https://" maxLength={2048} {...form.text('privacyUrl')} />
      <Switch label="Hide “Tiller” under the composer" {...form.toggle('hideBranding')} />
    </Card>
  </>
);
