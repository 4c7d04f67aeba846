import { observeElementRect, useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import type { RefObject } from 'react';

/** Height that a box is given while it has none: a hidden page keeps its lines. */
export const UNSEEN_HEIGHT = 600;

/** Lines of one height in a box that scrolls: which of them are in sight. */
export function useLines(
  box: RefObject<HTMLDivElement | null>,
  count: number,
  height: number,
  onHeight?: (height: number) => void,
): Virtualizer<HTMLDivElement, Element> {
  // Nothing of it is memoised here, so there is nothing that could go stale.
  // eslint-disable-next-line react-hooks/incompatible-library
  return useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 6,
    initialRect: { width: 400, height: UNSEEN_HEIGHT },
    observeElementRect: (instance, tell) =>
      observeElementRect(instance, (rect) => {
        const seen = rect.height > 0 ? rect.height : UNSEEN_HEIGHT;
        onHeight?.(seen);
        tell({ width: rect.width, height: seen });
      }),
  });
}
