/**
 * Sends the latest wish, one at a time: wishes that come while one is under way are put together into one. The shown wish runs ahead
 * of the answer, so a box flips at once and quick clicks never undo each other.
 */
export class Latest<T> {
  private wish: T | null = null;
  private sending = false;
  private pumping: Promise<void> = Promise.resolve();
  private listeners = new Set<() => void>();
  private readonly send: (wish: T) => Promise<unknown>;

  constructor(send: (wish: T) => Promise<unknown>) {
    this.send = send;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** What is wished and not yet answered; `null` when all is answered. */
  readonly pending = (): T | null => this.wish;

  /** Wishes something, on top of what is wished already. */
  change(current: T, patch: (before: T) => T): void {
    this.wish = patch(this.wish ?? current);
    this.tell();
    if (!this.sending) this.pumping = this.pump();
  }

  /** Resolves when all that was wished is answered. */
  async settled(): Promise<void> {
    while (this.sending) await this.pumping;
  }

  private async pump(): Promise<void> {
    this.sending = true;
    while (this.wish !== null) {
      const now = this.wish;
      try {
        await this.send(now);
      } catch {
        // Said by whoever sends; the wish is given up.
      }
      if (this.wish === now) this.wish = null;
    }
    this.sending = false;
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
