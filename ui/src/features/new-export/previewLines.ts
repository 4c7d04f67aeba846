import type { PreviewEntry } from '../../bindings/PreviewEntry';

/** A line of the archive's tree. */
export interface PreviewLine {
  depth: number;
  name: string;
  folder: boolean;
  /** `null`: known at the end only, or a folder. */
  bytes: number | null;
}

/** Entries in their order as a tree: each folder once, before what is in it. */
export function previewLines(entries: readonly PreviewEntry[]): PreviewLine[] {
  const lines: PreviewLine[] = [];
  let open: string[] = [];
  for (const entry of entries) {
    const parts = entry.name.split('/');
    const folders = parts.slice(0, -1);
    let same = 0;
    while (same < folders.length && same < open.length && folders[same] === open[same]) same += 1;
    for (let depth = same; depth < folders.length; depth += 1)
      lines.push({ depth, name: folders[depth] ?? '', folder: true, bytes: null });
    open = folders;
    lines.push({ depth: folders.length, name: parts.at(-1) ?? '', folder: false, bytes: entry.bytes });
  }
  return lines;
}
