// A score of 0 to 100: the number, and how far along it is.

/** `label`: for screen readers, where no word beside it names the score. */
export const Score = ({ label, value }: { label?: string; value: number }) => {
  const score = Math.max(0, Math.min(100, Math.round(value)));
  return (
    <span class="inline-flex items-center gap-2">
      <svg width="48" height="4" viewBox="0 0 48 4" aria-hidden="true" class="shrink-0">
        <rect width="48" height="4" rx="2" class="fill-current opacity-20" />
        <rect width={(score * 48) / 100} height="4" rx="2" class="fill-held" />
      </svg>
      <span class="text-small tabular-nums">
        {label !== undefined && <span class="sr-only">{label} </span>}
        {score}
        <span class="sr-only"> of 100</span>
      </span>
    </span>
  );
};
