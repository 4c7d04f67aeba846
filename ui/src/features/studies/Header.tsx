import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';

import type { StudyTarget } from '../../bindings/StudyTarget';
import boxes from '../../components/Check.module.css';
import { movedTo, placeAt, resized, STEP, widthOf, type Columns } from './columns';
import type { Field } from './fields';
import type { Sort } from './sort';
import classes from './StudyTable.module.css';

/** So far a pointer goes before a press is a drag. */
const DRAG = 5;

interface Props {
  columns: Columns;
  onColumns: (columns: Columns) => void;
  sort: Sort;
  onSort: (field: Field) => void;
  all: 'all' | 'some' | 'none';
  onSelect: (target: StudyTarget) => void;
  box: number;
}

/**
 * The headers: a click sorts, dragging moves, the edge resizes. One tab stop: arrows go from one to the next, with Alt they move the
 * column, with Shift they resize it.
 */
export function Header({ columns, onColumns, sort, onSort, all, onSelect, box }: Props) {
  const { t } = useTranslation();
  const row = useRef<HTMLDivElement>(null);
  const [stop, setStop] = useState<Field | null>(null);
  const [dragged, setDragged] = useState<{ field: Field; place: number } | null>(null);
  const press = useRef<{
    field: Field;
    x: number;
    how: 'move' | 'resize';
    width: number;
    moved: boolean;
  } | null>(null);
  const reached = stop !== null && columns.fields.includes(stop) ? stop : columns.fields[0];

  const focus = (field: Field | undefined) => {
    if (field === undefined) return;
    setStop(field);
    row.current?.querySelector<HTMLElement>(`[data-header="${field}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent, field: Field) => {
    const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    const at = columns.fields.indexOf(field);
    const ctrl = event.ctrlKey || event.metaKey;
    if (by === 0) {
      if (event.key !== 'Home' && event.key !== 'End') return;
      focus(columns.fields.at(event.key === 'Home' ? 0 : -1));
    } else if (event.altKey && !ctrl) onColumns(movedTo(columns, field, at + by));
    else if (event.shiftKey && !ctrl) onColumns(resized(columns, field, widthOf(columns, field) + by * STEP));
    else if (ctrl || event.altKey) return;
    else focus(columns.fields[at + by]);
    event.preventDefault();
    event.stopPropagation();
  };

  /** Where a pointer is, from the left of the first column. */
  const inside = (event: PointerEvent) =>
    event.clientX - (row.current?.getBoundingClientRect().left ?? 0) - box;
  const onPointerDown = (event: PointerEvent<HTMLElement>, field: Field, how: 'move' | 'resize') => {
    if (event.button !== 0) return;
    press.current = { field, x: event.clientX, how, width: widthOf(columns, field), moved: false };
    event.currentTarget.setPointerCapture(event.pointerId);
    event.stopPropagation();
  };
  const onPointerMove = (event: PointerEvent) => {
    const now = press.current;
    if (!now) return;
    const gone = event.clientX - now.x;
    if (Math.abs(gone) > DRAG || now.how === 'resize') now.moved = true;
    if (!now.moved) return;
    if (now.how === 'resize') onColumns(resized(columns, now.field, now.width + gone));
    else setDragged({ field: now.field, place: placeAt(columns, now.field, inside(event)) });
  };
  const onPointerUp = () => {
    if (dragged) onColumns(movedTo(columns, dragged.field, dragged.place));
    setDragged(null);
  };
  const marks = dragged ? movedTo(columns, dragged.field, dragged.place).fields : columns.fields;

  return (
    <div role="row" aria-rowindex={1} ref={row} className={classes.header}>
      <span role="columnheader" className={classes.check}>
        <input
          type="checkbox"
          className={boxes.box}
          aria-label={t('studies.table.all')}
          checked={all === 'all'}
          ref={(input) => {
            if (input) input.indeterminate = all === 'some';
          }}
          onChange={() => onSelect({ type: all === 'all' ? 'none' : 'all' })}
        />
      </span>
      {marks.map((field) => {
        const sorted = sort.field === field;
        return (
          <span
            key={field}
            role="columnheader"
            aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : 'none'}
            className={classes.head}
            data-field={field}
            data-dragged={dragged?.field === field || undefined}
          >
            <button
              type="button"
              data-header={field}
              className={classes.sort}
              tabIndex={field === reached ? 0 : -1}
              title={t('studies.table.headerHelp', { name: t(`studies.fields.${field}`) })}
              onFocus={() => setStop(field)}
              onKeyDown={(event) => onKeyDown(event, field)}
              onPointerDown={(event) => onPointerDown(event, field, 'move')}
              onPointerMove={onPointerMove}
              onPointerUp={onPointerUp}
              onPointerCancel={() => {
                press.current = null;
                setDragged(null);
              }}
              onClick={() => {
                const dragging = press.current?.moved === true;
                press.current = null;
                if (!dragging) onSort(field);
              }}
            >
              <span className="name">{t(`studies.fields.${field}`)}</span>
              {sorted &&
                (sort.descending ? (
                  <IconArrowDown size={12} stroke={2} aria-hidden />
                ) : (
                  <IconArrowUp size={12} stroke={2} aria-hidden />
                ))}
            </button>
            <span
              className={classes.edge}
              aria-hidden
              onPointerDown={(event) => onPointerDown(event, field, 'resize')}
              onPointerMove={onPointerMove}
              onPointerUp={() => (press.current = null)}
              onPointerCancel={() => (press.current = null)}
            />
          </span>
        );
      })}
    </div>
  );
}
