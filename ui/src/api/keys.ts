/** Every query key, in one place. */
export const keys = {
  startup: ['startup'] as const,
  browse: ['browse'] as const,
  destination: ['destination'] as const,
  cohorts: ['cohorts'] as const,
  exports: ['exports'] as const,
  exportDetails: (id: string) => ['export', id] as const,
  settings: ['settings'] as const,
  dataRoots: ['data-roots'] as const,
  recent: ['recent'] as const,
  demo: ['demo'] as const,
};
