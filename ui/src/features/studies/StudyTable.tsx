import {
  useCallback,
  useEffect,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type Ref,
} from 'react';

import { UNSEEN_HEIGHT, useLines } from '../../components/useLines';
import { rowsInSight, scaleOf, scrollFor } from '../../components/VirtualTree/scale';
import type { RowSource } from '../../components/VirtualTree/source';
import type { StudyLine } from '../../bindings/StudyLine';
import type { StudyTarget } from '../../bindings/StudyTarget';
import { template, widthOfAll, type Columns } from './columns';
import { Header } from './Header';
import { meaningOf } from './keys';
import type { Sort } from './sort';
import { StudyTableRow } from './StudyTableRow';
import classes from './StudyTable.module.css';

export const ROW_HEIGHT = 32;
/** Width of the box before each row. */
const BOX = 36;
/** What an arrow key scrolls aside. */
const ASIDE = 120;

export interface TableHandle {
  focus: () => void;
}

interface Props {
  label: string;
  source: RowSource<StudyLine>;
  /** Grows with every other list of studies: then the table stands at its top again. */
  list: number;
  columns: Columns;
  onColumns: (columns: Columns) => void;
  sort: Sort;
  onSort: (field: Sort['field']) => void;
  /** Whether all that match are selected. */
  all: 'all' | 'some' | 'none';
  onSelect: (target: StudyTarget) => void;
  /** The row that the inspector shows; `null` while there is none. */
  open: number | null;
  onOpen: (row: number | null) => void;
  /** The selected ones, or the active one where none is. */
  onCopy: (row: number) => void;
  ref?: Ref<TableHandle>;
}

/**
 * A table of any length: rows come by windows. One tab stop for the rows, told with `aria-activedescendant`, and one for the headers.
 */
export function StudyTable(props: Props) {
  const { label, source, list, columns, onColumns, sort, onSort, all, onSelect, open, onOpen, onCopy, ref } =
    props;
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  useSyncExternalStore(source.subscribe, source.version);
  const total = source.total;
  const [wanted, setActive] = useState(0);
  const active = Math.min(wanted, Math.max(0, total - 1));
  const anchor = useRef<{ row: number; on: boolean } | null>(null);
  const [height, setHeight] = useState(UNSEEN_HEIGHT);
  const viewport = Math.max(ROW_HEIGHT, height - ROW_HEIGHT);
  const scale = scaleOf(total, viewport, ROW_HEIGHT);

  const virtualizer = useLines(box, total, scale.pitch, setHeight);
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, scale.pitch]);
  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const seen = virtualizer.range?.startIndex ?? first;
  const top = seen * scale.pitch - (seen - first) * ROW_HEIGHT;
  useEffect(() => source.show(first, last), [source, first, last]);

  // Another list begins at its top.
  const [shown, setShown] = useState(list);
  if (shown !== list) {
    setShown(list);
    setActive(0);
  }
  useLayoutEffect(() => {
    anchor.current = null;
    if (box.current) box.current.scrollTop = 0;
  }, [list]);

  useImperativeHandle(ref, () => ({ focus: () => box.current?.focus() }), []);
  const goTo = useCallback(
    (row: number) => {
      setActive(row);
      const element = box.current;
      if (!element) return;
      const inner = (element.clientHeight || UNSEEN_HEIGHT) - ROW_HEIGHT;
      const to = scrollFor(
        row,
        element.scrollTop,
        inner,
        scaleOf(source.total, inner, ROW_HEIGHT),
        ROW_HEIGHT,
      );
      if (to !== null) element.scrollTop = to;
    },
    [source],
  );

  const toggle = (row: number) => {
    anchor.current = { row, on: source.row(row)?.selected !== true };
    onSelect({ type: 'row', row });
  };
  const range = (row: number) => {
    const from = anchor.current ?? { row: active, on: true };
    anchor.current = from;
    onSelect({ type: 'rows', from: Math.min(from.row, row), to: Math.max(from.row, row), on: from.on });
  };

  const onKeyDown = (event: KeyboardEvent) => {
    // Headers have keys of their own.
    if (event.target !== box.current) return;
    const meaning = meaningOf(
      { key: event.key, ctrl: event.ctrlKey || event.metaKey, shift: event.shiftKey, alt: event.altKey },
      { active, total, page: rowsInSight(viewport, ROW_HEIGHT) },
    );
    if (!meaning || total === 0) return;
    if (meaning.type === 'close' && open === null) return;
    event.preventDefault();
    event.stopPropagation();
    switch (meaning.type) {
      case 'move':
        goTo(meaning.to);
        if (open !== null) onOpen(meaning.to);
        break;
      case 'extend':
        anchor.current ??= { row: active, on: true };
        goTo(meaning.to);
        range(meaning.to);
        break;
      case 'toggle':
        if (!event.repeat) toggle(active);
        break;
      case 'range':
        if (!event.repeat) range(active);
        break;
      case 'all':
      case 'none':
        if (!event.repeat) onSelect({ type: meaning.type });
        break;
      case 'open':
        onOpen(active);
        break;
      case 'close':
        onOpen(null);
        break;
      case 'copy':
        if (!event.repeat) onCopy(active);
        break;
      case 'aside':
        box.current.scrollLeft += meaning.by * ASIDE;
        break;
    }
  };

  const onClick = (event: MouseEvent) => {
    const target = event.target instanceof Element ? event.target : null;
    const at = target?.closest<HTMLElement>('[data-index]')?.dataset.index;
    if (at === undefined) return;
    const row = Number(at);
    setActive(row);
    if (event.shiftKey) range(row);
    else if (event.ctrlKey || event.metaKey || target?.closest('[data-part=box]')) toggle(row);
    else {
      anchor.current = { row, on: true };
      onOpen(row);
    }
  };

  const rowId = (row: number) => `${id}-${row}`;
  const style: CSSProperties & Record<'--columns' | '--width', string> = {
    '--columns': template(columns, BOX),
    '--width': `${widthOfAll(columns) + BOX}px`,
  };
  return (
    <div
      ref={box}
      role="grid"
      aria-label={label}
      aria-rowcount={total + 1}
      aria-colcount={columns.fields.length + 1}
      aria-multiselectable
      aria-activedescendant={total > 0 && active >= first && active <= last ? rowId(active) : undefined}
      tabIndex={0}
      data-scroller="studies"
      data-rows={total}
      className={classes.table}
      style={style}
      onKeyDown={onKeyDown}
      onClick={onClick}
    >
      <Header
        columns={columns}
        onColumns={onColumns}
        sort={sort}
        onSort={onSort}
        all={all}
        onSelect={onSelect}
        box={BOX}
      />
      <div role="presentation" className={classes.space} style={{ height: scale.height }}>
        <div role="rowgroup" className={classes.rows} style={{ transform: `translateY(${top}px)` }}>
          {items.map(({ index }) => (
            <StudyTableRow
              key={index}
              id={rowId(index)}
              index={index}
              line={source.row(index)}
              fields={columns.fields}
              active={index === active}
              open={index === open}
            />
          ))}
        </div>
      </div>
    </div>
  );
}
