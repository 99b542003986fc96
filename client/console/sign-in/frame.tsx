// The frame of the pages before the console: one card, one thing to do.
import type { ComponentChildren } from 'preact';

export const Frame = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <main class="flex h-full items-center justify-center overflow-y-auto p-4">
    <div class="my-auto w-full max-w-100 rounded-card border border-line bg-surface p-8 max-sm:p-6">
      <span
        class="mb-6 inline-flex size-10 items-center justify-center rounded-card bg-fill text-on-fill"
        aria-hidden="true"
      >
        <svg
          width="24"
          height="24"
          viewBox="0 0 24 24"
          fill="none"
          stroke="currentColor"
          stroke-width="2"
          stroke-linecap="round"
        >
          <path d="M12 7a5 5 0 1 0 0 10a5 5 0 1 0 0-10M12 2.500v19M2.500 12h19M5.300 5.300l13.400 13.400M18.700 5.300L5.300 18.700" />
        </svg>
      </span>
      <h1 class="mb-2 text-title font-semibold">{title}</h1>
      {children}
    </div>
  </main>
);
