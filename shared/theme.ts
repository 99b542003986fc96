// From the few colours that an owner chose to every colour the widget paints, in both schemes, all of them readable.
import {
  contrast,
  extremeOn,
  fillWithText,
  flatten,
  hexOf,
  isLight,
  readPaint,
  readable,
  shifted,
  toneOf,
} from './theme-color.ts';
import type { Hex, Paint, Tone } from './theme-color.ts';
import type { SchemeTokens, Theme, WidgetColors } from './widget.ts';

type ColorName = keyof WidgetColors;
type Paints = Partial<Record<ColorName, Paint>>;
type SchemeName = 'light' | 'dark';

/** The brand where the owner gave none that is valid. */
export const DEFAULT_BRAND = '#0f766e';

/** Lightness of the neutrals in OKLCH; their hue is the brand's. */
const ladders = {
  light: { surface: 1, sunken: 0.97, raised: 1, line: 0.9, strong: 0.64, text: 0.22, text2: 0.47 },
  dark: { surface: 0.21, sunken: 0.17, raised: 0.26, line: 0.33, strong: 0.6, text: 0.95, text2: 0.75 },
} as const;
const NEUTRAL_CHROMA = 0.008;
const dangerTones = { light: { l: 0.52, c: 0.19, h: 27 }, dark: { l: 0.75, c: 0.14, h: 27 } };
const successTones = { light: { l: 0.5, c: 0.13, h: 150 }, dark: { l: 0.78, c: 0.14, h: 150 } };
const chipTones = { light: { l: 0.955, c: 0.03 }, dark: { l: 0.31, c: 0.05 } };

/**
 * The theme of a widget. Pure: the same colours give the same theme. Never throws: what is no CSS colour counts as
 * absent. Backgrounds that the owner chose stay (the brand and the visitor's bubble may darken a little for white
 * text), text moves until it reads: 4.5:1 on whatever is behind it; `text` and `text2` 6:1 on `surface` (or black or
 * white, where a middling background allows no more); `strong` and `focus` 3:1.
 * `adjusted` names the given colours that are not used as given in the scheme they were chosen for (that of
 * `background`, else light), and those that were invalid. An empty colour is an absent one.
 */
export const deriveTheme = (colors: WidgetColors): Theme => {
  const adjusted = new Set<string>();
  const paints: Paints = {};
  for (const [name, written] of Object.entries(colors) as [ColorName, string | undefined][]) {
    if (written === undefined || written.trim() === '') continue;
    const paint = readPaint(written);
    if (paint === undefined) adjusted.add(name);
    else paints[name] = paint;
  }
  const background = paints.background && flatten(paints.background, '#ffffff');
  const native: SchemeName = background === undefined || isLight(background) ? 'light' : 'dark';
  const derive = (name: SchemeName) =>
    deriveScheme(name, paints, name === native ? background : undefined, (moved) => {
      if (name === native) adjusted.add(moved);
    });
  return { light: derive('light'), dark: derive('dark'), adjusted: [...adjusted] };
};

const deriveScheme = (
  name: SchemeName,
  paints: Paints,
  background: Hex | undefined,
  onMoved: (color: ColorName) => void,
): SchemeTokens => {
  const brand = paints.primary ? flatten(paints.primary, '#ffffff') : DEFAULT_BRAND;
  const neutrals = deriveNeutrals(name, toneOf(brand), background);
  const { surface, sunken, raised, strong, text2 } = neutrals;

  const given = (color: ColorName, beneath: Hex): Hex | undefined => {
    const paint = paints[color];
    return paint && flatten(paint, beneath);
  };
  const noteMove = (color: ColorName, wanted: Hex | undefined, used: Hex): Hex => {
    if (wanted !== undefined && wanted !== used) onMoved(color);
    return used;
  };
  /** The owner's text colour (or ours) as it can be read on that background. */
  const textOn = (color: ColorName, on: Hex, ours: Hex): Hex => {
    const wanted = given(color, on);
    return noteMove(color, wanted, readable(wanted ?? ours, { on, ratio: 4.5 }));
  };
  /** A fill that keeps its colour where the owner's text reads on it, and is corrected for white text where not. */
  const filled = (wanted: Hex, textColor: ColorName): { fill: Hex; text: Hex } => {
    const text = given(textColor, wanted);
    if (text !== undefined && contrast(text, wanted) >= 4.5) return { fill: wanted, text };
    const corrected = fillWithText(wanted);
    return { fill: corrected.fill, text: textOn(textColor, corrected.fill, corrected.text) };
  };

  const { fill, text: onFill } = fillWithText(brand);
  if (paints.primary) noteMove('primary', brand, fill);
  const hovered = (fill: Hex, text: Hex): Hex =>
    shifted(fill, text === '#ffffff' ? [-0.04, 0.05, 0.2] : [0.04, -0.04], text);
  const lineAround = (fill: Hex): Hex => (contrast(fill, surface) < 1.5 ? strong : 'transparent');

  // It stands on the host's page, of which nothing is known.
  const launch = given('launcher', '#ffffff');
  const launcher = fillWithText(launch ?? brand);
  noteMove('launcher', launch, launcher.fill);

  const header = filled(brand, 'headerText');
  const secondary = given('secondary', surface);
  const visitor = filled(secondary ?? brand, 'userMessageText');
  noteMove('secondary', secondary, visitor.fill);

  const aiBubble = given('botMessage', surface) ?? (name === 'light' ? sunken : raised);
  const csat = given('csatBackground', surface) ?? (name === 'light' ? sunken : raised);
  const brandText = readable(
    brand,
    { on: surface, ratio: 4.5 },
    { on: sunken, ratio: 4.5 },
    { on: raised, ratio: 4.5 },
  );
  const starter = given('starters', surface);
  const onStarter = readable(neutrals.text, { on: starter ?? surface, ratio: 4.5 });
  const chip = given('actionButtons', surface) ?? ownChip(name, toneOf(brand), surface, neutrals.text);
  const avatar = given('avatar', surface) ?? chip;

  return {
    ...neutrals,
    fill,
    onFill,
    fillHover: hovered(fill, onFill),
    fillLine: lineAround(fill),
    brandText,
    focus: readable(brand, { on: surface, ratio: 3 }, { on: sunken, ratio: 3 }),
    header: header.fill,
    onHeader: header.text,
    onHeader2: textOn('statusText', header.fill, flatten({ hex: header.text, alpha: 0.8 }, header.fill)),
    visitorBubble: visitor.fill,
    onVisitorBubble: visitor.text,
    aiBubble,
    onAiBubble: textOn('botMessageText', aiBubble, neutrals.text),
    time: textOn('timestamp', surface, text2),
    chip,
    onChip: readable(brandText, { on: chip, ratio: 4.5 }),
    launcher: launcher.fill,
    onLauncher: launcher.text,
    launcherHover: hovered(launcher.fill, launcher.text),
    launcherLine: lineAround(launcher.fill),
    avatar,
    onAvatar: readable(brandText, { on: avatar, ratio: 4.5 }),
    starter: starter ?? surface,
    onStarter,
    starterHover: starter === undefined ? sunken : hovered(starter, onStarter),
    danger: readable(hexOf(dangerTones[name]), { on: surface, ratio: 4.5 }, { on: sunken, ratio: 4.5 }),
    success: readable(hexOf(successTones[name]), { on: surface, ratio: 4.5 }, { on: sunken, ratio: 4.5 }),
    csat,
    onCsat: textOn('csatText', csat, neutrals.text),
  };
};

type Neutrals = Pick<SchemeTokens, 'surface' | 'sunken' | 'raised' | 'line' | 'strong' | 'text' | 'text2'>;

/** The ladder as listed; around an owner's background the same steps from there, in its own tint if it has one. */
const deriveNeutrals = (name: SchemeName, brand: Tone, background: Hex | undefined): Neutrals => {
  const ladder = ladders[name];
  const c = brand.c === 0 ? 0 : NEUTRAL_CHROMA;
  const neutral = (l: number): Hex => hexOf({ l, c, h: brand.h });
  const surface = background ?? neutral(ladder.surface);
  const text = readable(neutral(ladder.text), { on: surface, ratio: 6 });
  const own = background === undefined ? undefined : toneOf(background);
  const beside = (step: 'sunken' | 'raised' | 'line'): Hex => {
    if (own === undefined) return neutral(ladder[step]);
    const shift = ladder[step] - ladder.surface;
    const tint = own.c > c ? { c: own.c, h: own.h } : { c, h: brand.h };
    const at = (l: number): Hex | undefined => {
      const candidate = l >= 0 && l <= 1 ? hexOf({ l, ...tint }) : surface;
      return step === 'line' || contrast(text, candidate) >= 4.5 ? candidate : undefined;
    };
    if (shift === 0) return surface;
    // On black an even step of L is invisible; near the middle a step towards the text would drown it.
    const l = shift > 0 ? Math.max(own.l + shift, 0.14 + shift) : own.l + shift;
    return at(l) ?? at(own.l - shift) ?? surface;
  };
  const sunken = beside('sunken');
  const raised = beside('raised');
  return {
    surface,
    sunken,
    raised,
    line: beside('line'),
    strong: readable(neutral(ladder.strong), { on: surface, ratio: 3 }),
    text,
    text2: readable(
      neutral(ladder.text2),
      { on: surface, ratio: 6 },
      { on: sunken, ratio: 4.5 },
      { on: raised, ratio: 4.5 },
    ),
  };
};

/** A quiet tint of the brand; the surface itself where the tint would not carry text. */
const ownChip = (name: SchemeName, brand: Tone, surface: Hex, text: Hex): Hex => {
  const { l, c } = chipTones[name];
  const tint = hexOf({ l, c: Math.min(c, brand.c), h: brand.h });
  return extremeOn(tint) === extremeOn(surface) && contrast(text, tint) >= 4.5 ? tint : surface;
};
