// A curve as a plain SVG: axes from zero, one line per series, readable in light and dark.
import type { Curve } from './result.ts';

const size = { width: 640, height: 380, left: 70, right: 150, top: 44, bottom: 52 } as const;
const colors = ['#3b7dd8', '#d9682b', '#2f9e5b', '#9a4fc9'];

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** A round number that is not below `value`. */
const ceiling = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value) ?? 10 * power;
};

export const svgOf = ({ title, x, y, series }: Curve): string => {
  const points = series.flatMap((one) => one.points);
  const maxX = Math.max(1, ...points.map(([at]) => at));
  const maxY = ceiling(Math.max(...points.map(([, value]) => value)));
  const { width, height, left, right, top, bottom } = size;
  const placeX = (at: number): number => left + (at / maxX) * (width - left - right);
  const placeY = (value: number): number => height - bottom - (value / maxY) * (height - top - bottom);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * maxY);
  const marks = [...new Set(points.map(([at]) => at))];
  const grid = ticks.map(
    (tick) =>
      `<line x1="${left}" x2="${width - right}" y1="${placeY(tick)}" y2="${placeY(tick)}" stroke="#8884"/>` +
      `<text x="${left - 8}" y="${placeY(tick) + 4}" text-anchor="end">${Number(tick.toPrecision(3))}</text>`,
  );
  const labels = marks.map(
    (at, i) =>
      `<text x="${placeX(at)}" y="${height - bottom + 18 + (i % 2) * 12}" text-anchor="middle">${at.toLocaleString('en')}</text>`,
  );
  const lines = series.map((one, i) => {
    const color = colors[i % colors.length]!;
    const path = one.points.map(([at, value]) => `${placeX(at).toFixed(1)},${placeY(value).toFixed(1)}`).join(' ');
    const last = one.points.at(-1)!;
    const dots = one.points.map(
      ([at, value]) =>
        `<circle cx="${placeX(at).toFixed(1)}" cy="${placeY(value).toFixed(1)}" r="3.5" fill="${color}"/>`,
    );
    const label = `<text x="${width - right + 10}" y="${placeY(last[1]) + 4}" fill="${color}">${escaped(one.name)}</text>`;
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>${dots.join('')}${label}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#777">`,
    `<text x="${left}" y="24" font-size="15" font-weight="600">${escaped(title)}</text>`,
    ...grid,
    ...labels,
    ...lines,
    `<text x="${left}" y="${height - 8}">${escaped(x)}</text>`,
    `<text x="14" y="${height - bottom}" transform="rotate(-90 14 ${height - bottom})">${escaped(y)}</text>`,
    '</svg>',
    '',
  ].join('\n');
};
