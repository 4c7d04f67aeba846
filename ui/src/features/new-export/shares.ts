import type { EstimateRow } from '../../bindings/EstimateRow';

/** A part of the bar: one modality, or the small rest together. */
export interface Share {
  /** Nothing for the rest. */
  slug: string | null;
  bytes: number;
  files: number;
  patients: number;
  /** Colour by place: the same modality keeps its colour while others come and go. */
  color: number;
}

export const COLORS = 6;

/** Bytes by modality, the largest first; more than there are colours are put together. */
export function sharesOf(rows: readonly EstimateRow[], order: readonly number[]): Share[] {
  const by = new Map<number, Share>();
  for (const row of rows) {
    const share = by.get(row.modality);
    if (share) {
      share.bytes += row.bytes;
      share.files += row.files;
      share.patients = Math.max(share.patients, row.patients);
    } else {
      const place = Math.max(0, order.indexOf(row.modality));
      by.set(row.modality, {
        slug: row.slug,
        bytes: row.bytes,
        files: row.files,
        patients: row.patients,
        color: place % COLORS,
      });
    }
  }
  const all = [...by.values()].sort((a, b) => b.bytes - a.bytes);
  if (all.length <= COLORS) return all;
  const rest = all.slice(COLORS - 1);
  return [
    ...all.slice(0, COLORS - 1),
    {
      slug: null,
      bytes: rest.reduce((sum, share) => sum + share.bytes, 0),
      files: rest.reduce((sum, share) => sum + share.files, 0),
      patients: 0,
      color: -1,
    },
  ];
}
