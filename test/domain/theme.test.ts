import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contrast } from '../../shared/theme-color.ts';
import { DEFAULT_BRAND, deriveTheme } from '../../shared/theme.ts';
import { theme as themeSchema } from '../../shared/widget.ts';
import type { SchemeTokens, Theme, WidgetColors } from '../../shared/widget.ts';

/** Every pair that the widget paints, with the least contrast it promises. */
const pairs: [text: keyof SchemeTokens, on: keyof SchemeTokens, ratio: number][] = [
  ['text', 'surface', 6],
  ['text', 'sunken', 4.5],
  ['text', 'raised', 4.5],
  ['text2', 'surface', 6],
  ['text2', 'sunken', 4.5],
  ['text2', 'raised', 4.5],
  ['brandText', 'surface', 4.5],
  ['brandText', 'sunken', 4.5],
  ['brandText', 'raised', 4.5],
  ['onFill', 'fill', 4.5],
  ['onFill', 'fillHover', 4.5],
  ['onHeader', 'header', 4.5],
  ['onHeader2', 'header', 4.5],
  ['onVisitorBubble', 'visitorBubble', 4.5],
  ['onAiBubble', 'aiBubble', 4.5],
  ['onChip', 'chip', 4.5],
  ['onLauncher', 'launcher', 4.5],
  ['onLauncher', 'launcherHover', 4.5],
  ['onAvatar', 'avatar', 4.5],
  ['onStarter', 'starter', 4.5],
  ['onStarter', 'starterHover', 4.5],
  ['onCsat', 'csat', 4.5],
  ['time', 'surface', 4.5],
  ['danger', 'surface', 4.5],
  ['success', 'surface', 4.5],
  ['strong', 'surface', 3],
  ['focus', 'surface', 3],
];

/** What cannot be read, as sentences; no colour reaches 6:1 on a middling background, black or white is the best there. */
const unreadable = (theme: Theme): string[] =>
  (['light', 'dark'] as const).flatMap((scheme) =>
    pairs.flatMap(([text, on, ratio]) => {
      const tokens = theme[scheme];
      const reached = contrast(tokens[text], tokens[on]);
      const isBest = ratio > 4.5 && reached >= 4.5 && ['#000000', '#ffffff'].includes(tokens[text]);
      return reached >= ratio || isBest ? [] : [`${scheme}: ${text} on ${on} has ${reached.toFixed(2)}`];
    }),
  );

const example002: WidgetColors = {
  background: '#FFFFFF',
  primary: '#1F2937',
  secondary: '#3B82F6',
  headerText: '#FFFFFF',
  statusText: '#6B7280',
  timestamp: '#9CA3AF',
  csatBackground: '#F3F4F6',
  csatText: '#111827',
};

const hex = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);
const channel = fc.integer({ min: -20, max: 400 });
const written = fc.oneof(
  { weight: 6, arbitrary: hex },
  {
    weight: 2,
    arbitrary: fc.tuple(hex, fc.integer({ min: 0, max: 255 })).map(([h, a]) => h + a.toString(16).padStart(2, '0')),
  },
  { weight: 2, arbitrary: fc.tuple(channel, channel, channel).map((c) => `rgb(${c.join(' ')} / 40%)`) },
  { weight: 2, arbitrary: fc.tuple(channel, channel).map(([c, h]) => `oklch(${c}% ${c / 100} ${h}deg)`) },
  { weight: 1, arbitrary: fc.tuple(channel, channel).map(([a, b]) => `color(display-p3 ${a / 100} 1 ${b / 100})`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('red', 'transparent', 'currentColor', 'constructor', '__proto__', 'toString', ''),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'lab(1e400 0 0)',
      '/1e',
      'oklch(none none none)',
      'rgb(NaN 0 0)',
      'hsl(1e308 9% 9%)',
      '#12',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 64 }) },
);
const optionalColor = fc.option(written, { nil: undefined });
const colors = fc
  .record({
    primary: written,
    secondary: optionalColor,
    background: optionalColor,
    headerText: optionalColor,
    botMessage: optionalColor,
    botMessageText: optionalColor,
    userMessageText: optionalColor,
    statusText: optionalColor,
    timestamp: optionalColor,
    actionButtons: optionalColor,
    csatBackground: optionalColor,
    csatText: optionalColor,
  })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as WidgetColors);

describe('every colour of a widget', () => {
  it('reaches its contrast in both schemes, whatever the owner wrote', () => {
    fc.assert(
      fc.property(colors, (input) => {
        const theme = deriveTheme(input);
        expect(unreadable(theme)).toEqual([]);
        expect(themeSchema.parse(theme)).toEqual(theme);
        for (const tokens of [theme.light, theme.dark]) {
          for (const [name, value] of Object.entries(tokens)) {
            if ((name === 'fillLine' || name === 'launcherLine') && value === 'transparent') continue;
            expect(`${name} ${value}`).toMatch(/^\w+ #[0-9a-f]{6}$/);
          }
        }
        expect(theme.adjusted.every((name) => name in input)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('is the same for the same input', () => {
    fc.assert(
      fc.property(colors, (input) => {
        expect(deriveTheme({ ...input })).toEqual(deriveTheme(input));
      }),
      { numRuns: 50 },
    );
  });

  it.each(['#FFD400', '#1F2937', '#FFFFFF', '#000000', '#808080', '#777777', '#3B82F6', '#4f46e5'])(
    'is readable with %s as the only colour given',
    (primary) => {
      const theme = deriveTheme({ primary });
      expect(unreadable(theme)).toEqual([]);
      expect(theme.light.fillHover).not.toBe(theme.light.fill);
    },
  );

  it.each(['#000000', '#767676', '#7a7a7a', '#FFF5E0', '#FFFFFF', '#14213d', '#ff0000'])(
    'is readable on the background %s',
    (background) => {
      expect(unreadable(deriveTheme({ primary: '#FFD400', background }))).toEqual([]);
    },
  );
});

describe('the example of PUT /api/webchats', () => {
  const theme = deriveTheme(example002);

  it('darkens #3B82F6 to #2b72e5, so that white text reads on the bubble', () => {
    expect(theme.light.visitorBubble).toBe('#2b72e5');
    expect(theme.light.onVisitorBubble).toBe('#ffffff');
  });

  it('corrects #6B7280 on #1F2937, which has 3.0', () => {
    expect(contrast('#6B7280', '#1F2937')).toBeCloseTo(3, 0);
    expect(theme.light.header).toBe('#1f2937');
    expect(theme.light.onHeader2).not.toBe('#6b7280');
    expect(contrast(theme.light.onHeader2, '#1f2937')).toBeGreaterThanOrEqual(4.5);
  });

  it('corrects #9CA3AF on white, which has 2.5', () => {
    expect(contrast('#9CA3AF', '#FFFFFF')).toBeCloseTo(2.5, 1);
    expect(theme.light.time).not.toBe('#9ca3af');
    expect(contrast(theme.light.time, '#ffffff')).toBeGreaterThanOrEqual(4.5);
  });

  it('names exactly what it corrected, and keeps the rest as given', () => {
    expect(theme.adjusted.sort()).toEqual(['secondary', 'statusText', 'timestamp']);
    expect(theme.light).toMatchObject({ surface: '#ffffff', fill: '#1f2937', onHeader: '#ffffff' });
    expect(theme.light).toMatchObject({ csat: '#f3f4f6', onCsat: '#111827' });
    expect(unreadable(theme)).toEqual([]);
  });
});

describe('the brand', () => {
  it('keeps its colour under white text where that reads, and under black where white cannot', () => {
    expect(deriveTheme({ primary: '#4f46e5' }).light).toMatchObject({ fill: '#4f46e5', onFill: '#ffffff' });
    expect(deriveTheme({ primary: '#FFD400' }).light).toMatchObject({ fill: '#ffd400', onFill: '#000000' });
    expect(deriveTheme({ primary: '#FFD400' }).adjusted).toEqual([]);
  });

  it('gives the launcher, the sign of the AI and the opening messages colours of their own', () => {
    const plain = deriveTheme({ primary: '#0f766e' });
    for (const tokens of [plain.light, plain.dark]) {
      expect(tokens).toMatchObject({
        launcher: tokens.fill,
        onLauncher: tokens.onFill,
        launcherHover: tokens.fillHover,
        avatar: tokens.chip,
        onAvatar: tokens.onChip,
        starter: tokens.surface,
        onStarter: tokens.text,
        starterHover: tokens.sunken,
      });
    }
    const own = deriveTheme({ primary: '#0f766e', launcher: 'gold', avatar: '#123456', starters: 'mistyrose' });
    for (const tokens of [own.light, own.dark]) {
      expect(tokens).toMatchObject({ launcher: '#ffd700', avatar: '#123456', starter: '#ffe4e1' });
      expect(tokens.fill).toBe(plain.light.fill);
    }
    expect(deriveTheme({ primary: '#0f766e', launcher: 'mauve-ish' }).adjusted).toEqual(['launcher']);
  });

  it('gets a border where the surface would swallow it, and none where it stands out', () => {
    const white = deriveTheme({ primary: '#FFFFFF' });
    expect(white.light.fillLine).toBe(white.light.strong);
    expect(white.dark.fillLine).toBe('transparent');
    const slate = deriveTheme({ primary: '#1F2937' });
    expect(slate.light.fillLine).toBe('transparent');
    expect(slate.dark.fillLine).toBe(slate.dark.strong);
  });

  it('tints the neutrals with its hue, and a grey brand tints nothing', () => {
    expect(deriveTheme({ primary: '#0055ff' }).light.sunken).not.toBe(deriveTheme({ primary: '#ff5500' }).light.sunken);
    expect(deriveTheme({ primary: '#808080' }).dark.surface).toMatch(/^#(..)\1\1$/);
  });
});

describe('what an owner chose', () => {
  it('applies a background to the scheme it suits, and derives the other', () => {
    const cream = deriveTheme({ primary: '#4f46e5', background: '#FFF5E0' });
    expect(cream.light.surface).toBe('#fff5e0');
    expect(cream.dark).toEqual(deriveTheme({ primary: '#4f46e5' }).dark);
    const night = deriveTheme({ primary: '#4f46e5', background: '#101828' });
    expect(night.dark.surface).toBe('#101828');
    expect(night.light).toEqual(deriveTheme({ primary: '#4f46e5' }).light);
  });

  it('keeps backgrounds and moves the text on them', () => {
    const theme = deriveTheme({ primary: '#4f46e5', botMessage: '#FDE68A', botMessageText: '#FFFFFF' });
    expect(theme.light.aiBubble).toBe('#fde68a');
    expect(theme.light.onAiBubble).not.toBe('#ffffff');
    expect(theme.adjusted).toEqual(['botMessageText']);
  });

  it('keeps a bubble that the given text reads on, though white would not', () => {
    const theme = deriveTheme({ primary: '#1F2937', secondary: '#3B82F6', userMessageText: '#000000' });
    expect(theme.light).toMatchObject({ visitorBubble: '#3b82f6', onVisitorBubble: '#000000' });
    expect(theme.adjusted).toEqual([]);
  });

  it('falls back to black or white where no shade of the text reaches its ratio', () => {
    expect(deriveTheme({ primary: '#4f46e5', background: '#777777' }).light.text).toBe('#000000');
    expect(deriveTheme({ primary: '#4f46e5', background: '#6a6a6a' }).dark.text).toBe('#ffffff');
  });

  it('flattens opacity over what lies beneath', () => {
    const theme = deriveTheme({ primary: '#1F2937', botMessage: '#0000001a', background: '#ffffff00' });
    expect(theme.light.surface).toBe('#ffffff');
    expect(theme.light.aiBubble).toBe('#e5e5e5');
    expect(theme.adjusted).toEqual([]);
  });

  it.each(['oklch(.5 1e400 30)', 'color(display-p3 1e400 1 1)', '/1e', 'constructor', 'rgb(', '#12'])(
    'takes %s for no colour, and ends',
    (primary) => {
      expect(deriveTheme({ primary }).adjusted).toEqual(['primary']);
    },
  );

  it('fits colours that no screen can show', () => {
    const theme = deriveTheme({ primary: 'color(display-p3 0 0.2 1)', secondary: 'oklch(0.6 1e308 30)' });
    expect(theme.adjusted.filter((name) => name !== 'secondary')).toEqual([]);
    expect(unreadable(theme)).toEqual([]);
  });

  it('drops what is no colour and names it; an empty one is merely absent', () => {
    const theme = deriveTheme({ primary: 'constructor', secondary: 'blurple', timestamp: '' });
    expect(theme.adjusted).toEqual(['primary', 'secondary']);
    expect(theme.light).toEqual(deriveTheme({ primary: DEFAULT_BRAND }).light);
  });
});
