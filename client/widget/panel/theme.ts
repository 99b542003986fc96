// The server's colour tokens as custom properties. The root's class says which scheme holds.
import type { SchemeTokens, Theme } from '../../../shared/widget.ts';

const names: Record<keyof SchemeTokens, string> = {
  surface: 'surface',
  sunken: 'sunken',
  raised: 'raised',
  line: 'line',
  strong: 'strong',
  text: 'text',
  text2: 'text2',
  fill: 'fill',
  onFill: 'on-fill',
  fillHover: 'fill-hover',
  fillLine: 'fill-line',
  brandText: 'brand-text',
  focus: 'focus',
  header: 'header',
  onHeader: 'on-header',
  onHeader2: 'on-header2',
  visitorBubble: 'visitor',
  onVisitorBubble: 'on-visitor',
  aiBubble: 'ai',
  onAiBubble: 'on-ai',
  time: 'time',
  chip: 'chip',
  onChip: 'on-chip',
  launcher: 'launcher',
  onLauncher: 'on-launcher',
  launcherHover: 'launcher-hover',
  launcherLine: 'launcher-line',
  avatar: 'avatar',
  onAvatar: 'on-avatar',
  starter: 'starter',
  onStarter: 'on-starter',
  starterHover: 'starter-hover',
  danger: 'danger',
  success: 'success',
  csat: 'csat',
  onCsat: 'on-csat',
};

/** Only what looks like a colour of ours gets into a style sheet: these strings come over the network. */
const isColor = (value: unknown): value is string =>
  typeof value === 'string' && /^(#[\da-f]{3,8}|transparent)$/i.test(value);

/** A bubble of the surface's own colour would be text without a bubble. */
const bubbleLine = (tokens: SchemeTokens): string => {
  if (tokens.visitorBubble === tokens.surface) return tokens.strong;
  return tokens.visitorBubble === tokens.fill ? tokens.fillLine : 'transparent';
};

const block = (tokens: SchemeTokens): string =>
  [...Object.entries(names), ['bubbleLine', 'visitor-line'] as const]
    .map(
      ([token, name]) =>
        [name, token === 'bubbleLine' ? bubbleLine(tokens) : tokens[token as keyof SchemeTokens]] as const,
    )
    .filter(([, value]) => isColor(value))
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');

export const themeCss = ({ light, dark }: Theme): string =>
  `.root{color-scheme:light;${block(light)}}.root.dark{color-scheme:dark;${block(dark)}}`;
