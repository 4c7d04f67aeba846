/** What a key means in the table of studies. Without a document: keys in, meaning out. */

interface KeyPress {
  key: string;
  ctrl: boolean;
  shift: boolean;
  alt: boolean;
}

interface Place {
  /** The active row. */
  active: number;
  /** Rows in all. */
  total: number;
  /** Rows that a page has. */
  page: number;
}

export type Meaning =
  | { type: 'move'; to: number }
  /** Selects from where the range began to here. */
  | { type: 'extend'; to: number }
  | { type: 'toggle' }
  | { type: 'range' }
  | { type: 'all' }
  | { type: 'none' }
  | { type: 'open' }
  | { type: 'close' }
  | { type: 'copy' }
  | { type: 'aside'; by: -1 | 1 };

/** `null`: not the table's key; it goes on to the page. */
export function meaningOf({ key, ctrl, shift, alt }: KeyPress, place: Place): Meaning | null {
  if (alt) return null;
  const go = (to: number): Meaning => ({
    type: shift ? 'extend' : 'move',
    to: Math.min(Math.max(to, 0), Math.max(place.total - 1, 0)),
  });
  if (ctrl) {
    switch (key.toLowerCase()) {
      case 'a':
        return shift ? { type: 'none' } : { type: 'all' };
      case 'c':
        return shift ? null : { type: 'copy' };
      case 'home':
        return go(0);
      case 'end':
        return go(place.total - 1);
      default:
        return null;
    }
  }
  switch (key) {
    case 'ArrowDown':
      return go(place.active + 1);
    case 'ArrowUp':
      return go(place.active - 1);
    case 'Home':
      return go(0);
    case 'End':
      return go(place.total - 1);
    case 'PageDown':
      return go(place.active + Math.max(1, place.page - 1));
    case 'PageUp':
      return go(place.active - Math.max(1, place.page - 1));
    case 'ArrowLeft':
      return { type: 'aside', by: -1 };
    case 'ArrowRight':
      return { type: 'aside', by: 1 };
    case ' ':
      return shift ? { type: 'range' } : { type: 'toggle' };
    case 'Enter':
      return { type: 'open' };
    case 'Escape':
      return { type: 'close' };
    default:
      return null;
  }
}
