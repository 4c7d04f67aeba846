import { PAGE_ROWS, RowPages, type Window } from './pages';

/** Asks for rows; the other side answers with whatever revision it has by then. */
export type Load<T> = (offset: number, limit: number) => Promise<Window<T>>;

/** At most so many questions at a time: what was scrolled past is never asked for. */
const MOST_FLYING = 2;
/** Rows loaded on each side of what is in sight. */
const AROUND = 40;

/** A long list that is loaded by windows as it comes into sight, for `useSyncExternalStore`. */
export class RowSource<T> {
  private readonly pages = new RowPages<T>();
  private readonly listeners = new Set<() => void>();
  private readonly flying = new Set<number>();
  private readonly load: Load<T>;
  private readonly same: (a: T, b: T) => boolean;
  private sight = { from: 0, to: 40 };
  private changes = 0;
  private failure: { error: unknown; revision: number } | null = null;
  /** In this revision the other side answered with an older one: asking on and on would not help. */
  private behind = -1;

  /** `first` are rows that came along unasked. */
  constructor(load: Load<T>, same: (a: T, b: T) => boolean = Object.is, first?: Window<T> | null) {
    this.load = load;
    this.same = same;
    if (first) this.pages.put(first, same);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Grows with every change. */
  readonly version = (): number => this.changes;

  get total(): number {
    return this.pages.total;
  }

  get revision(): number {
    return this.pages.revision;
  }

  /** Why rows could not be had; they are asked for again at the next change, or with `retry`. */
  get error(): unknown {
    return this.failure?.error ?? null;
  }

  row(index: number): T | undefined {
    return this.pages.row(index);
  }

  /** The revision that this row is shown in. */
  revisionOf(index: number): number {
    return this.pages.revisionOf(index);
  }

  fresh(index: number): boolean {
    return this.pages.fresh(index);
  }

  findLoaded(test: (row: T) => boolean, near: number): number | null {
    return this.pages.findLoaded(test, near);
  }

  /** A revision is known: rows of an older one are loaded anew. */
  expect(revision: number, total: number): void {
    if (revision <= this.pages.revision) return;
    this.pages.expect(revision, total);
    this.pages.dropStale(this.sight.from, this.sight.to);
    this.changed();
    this.pump();
  }

  /** These rows are in sight. */
  show(from: number, to: number): void {
    this.sight = { from, to };
    this.pump();
  }

  /** A row, loaded if need be. */
  async need(index: number): Promise<T | undefined> {
    const here = this.pages.row(index);
    if (here !== undefined || index < 0 || index >= this.pages.total) return here;
    await this.fetch(Math.floor(index / PAGE_ROWS));
    return this.pages.row(index);
  }

  retry(): void {
    this.failure = null;
    this.behind = -1;
    this.changed();
    this.pump();
  }

  private changed(): void {
    this.changes += 1;
    for (const listener of this.listeners) listener();
  }

  private pump(): void {
    if (this.failure?.revision === this.pages.revision || this.behind === this.pages.revision) return;
    const { from, to } = this.sight;
    const wanted = [
      ...this.pages.missing(from, to),
      ...this.pages.missing(from - AROUND, to + AROUND),
    ].filter((page) => !this.flying.has(page));
    for (const page of new Set(wanted)) {
      if (this.flying.size >= MOST_FLYING) return;
      void this.fetch(page);
    }
  }

  private async fetch(page: number): Promise<void> {
    this.flying.add(page);
    const asked = this.pages.revision;
    try {
      const window = await this.load(page * PAGE_ROWS, PAGE_ROWS);
      if (window.revision < asked) this.behind = asked;
      this.pages.put(window, this.same);
      this.failure = null;
    } catch (error) {
      this.failure = { error, revision: asked };
    } finally {
      this.flying.delete(page);
    }
    this.changed();
    this.pump();
  }
}
