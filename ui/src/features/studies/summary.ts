/** A part of a whole, for a picture. */
export interface Part {
  value: string;
  count: number;
}

/** Parts drawn one by one; what is beyond them is one part more. */
export const MOST_PARTS = 5;
/** Months drawn: the latest with studies, and those between. */
export const MOST_MONTHS = 36;

/** The largest parts, and how many studies the rest has. */
export function largest(parts: readonly Part[], most = MOST_PARTS): { shown: Part[]; rest: number } {
  const sorted = [...parts].sort((a, b) => b.count - a.count).filter((part) => part.count > 0);
  // One part alone is no rest.
  const cut = sorted.length <= most + 1 ? sorted.length : most;
  return { shown: sorted.slice(0, cut), rest: sorted.slice(cut).reduce((sum, part) => sum + part.count, 0) };
}

/** `2025-12` to `2026-01`. */
function following(month: string): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
}

/** Months one after another, those without studies too; studies without a time are left out. */
export function months(parts: readonly Part[], most = MOST_MONTHS): Part[] {
  const counts = new Map(
    parts.filter((part) => /^\d{4}-\d{2}$/u.test(part.value)).map((part) => [part.value, part.count]),
  );
  const known = [...counts.keys()].sort();
  const last = known.at(-1);
  if (last === undefined) return [];
  const all: Part[] = [];
  // A time that is far off (a slip of a key) does not make a picture of ten thousand empty months.
  for (
    let month = known.find((each) => distance(each, last) < most) ?? last;
    month <= last;
    month = following(month)
  )
    all.push({ value: month, count: counts.get(month) ?? 0 });
  return all;
}

function distance(from: string, to: string): number {
  const place = (month: string) => {
    const [year = 0, number = 1] = month.split('-').map(Number);
    return year * 12 + number;
  };
  return place(to) - place(from);
}
