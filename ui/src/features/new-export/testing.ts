import type { BrowseState } from '../../bindings/BrowseState';
import type { Destination } from '../../bindings/Destination';

type Parts = { [K in keyof BrowseState]?: Partial<BrowseState[K]> };

/** A state of the choosing for tests: three of five patients selected, two modalities. */
export function browseState(parts: Parts = {}): BrowseState {
  const base: BrowseState = {
    revision: 1,
    counts: { visible: 5, matching: 5, matching_selected: 3, selected: 3, hidden: 0 },
    rows: 7,
    filter: { tags: [], tag_mode: 'any', modalities: [], text: '', among: null },
    contents: { modalities: null, kind: 'processed' },
    modalities: [
      { id: 1, slug: 'cbct', name: 'Cone beam CT', patients: 4, files: 40, bytes: 4_000_000_000, kinds: [] },
      { id: 2, slug: 'ios', name: 'Intraoral scan', patients: 5, files: 10, bytes: 600_000_000, kinds: [] },
    ],
    tags: [
      { id: 1, name: 'ortho', patients: 3 },
      { id: 2, name: 'implant', patients: 0 },
    ],
    estimate: {
      patients: 3,
      files: 30,
      bytes: 3_000_000_000,
      forbidden: 0,
      by_modality: [
        {
          modality: 1,
          slug: 'cbct',
          kind: 'processed',
          patients: 2,
          files: 20,
          bytes: 2_700_000_000,
        },
        { modality: 2, slug: 'ios', kind: 'processed', patients: 3, files: 10, bytes: 300_000_000 },
      ],
      lacking: [{ modality: 1, slug: 'cbct', patients: 1 }],
    },
    can_undo: true,
    can_redo: false,
    list: null,
  };
  const whole = { ...base } as Record<string, unknown>;
  for (const [key, part] of Object.entries(parts)) {
    const old = whole[key];
    whole[key] =
      typeof part === 'object' && !Array.isArray(part) && typeof old === 'object' && old !== null
        ? { ...old, ...part }
        : part;
  }
  return whole as unknown as BrowseState;
}

export function destination(parts: Partial<Destination> = {}): Destination {
  return { folder: '/data/out', free_bytes: 1_200_000_000_000, largest_file: null, problem: null, ...parts };
}
