import type { QueryClient } from '@tanstack/react-query';

import type { Event } from '../bindings/Event';
import type { ExportRow } from '../bindings/ExportRow';
import type { ExportRows } from '../bindings/ExportRows';
import type { Host } from '../host/types';
import { keys } from './keys';
import { taskMoved } from './tasks';

/** Whether a row tells of an earlier state than the one that is known: an answer can be overtaken by an event. */
function isOlder(row: ExportRow, known: ExportRow): boolean {
  if (row.attempt !== known.attempt) return row.attempt < known.attempt;
  return row.completed_at === null && known.completed_at !== null;
}

/** New and changed rows into a list by id; new ones come first, as the newest. */
export function mergeRows(before: ExportRow[], rows: ExportRow[], removed: string[]): ExportRow[] {
  const changed = new Map(rows.map((row) => [row.id, row]));
  const gone = new Set(removed);
  const kept = before
    .filter((row) => !gone.has(row.id))
    .map((row) => {
      const next = changed.get(row.id);
      changed.delete(row.id);
      return next && !isOlder(next, row)
        ? { ...next, progress: next.progress ?? (next.status === 'processing' ? row.progress : null) }
        : row;
    });
  const fresh = rows.filter((row) => changed.has(row.id) && !gone.has(row.id));
  return [...fresh, ...kept].sort((a, b) =>
    a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0,
  );
}

/** How often records have changed, as events told. */
let changes = 0;

/** The list of exports. One that was overtaken by an event on its way is older than what is known, and asked for again. */
export async function askExports(host: Host): Promise<ExportRows> {
  for (;;) {
    const before = changes;
    const answer = await host.call('exports', {});
    if (changes === before) return answer;
  }
}

/** What an event changes in the cache. Events that are not data (quit, show) are left to the frame. */
export function applyEvent(client: QueryClient, event: Event): void {
  switch (event.type) {
    case 'exports':
      changes += 1;
      client.setQueryData<ExportRows>(keys.exports, (old) =>
        old ? { exports: mergeRows(old.exports, event.rows, event.removed) } : old,
      );
      for (const row of event.rows) void client.invalidateQueries({ queryKey: keys.exportDetails(row.id) });
      break;
    case 'progress':
      client.setQueryData<ExportRows>(keys.exports, (old) =>
        old
          ? {
              exports: old.exports.map((row) =>
                // A report that comes after the end changes nothing.
                row.id === event.id && (row.status === 'pending' || row.status === 'processing')
                  ? { ...row, progress: event.progress }
                  : row,
              ),
            }
          : old,
      );
      break;
    case 'task':
      taskMoved(event.task, event.progress);
      break;
    case 'alive':
    case 'quit_asked':
    case 'registry_changed':
    case 'registry_opened':
    case 'show_export':
      break;
  }
}
