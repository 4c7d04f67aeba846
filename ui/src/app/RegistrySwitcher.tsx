import type { Startup } from '../bindings/Startup';

/** The open registry with its project; opens another. */
export function RegistrySwitcher({ startup }: { startup: Startup }) {
  return startup.registry ? <div className="name">{startup.registry.name}</div> : null;
}
