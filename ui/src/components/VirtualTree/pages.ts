/**
 * Rows of a list that the other side holds, kept by pages. What is shown stays until newer rows are there: a change makes pages
 * stale, not empty, so nothing flashes.
 */
export const PAGE_ROWS = 100;

/** What the other side answers for a range. */
export interface Window<T> {
  revision: number;
  total: number;
  offset: number;
  rows: readonly T[];
}

interface Page<T> {
  revision: number;
  rows: readonly T[];
}

/** Pages far from what is in sight are let go above this number. */
const MOST_PAGES = 60;

export class RowPages<T> {
  private pages = new Map<number, Page<T>>();
  private newest = -1;
  private rows = 0;

  /** Rows in all, as far as is known. */
  get total(): number {
    return this.rows;
  }

  /** The revision that rows should have. */
  get revision(): number {
    return this.newest;
  }

  /** A newer revision is known. An older one is late and changes nothing. */
  expect(revision: number, total: number): void {
    if (revision < this.newest) return;
    this.newest = revision;
    this.rows = total;
  }

  /** Forgets everything, for another list. */
  clear(): void {
    this.pages.clear();
    this.newest = -1;
    this.rows = 0;
  }

  /** The row, maybe stale; nothing while it was never loaded. */
  row(index: number): T | undefined {
    if (index < 0 || index >= this.rows) return undefined;
    return this.pages.get(Math.floor(index / PAGE_ROWS))?.rows[index % PAGE_ROWS];
  }

  /** The revision that this row is shown in; 0 for one that is not there. */
  revisionOf(index: number): number {
    return this.pages.get(Math.floor(index / PAGE_ROWS))?.revision ?? 0;
  }

  /** Whether this row is of the newest revision. */
  fresh(index: number): boolean {
    return this.pages.get(Math.floor(index / PAGE_ROWS))?.revision === this.newest;
  }

  /** Page numbers from row `from` to row `to` whose rows are missing or stale. */
  missing(from: number, to: number): number[] {
    const wanted: number[] = [];
    if (this.rows === 0) return wanted;
    const last = Math.floor(Math.min(to, this.rows - 1) / PAGE_ROWS);
    for (let page = Math.floor(Math.max(0, from) / PAGE_ROWS); page <= last; page += 1)
      if (this.pages.get(page)?.revision !== this.newest) wanted.push(page);
    return wanted;
  }

  /**
   * Keeps a page that was answered. One older than what is shown is dropped. Rows that say the same keep their identity, so that
   * only rows that changed are drawn anew.
   */
  put(window: Window<T>, same: (a: T, b: T) => boolean = Object.is): void {
    const number = Math.floor(window.offset / PAGE_ROWS);
    const before = this.pages.get(number);
    if (before && before.revision > window.revision) return;
    if (window.revision >= this.newest) this.expect(window.revision, window.total);
    const rows = before
      ? window.rows.map((row, at) => {
          const old = before.rows[at];
          return old !== undefined && same(old, row) ? old : row;
        })
      : window.rows;
    this.pages.delete(number);
    this.pages.set(number, { revision: window.revision, rows });
    for (const [key, page] of this.pages) {
      if (this.pages.size <= MOST_PAGES) break;
      if (page.revision !== this.newest || Math.abs(key - number) > 5) this.pages.delete(key);
    }
  }

  /** Lets go of stale pages that are out of sight: they would show what no longer stands there. */
  dropStale(from: number, to: number): void {
    const first = Math.floor(Math.max(0, from) / PAGE_ROWS);
    const last = Math.floor(Math.max(0, to) / PAGE_ROWS);
    for (const [key, page] of this.pages)
      if (page.revision !== this.newest && (key < first || key > last)) this.pages.delete(key);
  }

  /** The first row that is loaded and answers the question; its index. */
  findLoaded(test: (row: T) => boolean, near: number): number | null {
    let best: number | null = null;
    for (const [key, page] of this.pages) {
      if (page.revision !== this.newest) continue;
      page.rows.forEach((row, at) => {
        const index = key * PAGE_ROWS + at;
        if (test(row) && (best === null || Math.abs(index - near) < Math.abs(best - near))) best = index;
      });
    }
    return best;
  }
}
