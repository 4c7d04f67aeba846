import type { Startup } from '../../bindings/Startup';

/** Nothing is open: open a registry, or try the demo. */
export function FirstRun({ startup }: { startup: Startup }) {
  return <h1>{startup.version}</h1>;
}
