import type { Destination } from '../../bindings/Destination';

/** Whether so many bytes fit where they shall go. */
export type Room =
  | { type: 'unknown' }
  | { type: 'fits'; free: number }
  | { type: 'tight'; free: number }
  | { type: 'none'; free: number; short: number };

/** Above this share of the free room a word of warning stands beside it. */
const TIGHT = 0.9;

export function roomFor(bytes: number, destination: Destination | undefined): Room {
  const free = destination?.free_bytes ?? null;
  if (free === null) return { type: 'unknown' };
  if (bytes > free) return { type: 'none', free, short: bytes - free };
  if (bytes > free * TIGHT) return { type: 'tight', free };
  return { type: 'fits', free };
}

/** The largest file that the file system holds, where the archive may be larger than that. */
export function tooLargeAFile(bytes: number, destination: Destination | undefined): number | null {
  const largest = destination?.largest_file ?? null;
  return largest !== null && bytes > largest ? largest : null;
}
