/**
 * Where rows of one height stand in a box that scrolls. An engine clamps a high element (WebKit at 33,554,428 px), so a list that
 * would be higher is scrolled in smaller steps a row; rows themselves keep their height.
 */
export const ROW_HEIGHT = 28;
export const MAX_HEIGHT = 32_000_000;

export interface Scale {
  /** Pixels of scrolling a row. */
  pitch: number;
  /** Height of the whole, as the box sees it. */
  height: number;
}

/** How a list of `total` rows scrolls in a box of this height. */
export function scaleOf(total: number, viewport: number, rowHeight = ROW_HEIGHT, most = MAX_HEIGHT): Scale {
  const natural = total * rowHeight;
  if (natural <= most) return { pitch: rowHeight, height: natural };
  // At the very end the last row touches the lower edge: viewport / rowHeight rows are in sight there.
  return { pitch: (most - viewport) / (total - viewport / rowHeight), height: most };
}

/** How many rows are wholly in sight; one at least. */
export function rowsInSight(viewport: number, rowHeight = ROW_HEIGHT): number {
  return Math.max(1, Math.floor(viewport / rowHeight));
}

/** Where to scroll so that a row is in sight, as little as possible; `null` when it is already. */
export function scrollFor(
  index: number,
  scrollTop: number,
  viewport: number,
  scale: Scale,
  rowHeight = ROW_HEIGHT,
): number | null {
  const first = scrollTop / scale.pitch;
  if (index < first) return index * scale.pitch;
  const fit = viewport / rowHeight;
  if (index + 1 > first + fit) return Math.max(0, (index + 1 - fit) * scale.pitch);
  return null;
}
