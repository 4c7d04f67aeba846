/** The sections of Settings, in their order; also what stands behind `#settings/`. */
export const SECTIONS = [
  'registries',
  'destination',
  'limits',
  'appearance',
  'notifications',
  'system',
  'about',
] as const;
export type Section = (typeof SECTIONS)[number];
