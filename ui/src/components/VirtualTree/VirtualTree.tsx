import {
  useCallback,
  useEffect,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type KeyboardEvent,
  type MouseEvent,
  type Ref,
} from 'react';

import type { TreeItem } from '../../bindings/TreeItem';
import type { TreeRow } from '../../bindings/TreeRow';
import { UNSEEN_HEIGHT, useLines } from '../useLines';
import { meaningOf, parentOf, TypeAhead } from './keys';
import { Row } from './Row';
import { ROW_HEIGHT, rowsInSight, scaleOf, scrollFor } from './scale';
import type { RowSource } from './source';
import classes from './VirtualTree.module.css';

export interface TreeHandle {
  focus: () => void;
  /** Makes a row the active one and brings it into sight. */
  goTo: (index: number) => void;
  /** The active row. */
  active: () => number;
}

interface Props {
  label: string;
  source: RowSource<TreeRow>;
  /** Grows when rows move: another filter, a folder opened. The active row is then looked for again. */
  layout: number;
  /** Where an item stands now; `null` when it is nowhere. */
  locate: (item: TreeItem) => Promise<number | null>;
  /** The next row after `after` whose name begins with the text. */
  find: (text: string, after: number | null) => Promise<number | null>;
  onCheck: (item: TreeItem) => void;
  /** A range of rows, as they were seen in this revision. */
  onCheckRows: (revision: number, from: number, to: number, on: boolean) => void;
  onCheckAll: () => void;
  onOpen: (folder: number, open: boolean) => void;
  onOpenSiblings: (item: TreeItem) => void;
  ref?: Ref<TreeHandle>;
}

/** The same box, whatever row it is in. */
export function itemKey(item: TreeItem): string {
  return item.type === 'folder' ? `f${item.id}` : `p${item.id}@${item.folder ?? ''}`;
}

/**
 * A tree of any length: the other side holds it flattened, rows come by windows. One tab stop; the active row is told with
 * `aria-activedescendant`, so focus survives rows that come and go.
 */
export function VirtualTree({
  label,
  source,
  layout,
  locate,
  find,
  onCheck,
  onCheckRows,
  onCheckAll,
  onOpen,
  onOpenSiblings,
  ref,
}: Props) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  useSyncExternalStore(source.subscribe, source.version);
  const total = source.total;
  const [wanted, setActive] = useState(0);
  const active = Math.min(wanted, Math.max(0, total - 1));
  const anchor = useRef<{ index: number; on: boolean; revision: number } | null>(null);
  const typed = useRef<TypeAhead | null>(null);
  const [viewport, setViewport] = useState(UNSEEN_HEIGHT);
  const scale = scaleOf(total, viewport);

  const virtualizer = useLines(box, total, scale.pitch, setViewport);
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, scale.pitch]);

  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const seen = virtualizer.range?.startIndex ?? first;
  const top = seen * scale.pitch - (seen - first) * ROW_HEIGHT;
  useEffect(() => source.show(first, last), [source, first, last]);

  /** What the active row shows, and how often it was chosen: an answer that comes late moves nothing. */
  const remembered = useRef<TreeItem | null>(null);
  const went = useRef(0);
  const choose = useCallback(
    (index: number) => {
      went.current += 1;
      remembered.current = source.row(index)?.item ?? null;
      setActive(index);
    },
    [source],
  );
  const goTo = useCallback(
    (index: number) => {
      choose(index);
      const element = box.current;
      if (!element) return;
      const height = element.clientHeight || UNSEEN_HEIGHT;
      const to = scrollFor(index, element.scrollTop, height, scaleOf(source.total, height));
      if (to !== null) element.scrollTop = to;
    },
    [choose, source],
  );

  useImperativeHandle(ref, () => ({ focus: () => box.current?.focus(), goTo, active: () => active }), [
    goTo,
    active,
  ]);

  // The active row and its place on the screen survive a new layout. What a person went to is remembered until they go
  // elsewhere: a filter that hides it and is taken back finds it again.
  const activeRow = source.row(active);
  useEffect(() => {
    if (remembered.current === null && activeRow && source.fresh(active)) remembered.current = activeRow.item;
  }, [source, active, activeRow]);
  const place = useRef({ active, total });
  useEffect(() => {
    place.current = { active, total };
  }, [active, total]);
  const lastLayout = useRef(layout);
  useEffect(() => {
    if (lastLayout.current === layout) return;
    lastLayout.current = layout;
    anchor.current = null;
    const item = remembered.current;
    const element = box.current;
    if (!item || !element) return;
    const height = element.clientHeight || UNSEEN_HEIGHT;
    const above = place.current.active - element.scrollTop / scaleOf(place.current.total, height).pitch;
    const inSight = above > -1 && above < height / ROW_HEIGHT;
    const turn = (went.current += 1);
    void locate(item).then((index) => {
      if (went.current !== turn || index === null) return;
      setActive(index);
      if (inSight) element.scrollTop = Math.max(0, (index - above) * scaleOf(source.total, height).pitch);
    });
  }, [layout, locate, source]);

  const check = (index: number) => {
    const row = source.row(index);
    if (!row) return;
    anchor.current = { index, on: row.check !== 'all', revision: source.revisionOf(index) };
    onCheck(row.item);
  };
  const checkRange = (index: number) => {
    const from = anchor.current ?? { index: active, on: true, revision: source.revisionOf(active) };
    onCheckRows(
      Math.min(from.revision, source.revisionOf(index)),
      Math.min(from.index, index),
      Math.max(from.index, index),
      from.on,
    );
  };
  const open = (index: number, to: boolean) => {
    const row = source.row(index);
    if (row?.item.type === 'folder' && row.item.expanded !== to) onOpen(row.item.id, to);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const meaning = meaningOf(
      { key: event.key, ctrl: event.ctrlKey || event.metaKey, shift: event.shiftKey, alt: event.altKey },
      {
        active,
        total,
        page: rowsInSight(viewport),
        row:
          activeRow &&
          (activeRow.item.type === 'folder'
            ? { folder: true, expanded: activeRow.item.expanded }
            : { folder: false, expanded: false }),
      },
    );
    if (!meaning) return;
    event.preventDefault();
    event.stopPropagation();
    switch (meaning.type) {
      case 'move':
        goTo(meaning.to);
        break;
      case 'check':
        if (!event.repeat) check(active);
        break;
      case 'checkRange':
        if (!event.repeat) checkRange(active);
        break;
      case 'checkAll':
        if (!event.repeat) onCheckAll();
        break;
      case 'open':
        open(active, true);
        break;
      case 'close':
        open(active, false);
        break;
      case 'parent':
        void parentOf(active, (index) => source.need(index)).then((index) => {
          if (index !== null) goTo(index);
        });
        break;
      case 'openSiblings':
        if (activeRow) onOpenSiblings(activeRow.item);
        break;
      case 'type': {
        typed.current ??= new TypeAhead();
        const { text, again } = typed.current.add(meaning.text, performance.now());
        const after = again ? active - 1 : active;
        void find(text, after < 0 ? null : after)
          .then((index) => index ?? (after < 0 ? null : find(text, null)))
          .then((index) => {
            if (index !== null) goTo(index);
          });
        break;
      }
    }
  };

  const rowOf = (event: MouseEvent) => {
    const target = event.target instanceof Element ? event.target : null;
    const row = target?.closest<HTMLElement>('[data-index]');
    if (!row) return null;
    return {
      index: Number(row.dataset.index),
      part: target?.closest<HTMLElement>('[data-part]')?.dataset.part,
    };
  };
  const onClick = (event: MouseEvent) => {
    const at = rowOf(event);
    if (!at) return;
    choose(at.index);
    if (event.shiftKey) checkRange(at.index);
    else if (at.part === 'box') check(at.index);
    else if (at.part === 'twisty') {
      const row = source.row(at.index);
      if (row?.item.type === 'folder') onOpen(row.item.id, !row.item.expanded);
    } else anchor.current = { index: at.index, on: true, revision: source.revisionOf(at.index) };
  };
  const onDoubleClick = (event: MouseEvent) => {
    const at = rowOf(event);
    if (!at || at.part !== undefined || event.shiftKey) return;
    const row = source.row(at.index);
    if (row?.item.type === 'folder') onOpen(row.item.id, !row.item.expanded);
  };

  // The moment from which one can work, for whoever measures it.
  const usable = source.row(first) !== undefined;
  useEffect(() => {
    if (usable && performance.getEntriesByName('usable').length === 0) performance.mark('usable');
  }, [usable]);

  const rowId = (index: number) => `${id}-${index}`;
  return (
    <div
      ref={box}
      role="tree"
      aria-label={label}
      aria-activedescendant={active >= first && active <= last ? rowId(active) : undefined}
      tabIndex={0}
      data-scroller="tree"
      data-rows={total}
      className={classes.tree}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onDoubleClick={onDoubleClick}
    >
      <div role="presentation" className={classes.space} style={{ height: scale.height }}>
        <div role="presentation" className={classes.rows} style={{ transform: `translateY(${top}px)` }}>
          {items.map(({ index }) => (
            <Row
              key={index}
              id={rowId(index)}
              index={index}
              row={source.row(index)}
              active={index === active}
            />
          ))}
        </div>
      </div>
    </div>
  );
}
