/** What a key means in the tree, by the ARIA pattern for trees with boxes. Without a document: keys in, meaning out. */

export interface KeyPress {
  key: string;
  ctrl: boolean;
  shift: boolean;
  alt: boolean;
}

export interface Place {
  /** The active row. */
  active: number;
  /** Rows in all. */
  total: number;
  /** Rows that a page has. */
  page: number;
  /** Whether the active row is a folder, and open. Nothing while it is not loaded. */
  row: { folder: boolean; expanded: boolean } | undefined;
}

export type Meaning =
  | { type: 'move'; to: number }
  | { type: 'check' }
  | { type: 'checkRange' }
  | { type: 'checkAll' }
  | { type: 'open' }
  | { type: 'close' }
  | { type: 'parent' }
  | { type: 'openSiblings' }
  | { type: 'type'; text: string };

/** `null`: not the tree's key; it goes on to the page. */
export function meaningOf(press: KeyPress, place: Place): Meaning | null {
  const { key, ctrl, shift, alt } = press;
  if (alt) return null;
  const clamp = (index: number) => Math.min(Math.max(index, 0), Math.max(place.total - 1, 0));
  const move = (to: number): Meaning => ({ type: 'move', to: clamp(to) });
  if (ctrl) return (key === 'a' || key === 'A') && !shift ? { type: 'checkAll' } : null;
  switch (key) {
    case 'ArrowDown':
      return move(place.active + 1);
    case 'ArrowUp':
      return move(place.active - 1);
    case 'Home':
      return move(0);
    case 'End':
      return move(place.total - 1);
    case 'PageDown':
      return move(place.active + Math.max(1, place.page - 1));
    case 'PageUp':
      return move(place.active - Math.max(1, place.page - 1));
    case 'ArrowRight':
      if (!place.row?.folder) return move(place.active);
      return place.row.expanded ? move(place.active + 1) : { type: 'open' };
    case 'ArrowLeft':
      return place.row?.folder && place.row.expanded ? { type: 'close' } : { type: 'parent' };
    case 'Enter':
      if (!place.row?.folder) return { type: 'check' };
      return place.row.expanded ? { type: 'close' } : { type: 'open' };
    case ' ':
      return shift ? { type: 'checkRange' } : { type: 'check' };
    case '*':
      return { type: 'openSiblings' };
    case '/':
    case '?':
      return null;
    default:
      return /^.$/su.test(key) ? { type: 'type', text: key } : null;
  }
}

interface Leveled {
  level: number;
  position: number;
}

/**
 * The row of the parent folder. A row stands at least `position` rows below its parent, so this leaps from sibling to sibling instead
 * of reading all rows between. `null` for a row without a parent.
 */
export async function parentOf(
  index: number,
  rowAt: (index: number) => Promise<Leveled | undefined>,
): Promise<number | null> {
  const own = await rowAt(index);
  if (!own || own.level <= 1) return null;
  let at = index;
  let row: Leveled = own;
  while (at > 0) {
    const next = Math.max(0, at - Math.max(1, row.position));
    const found = await rowAt(next);
    if (!found) return null;
    if (found.level < own.level) return next;
    at = next;
    row = found;
  }
  return null;
}

/** Letters that were typed in quick succession, for finding a row by the beginning of its name. */
export class TypeAhead {
  private text = '';
  private last = 0;

  /** Adds a letter; `again` when the same search goes on with a longer text. */
  add(letter: string, now: number): { text: string; again: boolean } {
    const again = now - this.last < 700 && this.text !== '';
    this.last = now;
    // The same letter again and again goes from one such row to the next.
    if (again && this.text === letter) return { text: letter, again: false };
    this.text = again ? this.text + letter : letter;
    return { text: this.text, again };
  }
}
