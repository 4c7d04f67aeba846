/**
 * Asks at every change, and minds only the newest answer: one to an earlier question is dropped, and so is its failure. What is wished
 * is shown at once, ahead of the answer, and stays where the answer was no: a wrong date is there to be corrected.
 */
export interface Asking<W> {
  /** What is wished and not (yet) granted; `null` when the answer is there. */
  wish: W | null;
  /** Whether an answer is awaited. */
  asking: boolean;
  /** Why the newest wish was not granted. */
  error: unknown;
}

export class Newest<W, A> {
  private now: Asking<W> = { wish: null, asking: false, error: null };
  private turn = 0;
  private latest: Promise<void> = Promise.resolve();
  private readonly listeners = new Set<() => void>();
  private readonly send: (wish: W) => Promise<A>;
  private readonly take: (answer: A) => void;

  constructor(send: (wish: W) => Promise<A>, take: (answer: A) => void) {
    this.send = send;
    this.take = take;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly state = (): Asking<W> => this.now;

  /** Wishes something, on top of what is wished already. */
  change(current: W, patch: (before: W) => W): Promise<void> {
    return (this.latest = this.ask(current, patch));
  }

  /** Resolves when the newest wish is answered. */
  async settled(): Promise<void> {
    while (this.now.asking) await this.latest;
  }

  private async ask(current: W, patch: (before: W) => W): Promise<void> {
    const wish = patch(this.now.wish ?? current);
    const turn = (this.turn += 1);
    this.set({ wish, asking: true, error: null });
    try {
      const answer = await this.send(wish);
      if (turn !== this.turn) return;
      this.take(answer);
      this.set({ wish: null, asking: false, error: null });
    } catch (error) {
      if (turn === this.turn) this.set({ wish, asking: false, error });
    }
  }

  private set(next: Asking<W>): void {
    this.now = next;
    for (const listener of this.listeners) listener();
  }
}
