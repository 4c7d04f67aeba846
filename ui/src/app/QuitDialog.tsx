import { useSyncExternalStore } from 'react';

let asked: number | null = null;
const listeners = new Set<() => void>();

/** The user wants to close the window while exports run. */
export function askToQuit(active: number | null): void {
  asked = active;
  for (const listener of listeners) listener();
}

/** Keep running in the background, stop and quit, or stay. */
export function QuitDialog() {
  const active = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => asked,
  );
  return active === null ? null : <div role="dialog">{active}</div>;
}
