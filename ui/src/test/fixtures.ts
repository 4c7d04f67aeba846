import type { BrowseState } from '../bindings/BrowseState';
import type { DataRootView } from '../bindings/DataRootView';
import type { OpenRegistry } from '../bindings/OpenRegistry';
import type { Preferences } from '../bindings/Preferences';
import type { RecentRegistry } from '../bindings/RecentRegistry';
import type { SettingsView } from '../bindings/SettingsView';
import type { Startup } from '../bindings/Startup';

/** Answers of Rust for tests: each whole, with what a test changes. */
export function browseState(change: Partial<BrowseState> = {}): BrowseState {
  return {
    revision: 1,
    counts: { visible: 24, matching: 24, matching_selected: 0, selected: 0, hidden: 0 },
    rows: 0,
    filter: { tags: [], tag_mode: 'any', modalities: [], text: '', among: null },
    contents: { modalities: null, kind: 'both' },
    modalities: [],
    tags: [],
    estimate: { patients: 0, files: 0, bytes: 0, forbidden: 0, by_modality: [], lacking: [] },
    can_undo: false,
    can_redo: false,
    list: null,
    ...change,
  };
}

export function openRegistry(change: Partial<OpenRegistry> = {}): OpenRegistry {
  return {
    id: 'r1',
    name: 'registry',
    path: '/data/registry.sqlite',
    synced_at: null,
    opened_at: new Date(Date.now() - 120_000).toISOString(),
    projects: [
      { slug: 'brain', name: 'Brain tumours', patients: 7, may_export: true },
      { slug: 'ortho', name: 'Orthodontics', patients: 1942, may_export: true },
      { slug: 'looks', name: 'Only to look at', patients: 1, may_export: false },
    ],
    project: 'brain',
    oddities: [],
    users: [
      { name: 'anna', role: 'annotator' },
      { name: 'marco', role: 'student' },
    ],
    user: null,
    needs_user: false,
    kept_for: null,
    server: null,
    source_exports: 0,
    data_roots_missing: 0,
    has_buckets: false,
    changed: false,
    refresh_problem: null,
    browse: browseState(),
    rows: null,
    ...change,
  };
}

export function recentRegistry(change: Partial<RecentRegistry> = {}): RecentRegistry {
  return {
    id: 'r2',
    name: 'clinic',
    path: '/data/clinic.sqlite',
    server: null,
    opened_at: new Date(Date.now() - 3 * 86_400_000).toISOString(),
    present: true,
    ...change,
  };
}

export function dataRoot(change: Partial<DataRootView> = {}): DataRootView {
  return { id: 1, prefix: '', location: '/data', bucket: null, located: false, problem: null, ...change };
}

export const PREFERENCES: Preferences = {
  appearance: 'light',
  language: 'en',
  notifications: true,
  keep_awake: true,
  show_names: true,
  rendering: 'automatic',
};

export function startup(change: Partial<Startup> = {}): Startup {
  return {
    version: '0.1.0',
    registry: null,
    problem: null,
    problem_server: null,
    recent: [],
    preferences: PREFERENCES,
    desktop_language: 'en',
    notifications: { available: true, about: 'dunst 1.9' },
    ...change,
  };
}

export function settingsView(change: Partial<SettingsView> = {}): SettingsView {
  return {
    preferences: PREFERENCES,
    limits: {
      max_bytes_per_export: 500_000_000_000,
      max_patients_per_export: null,
      max_studies_per_export: null,
      max_kept_bytes_per_user: null,
      free_space_reserve: 1_073_741_824,
      concurrent_jobs: 1,
    },
    notifications: { available: true, about: 'dunst 1.9' },
    home: '/home/anna/.local/share/sheaf',
    logs: '/home/anna/.local/share/sheaf/logs',
    version: '0.1.0',
    problem: null,
    ...change,
  };
}
