// The console's own icons: one path each on a 24 grid, drawn with the text's colour.

const paths = {
  inbox: 'M4 13h4l1.500 3h5L16 13h4M6 5h12l2 8v6H4v-6z',
  sliders:
    'M4 7.500h8M18 7.500h2M4 16.500h2M12 16.500h8M15 5a2.500 2.500 0 1 0 0 5a2.500 2.500 0 1 0 0-5M9 14a2.500 2.500 0 1 0 0 5a2.500 2.500 0 1 0 0-5',
  search: 'M11 5a6 6 0 1 0 0 12a6 6 0 1 0 0-12M15.500 15.500L20 20',
  spark:
    'M12 3.500c.7 4.800 3 7.300 8 8.500c-5 1.200-7.300 3.700-8 8.500c-.7-4.800-3-7.300-8-8.500c5-1.200 7.300-3.700 8-8.500z',
  hand: 'M8 13V6.500a1.500 1.500 0 0 1 3 0V11M11 11V4.500a1.500 1.500 0 0 1 3 0V11M14 11V6a1.500 1.500 0 0 1 3 0v8.500c0 3.700-2.300 6-5.500 6c-2.700 0-4.200-1.300-5.500-3.500L3.800 13.800a1.500 1.500 0 0 1 2.500-1.600L8 14',
  person: 'M12 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8M4.500 20c.8-3.600 3.600-5.500 7.500-5.500s6.700 1.900 7.500 5.500',
  people:
    'M9.500 5a3.500 3.500 0 1 0 0 7a3.500 3.500 0 1 0 0-7M3 19.500c.6-3.300 3-5 6.500-5s5.900 1.700 6.500 5M15.500 5.200a3.500 3.500 0 0 1 0 6.600M18 14.800c1.700.7 2.700 2.300 3 4.700',
  pencil: 'M4 20l1-4.500L16.200 4.300a2.100 2.100 0 0 1 3 3L8 18.500zM14.500 6l3.500 3.500',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  'check-circle': 'M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16M8.500 12.300l2.500 2.500l4.500-5',
  lock: 'M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3',
  send: 'M12 19V5.500M6 11.500l6-6l6 6',
  stop: 'M7 7h10v10H7z',
  close: 'M6.500 6.500l11 11M17.500 6.500l-11 11',
  'chevron-down': 'M7 10l5 5l5-5',
  'chevron-left': 'M14 6l-6 6l6 6',
  'chevron-right': 'M10 6l6 6l-6 6',
  'arrow-down': 'M12 5v13.500M6 12.500l6 6l6-6',
  more: 'M5.500 11.500h1v1h-1zM11.500 11.500h1v1h-1zM17.500 11.500h1v1h-1z',
  tag: 'M4 5v6.500l8.500 8.500l7.500-7.500L11.500 4H5zM8.500 7.500a1 1 0 1 0 0 2a1 1 0 1 0 0-2',
  clock: 'M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16M12 8v4.500l3 2',
  sun: 'M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8M12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600l1.400 1.400M17 17l1.400 1.400M5.600 18.400l1.400-1.400M17 7l1.400-1.400',
  moon: 'M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z',
  bell: 'M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 1.500h-15zM10 20.500h4',
  keyboard: 'M3.500 6.500h17v11h-17zM7 10h.01M10.300 10h.01M13.700 10h.01M17 10h.01M8 14h8',
  globe:
    'M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16M4 12h16M12 4c2.700 2.500 3.700 5 3.700 8s-1 5.500-3.700 8c-2.700-2.500-3.700-5-3.700-8s1-5.500 3.700-8',
  mail: 'M4 6h16v12H4zM4.500 7l7.500 6l7.500-6',
  phone:
    'M6 4h3l1.500 4.500l-2 1.500c1 2.200 2.800 4 5 5l1.500-2l4.500 1.500v3c0 1.200-.8 2-2 2C10.500 19.500 4 13 4 6c0-1.200.8-2 2-2z',
  building: 'M6 20V4h9v16M15 9h4v11M4 20h16M9 8h3M9 12h3M9 16h3',
  copy: 'M9 9h11v11H9zM15 9V4H4v11h5',
  plus: 'M12 5v14M5 12h14',
  trash: 'M5 7h14M9.500 7V4.500h5V7M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5',
  upload: 'M12 16V5M7 9.500L12 4.500l5 5M4.500 15v4.500h15V15',
  link: 'M10 14a4 4 0 0 0 5.700 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3A4 4 0 0 0 11 18.700l1-1',
  external: 'M13 5h6v6M19 5l-9 9M17 14v5H5V7h5',
  undo: 'M8 5L4 9l4 4M4 9h10a5.500 5.500 0 0 1 0 11h-3',
  alert: 'M12 4.500L21 19.500H3zM12 10.500v4M12 17h.01',
  'sign-out': 'M10 4.500H5v15h5M15 8l4 4l-4 4M9.500 12H19',
  panel: 'M4 5h16v14H4zM14.500 5v14',
  book: 'M5 5.500C7.500 4.800 10 5 12 6.500c2-1.500 4.500-1.700 7-1v13c-2.500-.7-5-.5-7 1c-2-1.500-4.500-1.700-7-1zM12 6.500v13',
  chat: 'M4 5h16v11.500h-8.500L7 20.500v-4H4z',
  eye: 'M3 12c2-4 5-6 9-6s7 2 9 6c-2 4-5 6-9 6s-7-2-9-6M12 9.500a2.500 2.500 0 1 0 0 5a2.500 2.500 0 1 0 0-5',
  refresh: 'M19.500 12a7.500 7.500 0 1 1-2.200-5.300M19.500 4v4.500H15',
} as const;

export type IconName = keyof typeof paths;

const filled: ReadonlySet<IconName> = new Set<IconName>(['spark', 'stop', 'more']);

/** Decoration: the word beside it, or the button's label, says what it means. */
export const Icon = ({ name, size = 16, class: className = '' }: { name: IconName; size?: number; class?: string }) => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 24 24"
    fill={filled.has(name) ? 'currentColor' : 'none'}
    stroke="currentColor"
    stroke-width={size <= 14 ? 2 : 1.75}
    stroke-linecap="round"
    stroke-linejoin="round"
    class={`shrink-0 ${className}`}
    aria-hidden="true"
    focusable="false"
  >
    <path d={paths[name]} />
  </svg>
);
