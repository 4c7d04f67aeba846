import type { ExportRow } from '../../bindings/ExportRow';
import type { JobProgress } from '../../bindings/JobProgress';
import { isOfFiles } from '../../errors/codes';

/** How a row stands, as people say it: status, phase and what became of the archive in one word. */
export type Standing =
  | 'queued'
  | 'preparing'
  | 'writing'
  | 'verifying'
  | 'publishing'
  | 'running'
  | 'stalled'
  | 'cancelling'
  | 'done'
  | 'problems'
  | 'missing'
  | 'altered'
  | 'failed'
  | 'cancelled'
  | 'interrupted';

export type Tone = 'calm' | 'busy' | 'good' | 'warn' | 'bad';

const PHASES = ['queued', 'preparing', 'writing', 'verifying', 'publishing'] as const;

/** It waits or runs. */
export function isActive(row: ExportRow): boolean {
  return row.status === 'pending' || row.status === 'processing';
}

/** It has an archive, or had one. */
export function isCompleted(row: ExportRow): boolean {
  return row.status === 'completed' || row.status === 'completed_with_problems';
}

export function standingOf(row: ExportRow): Standing {
  if (isActive(row)) {
    if (row.cancelling) return 'cancelling';
    const { progress } = row;
    if (!progress) return row.status === 'pending' ? 'queued' : 'running';
    if (progress.stalled) return 'stalled';
    return PHASES.find((phase) => phase === progress.phase) ?? 'running';
  }
  if (isCompleted(row)) {
    if (row.archive_state === 'missing' || row.archive_state === 'altered') return row.archive_state;
    return row.status === 'completed' ? 'done' : 'problems';
  }
  return row.status as 'failed' | 'cancelled' | 'interrupted';
}

const TONES: Record<Standing, Tone> = {
  queued: 'calm',
  preparing: 'busy',
  writing: 'busy',
  verifying: 'busy',
  publishing: 'busy',
  running: 'busy',
  stalled: 'warn',
  cancelling: 'calm',
  done: 'good',
  problems: 'warn',
  missing: 'warn',
  altered: 'bad',
  failed: 'bad',
  cancelled: 'calm',
  interrupted: 'warn',
};

export function toneOf(standing: Standing): Tone {
  return TONES[standing];
}

/** How much of a phase is done, 0 to 1; nothing where that is not known. */
export function shareOf(progress: JobProgress | null | undefined): number | null {
  if (!progress) return null;
  const { bytes_done, bytes_total, files_done, files_total } = progress;
  if (bytes_total > 0) return Math.min(1, bytes_done / bytes_total);
  if (files_total > 0) return Math.min(1, files_done / files_total);
  return null;
}

/** Phases whose share is worth a bar and a number. */
export function hasShare(standing: Standing): boolean {
  return standing === 'writing' || standing === 'verifying' || standing === 'stalled';
}

export const TABS = ['all', 'active', 'done', 'problems', 'failed', 'interrupted', 'cancelled'] as const;
export type Tab = (typeof TABS)[number];

/** The tab of a row, besides All. A missing archive does not change what the export came to. */
export function tabOf(row: ExportRow): Exclude<Tab, 'all'> {
  if (isActive(row)) return 'active';
  switch (row.status) {
    case 'completed':
      return 'done';
    case 'completed_with_problems':
      return 'problems';
    case 'failed':
      return 'failed';
    case 'interrupted':
      return 'interrupted';
    default:
      return 'cancelled';
  }
}

export function countTabs(rows: readonly ExportRow[]): Record<Tab, number> {
  const counts: Record<Tab, number> = {
    all: rows.length,
    active: 0,
    done: 0,
    problems: 0,
    failed: 0,
    interrupted: 0,
    cancelled: 0,
  };
  for (const row of rows) counts[tabOf(row)] += 1;
  return counts;
}

/** For comparison: case, accents and forms of letters do not count. */
function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase('en');
}

/** Rows of a tab in which every typed word occurs: in name, notes or project. */
export function filterRows(rows: readonly ExportRow[], tab: Tab, typed: string): ExportRow[] {
  const words = folded(typed)
    .split(/\s+/u)
    .filter((word) => word !== '');
  return rows.filter((row) => {
    if (tab !== 'all' && tabOf(row) !== tab) return false;
    if (words.length === 0) return true;
    const text = folded(`${row.name}\n${row.notes}\n${row.project}`);
    return words.every((word) => text.includes(word));
  });
}

export const SORTS = ['newest', 'oldest', 'name', 'size'] as const;
export type Sort = (typeof SORTS)[number];

function sizeOf(row: ExportRow): number {
  return row.archive_bytes ?? row.bytes;
}

/** Sorted anew; equals by time, newest first, then by id, so that no two rows ever change places by themselves. */
export function sortRows(rows: readonly ExportRow[], sort: Sort, locale?: string): ExportRow[] {
  const names = new Intl.Collator(locale, { numeric: true, sensitivity: 'base' });
  const newest = (a: ExportRow, b: ExportRow) =>
    a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : a.id < b.id ? -1 : 1;
  const by: Record<Sort, (a: ExportRow, b: ExportRow) => number> = {
    newest,
    oldest: (a, b) => newest(b, a),
    name: (a, b) => names.compare(a.name, b.name) || newest(a, b),
    size: (a, b) => sizeOf(b) - sizeOf(a) || newest(a, b),
  };
  return [...rows].sort(by[sort]);
}

/** What can be done with an export. */
export type Act =
  | 'cancel'
  | 'show'
  | 'retry'
  | 'restart'
  | 'locate'
  | 'recreate'
  | 'leaveOut'
  | 'details'
  | 'saveCopy'
  | 'copyPath'
  | 'copySha256'
  | 'verify'
  | 'again'
  | 'copyReport'
  | 'remove'
  | 'trash';

export interface Acts {
  /** In the row, the first is the most useful one. */
  buttons: Act[];
  /** Behind the three dots, in groups. */
  menu: Act[][];
}

/** What a row offers, by how it stands. Nothing that would be refused, and no file that is not the export's own is touched. */
export function actsOf(row: ExportRow): Acts {
  const standing = standingOf(row);
  switch (standing) {
    case 'cancelling':
      return { buttons: [], menu: [['details']] };
    case 'queued':
    case 'preparing':
    case 'writing':
    case 'verifying':
    case 'publishing':
    case 'running':
    case 'stalled':
      return { buttons: ['cancel'], menu: [['details'], ['cancel']] };
    case 'done':
    case 'problems':
      return {
        buttons: standing === 'done' ? ['show'] : ['details', 'show'],
        menu: [
          ['details', 'show'],
          ['saveCopy', 'copyPath', 'copySha256', 'verify'],
          ['again'],
          ['remove', 'trash'],
        ],
      };
    case 'missing':
      return {
        buttons: ['locate', 'recreate'],
        menu: [['details'], ['locate', 'recreate'], ['copyPath', 'copySha256'], ['remove']],
      };
    case 'altered':
      return {
        buttons: ['recreate', 'details'],
        menu: [['details', 'show'], ['verify', 'locate', 'recreate'], ['copyPath', 'copySha256'], ['remove']],
      };
    case 'failed':
      return {
        buttons: ['retry', 'details'],
        menu: [
          ['details'],
          isOfFiles(row.error?.code) && row.studies === null
            ? ['retry', 'leaveOut', 'again']
            : ['retry', 'again'],
          ['copyReport'],
          ['remove'],
        ],
      };
    case 'interrupted':
    case 'cancelled':
      return {
        buttons: ['restart', 'details'],
        menu: [['details'], ['restart', 'again'], ['copyReport'], ['remove']],
      };
  }
}

/** Whether a row offers this, in the row or behind the dots. */
export function offers(row: ExportRow, act: Act): boolean {
  const { buttons, menu } = actsOf(row);
  return buttons.includes(act) || menu.some((group) => group.includes(act));
}

/** The job that the status bar shows, and how many more there are. */
export function activeJob(rows: readonly ExportRow[]): {
  shown: ExportRow | undefined;
  running: number;
  queued: number;
} {
  const active = rows.filter(isActive);
  const running = active.filter((row) => row.status === 'processing');
  // The one that began first is the one that ends first, more or less.
  const first = (among: ExportRow[]) =>
    among.reduce<ExportRow | undefined>(
      (best, row) => (best === undefined || row.created_at < best.created_at ? row : best),
      undefined,
    );
  const shown = first(running) ?? first(active);
  const others = active.filter((row) => row !== shown);
  return {
    shown,
    running: others.filter((row) => row.status === 'processing').length,
    queued: others.filter((row) => row.status === 'pending').length,
  };
}

/** What happened between two looks at the list, as far as it is worth a word. */
export interface Turn {
  row: ExportRow;
  kind: 'started' | 'done' | 'problems' | 'failed' | 'cancelled' | 'interrupted';
}

/** Turns between what was known (status by id) and the rows now. A row not seen before counts where it has already ended. */
export function turnsBetween(known: ReadonlyMap<string, string>, rows: readonly ExportRow[]): Turn[] {
  const turns: Turn[] = [];
  for (const row of rows) {
    const now = `${row.attempt}/${row.status}`;
    const before = known.get(row.id);
    if (before === now) continue;
    if (row.status === 'processing') turns.push({ row, kind: 'started' });
    else if (row.status !== 'pending') {
      const tab = tabOf(row);
      if (tab !== 'active') turns.push({ row, kind: tab });
    }
  }
  return turns;
}

/** What is to be known for the next look; what was seen once stays known, since removing can be undone. */
export function rememberTurns(
  known: ReadonlyMap<string, string>,
  rows: readonly ExportRow[],
): Map<string, string> {
  const next = new Map(known);
  for (const row of rows) next.set(row.id, `${row.attempt}/${row.status}`);
  return next;
}
