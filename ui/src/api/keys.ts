/** Every query key, in one place. */
export const keys = {
  startup: ['startup'] as const,
  browse: ['browse'] as const,
  destination: ['destination'] as const,
  cohorts: ['cohorts'] as const,
  /** Everything about studies. */
  studiesAll: ['studies'] as const,
  studies: ['studies', 'state'] as const,
  studyValues: (field: string, filter: unknown, contains: string) =>
    ['studies', 'values', field, filter, contains] as const,
  studiesSummary: (list: number) => ['studies', 'summary', list] as const,
  exports: ['exports'] as const,
  sourceExports: (registry: string, user: string | null, opened: string) =>
    ['source-exports', registry, user, opened] as const,
  exportDetails: (id: string) => ['export', id] as const,
  settings: ['settings'] as const,
  dataRoots: ['data-roots'] as const,
  imageFolder: ['image-folder'] as const,
  recent: ['recent'] as const,
  users: (registry: string) => ['users', registry] as const,
  demo: ['demo'] as const,
  tasks: ['tasks'] as const,
};
