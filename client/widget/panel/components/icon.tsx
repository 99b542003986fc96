// The few line icons of the panel, drawn in the colour of their text.

const paths = {
  close: 'M6 6l12 12M18 6 6 18',
  more: 'M5 12h.01M12 12h.01M19 12h.01M5 11.5v1M12 11.5v1M19 11.5v1M4.5 12h1M11.5 12h1M18.5 12h1',
  send: 'M12 19V5M5.5 11.5 12 5l6.5 6.5',
  down: 'M12 5v14M5.5 12.5 12 19l6.5-6.5',
  next: 'm9 6 6 6-6 6',
  back: 'm15 6-6 6 6 6',
  spark: 'M12 3c.6 5 3 7.4 8 8.5-5 1.1-7.4 3.5-8 8.5-.6-5-3-7.4-8-8.5 5-1.1 7.4-3.5 8-8.5Z',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5',
  people:
    'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 19.5c.7-3 3.2-4.7 6.5-4.7s5.8 1.7 6.5 4.7M16 4.8a3.5 3.5 0 0 1 0 6.4M18 15.2c1.8.7 3 2.2 3.5 4.3',
  plus: 'M12 5v14M5 12h14',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7.5V12l3 2',
  history: 'M3.5 12a8.5 8.5 0 1 0 2.6-6.1L3.5 8.5M3.5 4v4.5H8M12 8v4.5l3 1.5',
  download: 'M12 4v11M7 10.5l5 5 5-5M5 20h14',
  sound: 'M5 9.5v5h3.5L13 18.5v-13L8.5 9.5ZM16.5 9a4.5 4.5 0 0 1 0 6',
  mute: 'M5 9.5v5h3.5L13 18.5v-13L8.5 9.5ZM16.5 10l4 4M20.5 10l-4 4',
  alert: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7.5v5.5M12 16.5h.01',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1',
  page: 'M7 3.5h7l4 4v13H7ZM14 3.5v4h4',
  star: 'm12 3.5 2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.7l5.9-.8Z',
  hand: 'M8 12V5.5a1.5 1.5 0 0 1 3 0V11M11 10V4a1.5 1.5 0 0 1 3 0v7M14 10.5V5.5a1.5 1.5 0 0 1 3 0V14c0 4-2.2 6.5-5.5 6.5-3 0-4.3-1.5-5.5-4L4.3 13a1.5 1.5 0 0 1 2.6-1.4L8 13.5',
  shield: 'M12 3.5 5 6v5.5c0 4.3 2.9 7.5 7 9 4.1-1.5 7-4.7 7-9V6ZM9 12l2.2 2.2L15.2 10',
} as const;
export type IconName = keyof typeof paths;

export const Icon = ({ name, mirror = false }: { name: IconName; mirror?: boolean }) => (
  <svg viewBox="0 0 24 24" aria-hidden="true" class={mirror ? 'mirror' : undefined}>
    <path d={paths[name]} />
  </svg>
);
