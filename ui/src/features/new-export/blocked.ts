import type { BrowseState } from '../../bindings/BrowseState';
import type { Destination } from '../../bindings/Destination';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { NameFault } from './name';
import { roomFor } from './room';

/** Why an export cannot be created now; the first reason that a person would look at. */
export type Blocked =
  | { why: 'loading' }
  | { why: 'nothingSelected' }
  | { why: 'noModality' }
  | { why: 'nothingToExport' }
  | { why: 'mayNotExport' }
  | { why: 'name' }
  | { why: 'noDestination' }
  | { why: 'destination'; problem: ErrorReport }
  | { why: 'noRoom'; short: number };

export function blockedBy(
  state: BrowseState | undefined,
  destination: Destination | undefined,
  nameFault: NameFault | null,
): Blocked | null {
  if (!state) return { why: 'loading' };
  const { counts, contents, estimate } = state;
  if (counts.selected === 0) return { why: 'nothingSelected' };
  if (contents.modalities?.length === 0) return { why: 'noModality' };
  if (estimate.files === 0)
    return { why: estimate.forbidden >= counts.selected ? 'mayNotExport' : 'nothingToExport' };
  if (nameFault) return { why: 'name' };
  if (!destination) return { why: 'loading' };
  if (destination.folder === null) return { why: 'noDestination' };
  if (destination.problem) return { why: 'destination', problem: destination.problem };
  const room = roomFor(estimate.bytes, destination);
  if (room.type === 'none') return { why: 'noRoom', short: room.short };
  return null;
}
