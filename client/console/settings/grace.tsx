// For how long what is rotated works on.
import { SelectField } from '../ui/field.tsx';

export const GraceField = ({
  what,
  value,
  onChoose,
}: {
  /** `key`, for the sentence under it. */
  what: string;
  value: number;
  onChoose: (seconds: number) => void;
}) => (
  <SelectField
    label={`The old ${what} stops working`}
    value={String(value)}
    options={[
      { value: '0', text: 'At once' },
      { value: '3600', text: 'In an hour' },
      { value: '86400', text: 'In a day' },
    ]}
    hint={
      value === 0
        ? 'Whatever uses it now is cut off: for a key that leaked.'
        : 'Time to put the new one in its place; both work until then.'
    }
    onChoose={(text) => onChoose(Number(text))}
  />
);
