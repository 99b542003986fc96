// The frame of the pages before the console: one card, one thing to do.
import type { ComponentChildren } from 'preact';
import { Logo } from '../ui/logo.tsx';

export const Frame = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <main class="flex h-full items-center justify-center overflow-y-auto p-4">
    <div class="my-auto w-full max-w-100 rounded-card border border-line bg-surface p-8 max-sm:p-6">
      <div class="mb-6">
        <Logo size={40} />
      </div>
      <h1 class="mb-4 text-title font-semibold">{title}</h1>
      {children}
    </div>
  </main>
);
