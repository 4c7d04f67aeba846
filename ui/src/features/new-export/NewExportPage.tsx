import type { OpenRegistry } from '../../bindings/OpenRegistry';

export function NewExportPage({ registry }: { registry: OpenRegistry }) {
  return <h1 className="name">{registry.name}</h1>;
}
