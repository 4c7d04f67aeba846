import { observeElementRect, useVirtualizer } from '@tanstack/react-virtual';
import { useRef, type ReactNode } from 'react';

import classes from './VirtualRows.module.css';

interface Props<T> {
  items: readonly T[];
  rowHeight: number;
  /** Rows are cut off above this height; without one, where the place of the box ends. */
  maxHeight?: number;
  label: string;
  children: (item: T, index: number) => ReactNode;
}

/** Height of a list that fills its place, while it has none on the screen. */
const UNSEEN_HEIGHT = 600;

/** A long list in a box: only the rows in sight are drawn. The box takes the focus, so that keys scroll it. */
export function VirtualRows<T>({ items, rowHeight, maxHeight, label, children }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const unseen = maxHeight ?? UNSEEN_HEIGHT;
  const height = maxHeight === undefined ? undefined : Math.min(maxHeight, items.length * rowHeight);
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing of it is handed to a memoised component
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 4,
    initialRect: { width: 400, height: unseen },
    observeElementRect: (instance, tell) =>
      observeElementRect(instance, (rect) => tell(rect.height > 0 ? rect : { ...rect, height: unseen })),
  });
  return (
    <div
      ref={box}
      className={classes.box}
      data-fill={height === undefined || undefined}
      style={{ height }}
      role="group"
      aria-label={label}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached with keys
      tabIndex={0}
    >
      <div role="list" className={classes.inner} style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => {
          const value = items[item.index];
          return (
            <div
              key={item.key}
              role="listitem"
              aria-setsize={items.length}
              aria-posinset={item.index + 1}
              className={classes.row}
              style={{ height: rowHeight, transform: `translateY(${item.start}px)` }}
            >
              {value !== undefined && children(value, item.index)}
            </div>
          );
        })}
      </div>
    </div>
  );
}
