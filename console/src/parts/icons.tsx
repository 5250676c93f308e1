// Small drawings, 16 by 16, in the colour of the text.
const PATHS = {
  tasks: "M2.5 4h11M2.5 8h7M2.5 12h4.5",
  import: "M8 10.5V2.5M4.8 5.6 8 2.4l3.2 3.2M2.5 10v3.5h11V10",
  download: "M8 2.5v8M4.8 7.4 8 10.6l3.2-3.2M2.5 11v2.5h11V11",
  queues: "M2.5 3h11v3h-11zM2.5 8h11v2h-11M2.5 12.5h7",
  overview: "M2.5 13.5h11M4 11V7.5M8 11V3M12 11V5.5",
  check: "m3 8.5 3.2 3.2L13 4.8",
  cross: "m4 4 8 8M12 4l-8 8",
  half: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
  stop: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M4.2 4.2l7.6 7.6",
  clock: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3.2l2.2 1.3",
  run: "M5 3.2v9.6L12.5 8z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  retry: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
  filter: "M2.5 4h11M4.5 8h7M6.5 12h3",
  more: "M4 6.2 8 10l4-3.8",
  back: "M9.8 4 6 8l3.8 4",
  next: "M6.2 4 10 8l-3.8 4",
  copy: "M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  moon: "M12.8 9.6A5.3 5.3 0 0 1 6.4 3.2a5.3 5.3 0 1 0 6.4 6.4",
  auto: "M2.5 3.5h11v7h-11zM6 13.5h4",
  person: "M8 2.5a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2M3 13.5c.5-2.6 2.4-4 5-4s4.5 1.4 5 4",
  alert: "M8 2.5 14 13H2zM8 6.5v3M8 11.200v.1",
  file: "M4 2.5h5.5L12.5 5.5v8h-8.5zM9.5 2.5v3h3",
  hand: "M5 8V4M7.5 7.5v-5M10 7.5V3.5M12.5 9V5.5M12.5 8.5c0 3-1.5 5-4 5s-3.3-1.5-4.7-4.5L5 8",
  mail: "M2.5 4h11v8h-11zM2.5 4.5 8 9l5.5-4.5",
  plus: "M8 3v10M3 8h10",
  globe: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M2.5 8h11M8 2.5c2.5 3 2.5 8 0 11M8 2.5c-2.5 3-2.5 8 0 11",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
