import type { Startup } from '../bindings/Startup';

/** Keys of the whole window, the sheet that lists them, and the command palette. */
export function Shortcuts({ startup }: { startup: Startup }) {
  return <span hidden>{startup.version}</span>;
}
