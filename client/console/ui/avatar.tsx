// Who is who at a glance, in greyscale too: people are round, the AI is a rounded square with a spark.
import { useState } from 'preact/hooks';
import { isAvatarPath } from '../../../shared/avatars.ts';
import { initialsOf, toneOf } from '../format.ts';
import { Icon } from './icons.tsx';

const tones = [
  'bg-needs-soft text-needs',
  'bg-drafted-soft text-drafted',
  'bg-held-soft text-held',
  'bg-answering-soft text-answering',
  'bg-quiet-soft text-quiet',
] as const;

const box = {
  20: 'size-5 text-[10px]/none',
  24: 'size-6 text-[10px]/none',
  32: 'size-8 text-meta',
  40: 'size-10 text-base',
  56: 'size-14 text-title',
};

export interface AvatarProps {
  name: string;
  /** Chooses the tone, so that a person keeps theirs. */
  id?: string;
  url?: string | undefined;
  size?: keyof typeof box;
}

/** Uploaded pictures only: old messages hold addresses of other hosts, which would learn who looks. */
export const Avatar = ({ name, id = name, url, size = 32 }: AvatarProps) => {
  const [broken, setBroken] = useState('');
  return (
    <span
      aria-hidden="true"
      class={`inline-flex shrink-0 items-center justify-center overflow-hidden rounded-full font-semibold ${box[size]} ${tones[toneOf(id, tones.length)]}`}
    >
      {url !== undefined && isAvatarPath(url) && url !== broken ? (
        <img src={url} alt="" class="size-full object-cover" onError={() => setBroken(url)} />
      ) : (
        initialsOf(name)
      )}
    </span>
  );
};

export const AiAvatar = ({ size = 32 }: { size?: keyof typeof box }) => (
  <span
    aria-hidden="true"
    class={`inline-flex shrink-0 items-center justify-center rounded-control bg-answering-soft text-answering ${box[size]}`}
  >
    <Icon name="spark" size={Math.round(size / 2)} />
  </span>
);
