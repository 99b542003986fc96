// What comes with a message: where it is from, and files.
import type { FactOf, Source } from '../../../../shared/facts.ts';
import type { Words } from '../i18n/words.ts';
import { pageHref, safeHref } from '../../../../shared/href.ts';
import { Icon } from './icon.tsx';

const SHOWN_SOURCES = 3;
const rel = 'noopener noreferrer nofollow';

export const Sources = ({ sources, words }: { sources: Source[]; words: Words }) => (
  <div class="sources" role="group" aria-label={words.sources}>
    {sources.slice(0, SHOWN_SOURCES).map(({ title, url }, index) => {
      const href = url === undefined ? null : pageHref(url, location.href);
      // A short title would gain nothing from being cut.
      const chip = title.length <= 12 ? 'chip short' : 'chip';
      return href === null ? (
        <span class={chip} key={index} title={title}>
          <Icon name="page" />
          <span dir="auto">{title}</span>
        </span>
      ) : (
        <a class={chip} key={index} href={href} target="_blank" rel={rel} title={title}>
          <Icon name="link" />
          <span dir="auto">{title}</span>
          <span class="sr">({words.opensNewTab})</span>
        </a>
      );
    })}
  </div>
);

type FileList = NonNullable<FactOf<'message.created'>['files']>;

export const Files = ({ files }: { files: FileList }) => (
  <div class="chips">
    {files.map(({ id, name, url }) => {
      const href = safeHref(url);
      if (href === null) return null;
      return (
        <a class="chip" key={id} href={href} target="_blank" rel={rel} download={name}>
          <Icon name="page" />
          <span dir="auto">{name}</span>
        </a>
      );
    })}
  </div>
);
