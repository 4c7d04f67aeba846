import { useSyncExternalStore } from 'react';

/** Rust says that it lives once a second. After this long without a word the page says so. */
export const SILENT_AFTER_MS = 2000;
const LOOK_EVERY_MS = 250;
/** A look that comes so late says that the page itself was held up. */
const HELD_UP_MS = 1500;

let lastHeard = performance.now();
let lastLook = performance.now();
let silent = false;
const listeners = new Set<() => void>();

function set(now: boolean): void {
  if (silent === now) return;
  silent = now;
  for (const listener of listeners) listener();
}

/** A word from Rust. */
export function heard(): void {
  lastHeard = performance.now();
  set(false);
}

/** One look at the clock. A page that was itself held up (hidden, throttled, busy) gives Rust its time anew. */
export function look(): void {
  const now = performance.now();
  if (now - lastLook > HELD_UP_MS || document.hidden) lastHeard = now;
  lastLook = now;
  if (now - lastHeard > SILENT_AFTER_MS) set(true);
}

function subscribe(listener: () => void): () => void {
  // What came before anybody listened says nothing: Rust has its time from now on.
  if (listeners.size === 0) {
    lastHeard = lastLook = performance.now();
    silent = false;
  }
  listeners.add(listener);
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    listeners.delete(listener);
  };
}

/** Whether Rust has been silent for too long. */
export function useSilent(): boolean {
  return useSyncExternalStore(subscribe, () => silent);
}
