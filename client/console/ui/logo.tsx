// The mark: a ship's wheel.

/** Spokes from the hub to beyond the rim, at every eighth of the round. */
const spokes = Array.from({ length: 8 }, (_, index) => {
  const angle = (index * Math.PI) / 4;
  const at = (radius: number): string =>
    `${(12 + radius * Math.cos(angle)).toFixed(2)} ${(12 + radius * Math.sin(angle)).toFixed(2)}`;
  return `M${at(3.4)}L${at(10)}`;
}).join('');

export const Logo = ({ size }: { size: 32 | 40 }) => (
  <span
    aria-hidden="true"
    class={`inline-flex shrink-0 items-center justify-center bg-fill text-on-fill ${
      size === 32 ? 'size-8 rounded-control' : 'size-10 rounded-card'
    }`}
  >
    <svg
      width={size * 0.65}
      height={size * 0.65}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
    >
      <circle cx="12" cy="12" r="6.5" />
      <circle cx="12" cy="12" r="1.75" fill="currentColor" stroke="none" />
      <path d={spokes} />
    </svg>
  </span>
);
