/**
 * Short labels for names that share beginnings: `braintumor-mri-flair` beside `braintumor-mri-t1` is `flair`. A beginning that no
 * other name has stays, since it is what tells.
 */
export function shortLabels(names: readonly string[]): Map<string, string> {
  const beginnings = new Map<string, number>();
  const partsOf = (name: string) => name.split(/(?<=[-_])/);
  for (const name of new Set(names)) {
    const parts = partsOf(name);
    for (let end = 1; end < parts.length; end += 1) {
      const beginning = parts.slice(0, end).join('');
      beginnings.set(beginning, (beginnings.get(beginning) ?? 0) + 1);
    }
  }
  const labels = new Map<string, string>();
  const taken = new Set<string>();
  for (const name of names) {
    const parts = partsOf(name);
    let end = parts.length - 1;
    while (end > 0 && (beginnings.get(parts.slice(0, end).join('')) ?? 0) < 2) end -= 1;
    const label = parts.slice(end).join('');
    const clear = label.length > 1 && !taken.has(label) ? label : name;
    taken.add(clear);
    labels.set(name, clear);
  }
  return labels;
}
