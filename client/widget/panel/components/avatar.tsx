// Who speaks, tellable without colour: the AI is a rounded square with a spark, a person a circle.
import { useState } from 'preact/hooks';
import { Icon } from './icon.tsx';

const initials = (name: string): string =>
  name
    .trim()
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => String.fromCodePoint(word.codePointAt(0) ?? 32))
    .join('')
    .toLocaleUpperCase();

/** Addresses of pictures come from the server; anything but http(s) is not one. */
const isPicture = (url: string | undefined): url is string => {
  try {
    return url !== undefined && /^https?:$/.test(new URL(url).protocol);
  } catch {
    return false;
  }
};

interface AvatarProps {
  kind: 'ai' | 'agent' | 'team';
  name: string;
  url?: string | undefined;
}

export const Avatar = ({ kind, name, url }: AvatarProps) => {
  // The host's policy may forbid the picture: initials or the spark then.
  const [broken, setBroken] = useState('');
  return (
    <span class={`avatar ${kind}`} aria-hidden="true">
      {isPicture(url) && url !== broken ? (
        <img src={url} alt="" onError={() => setBroken(url)} />
      ) : kind === 'ai' ? (
        <Icon name="spark" />
      ) : kind === 'team' || name === '' ? (
        <Icon name="people" />
      ) : (
        initials(name)
      )}
    </span>
  );
};
