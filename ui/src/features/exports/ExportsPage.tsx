import { Button, CloseButton, Loader, Select, TextInput } from '@mantine/core';
import { IconPackages, IconSearch } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import { defaultRangeExtractor, observeElementRect, useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import { goTo, usePage, usePageDetail } from '../../app/page';
import { dialogIsOpen, isTyping } from '../../app/shortcutKeys';
import type { ExportRow } from '../../bindings/ExportRow';
import type { ExportRows } from '../../bindings/ExportRows';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { ExportDrawer } from './ExportDrawer';
import { ExportItem, ROW_HEIGHT, type MenuPlace } from './ExportItem';
import { ExportTabs, type View } from './ExportTabs';
import { countTabs, filterRows, offers, SORTS, sortRows, type Act, type Sort } from './model';
import { RowMenu } from './RowMenu';
import { SourceExports } from './SourceExports';
import { useExportActs } from './useExportActs';
import classes from './ExportsPage.module.css';

/** Height of the list while it has no place on the screen. */
const UNSEEN_HEIGHT = 600;

interface Props {
  exports: UseQueryResult<ExportRows>;
  registry: OpenRegistry | null;
}

/** All exports: how far they are, where they lie, what became of them. */
export function ExportsPage({ exports, registry }: Props) {
  const { t } = useTranslation();
  return (
    <section className={classes.page} aria-labelledby="exports-title">
      {exports.data ? (
        <Listed rows={exports.data.exports} registry={registry} />
      ) : (
        <>
          <header className={classes.head}>
            <h1 id="exports-title" className={classes.title}>
              {t('exports.title')}
            </h1>
          </header>
          {exports.isError ? (
            <div className={classes.notice}>
              <ErrorNotice
                report={reportOf(exports.error)}
                action={{ label: t('common.retry'), onClick: () => void exports.refetch() }}
              />
            </div>
          ) : (
            <div className={classes.loading} role="status">
              <Loader />
              {t('exports.loading')}
            </div>
          )}
        </>
      )}
    </section>
  );
}

function Listed({ rows, registry }: { rows: ExportRow[]; registry: OpenRegistry | null }) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const acts = useExportActs();
  const onPage = usePage() === 'exports';
  const detail = usePageDetail();
  const openedId = onPage ? detail : undefined;
  const opened = openedId === undefined ? undefined : rows.find((row) => row.id === openedId);

  const [view, setView] = useState<View>('all');
  const source = view === 'source' && registry !== null && registry.source_exports > 0 ? registry : null;
  const tab = view === 'source' ? 'all' : view;
  const [typed, setTyped] = useState('');
  const [sort, setSort] = useState<Sort>('newest');
  const [currentId, setCurrentId] = useState<string | null>(null);
  const [menu, setMenu] = useState<{ id: string; place: MenuPlace } | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const find = useRef<HTMLInputElement>(null);

  const counts = useMemo(() => countTabs(rows), [rows]);
  const shown = useMemo(
    () => sortRows(filterRows(rows, tab, typed), sort, i18n.language),
    [rows, tab, typed, sort, i18n.language],
  );
  const at = shown.findIndex((row) => row.id === currentId);
  const current = at < 0 ? 0 : at;

  // eslint-disable-next-line react-hooks/incompatible-library -- nothing of it is handed to a memoised component
  const virtualizer = useVirtualizer({
    count: shown.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => shown[index]?.id ?? index,
    overscan: 4,
    initialRect: { width: 800, height: UNSEEN_HEIGHT },
    // A hidden page has no height: it keeps the rows that it had.
    observeElementRect: (instance, tell) =>
      observeElementRect(instance, (rect) =>
        tell(rect.height > 0 ? rect : { ...rect, height: UNSEEN_HEIGHT }),
      ),
    // The row with the focus stays in the document wherever the list is scrolled to.
    rangeExtractor: (range) => {
      const indices = defaultRangeExtractor(range);
      if (current < shown.length && !indices.includes(current)) indices.push(current);
      return indices.sort((a, b) => a - b);
    },
  });

  const focusRow = useCallback((id: string) => {
    // The row may have to be drawn first.
    requestAnimationFrame(() => {
      box.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus();
    });
  }, []);

  const moveTo = useCallback(
    (index: number) => {
      const row = shown[Math.max(0, Math.min(shown.length - 1, index))];
      if (!row) return;
      setCurrentId(row.id);
      virtualizer.scrollToIndex(shown.indexOf(row));
      focusRow(row.id);
    },
    [shown, virtualizer, focusRow],
  );

  // An export that is asked for is shown, whatever the filter says.
  const [asked, setAsked] = useState<string | undefined>(undefined);
  if (openedId !== asked && (openedId === undefined || opened)) {
    setAsked(openedId);
    if (opened) {
      setCurrentId(opened.id);
      if (!shown.includes(opened) || source) {
        setView('all');
        setTyped('');
      }
    }
  }
  useEffect(() => {
    if (asked === undefined) return;
    const index = shown.findIndex((row) => row.id === asked);
    if (index >= 0) virtualizer.scrollToIndex(index);
    // Only when another one is asked for, not at every change of the list.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [asked]);

  const act = acts.act;
  const onAct = useCallback(
    (what: Act, row: ExportRow) => {
      if (what === 'remove' && offers(row, 'remove')) {
        const index = shown.findIndex((one) => one.id === row.id);
        const next = shown[index + 1] ?? shown[index - 1];
        if (next) {
          setCurrentId(next.id);
          if (box.current?.contains(document.activeElement)) focusRow(next.id);
        }
        if (openedId === row.id) goTo('exports');
      }
      act(what, row);
    },
    [act, shown, openedId, focusRow],
  );
  const onMenu = useCallback((row: ExportRow, place: MenuPlace) => {
    setCurrentId(row.id);
    setMenu({ id: row.id, place });
  }, []);
  const closeMenu = useCallback(() => {
    setMenu((open) => {
      if (open) focusRow(open.id);
      return null;
    });
  }, [focusRow]);

  useEffect(() => {
    if (!onPage) return;
    const toFind = (event: globalThis.KeyboardEvent) => {
      if (event.key !== '/' || event.defaultPrevented || isTyping(event.target) || dialogIsOpen()) return;
      event.preventDefault();
      find.current?.focus();
      find.current?.select();
    };
    window.addEventListener('keydown', toFind);
    return () => window.removeEventListener('keydown', toFind);
  }, [onPage]);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const element = event.target as HTMLElement;
    const row = shown[current];
    if (element.dataset['row'] === undefined || !row || event.ctrlKey || event.altKey || event.metaKey)
      return;
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? UNSEEN_HEIGHT) / ROW_HEIGHT) - 1);
    const openMenu = () => {
      const rect = element.getBoundingClientRect();
      onMenu(row, { x: rect.right - 16, y: rect.bottom - 16 });
    };
    const does: Record<string, () => void> = {
      ArrowDown: () => moveTo(current + 1),
      ArrowUp: () => moveTo(current - 1),
      Home: () => moveTo(0),
      End: () => moveTo(shown.length - 1),
      PageDown: () => moveTo(current + page),
      PageUp: () => moveTo(current - page),
      Enter: () => onAct('details', row),
      Delete: () => onAct('remove', row),
      ContextMenu: openMenu,
    };
    const what = event.shiftKey ? (event.key === 'F10' ? openMenu : undefined) : does[event.key];
    if (!what) return;
    event.preventDefault();
    what();
  };

  const menuRow = menu && rows.find((row) => row.id === menu.id);
  const clear = () => {
    setView('all');
    setTyped('');
  };

  return (
    <>
      <header className={classes.head}>
        <h1 id="exports-title" className={classes.title}>
          {t('exports.title')}
        </h1>
        {rows.length > 0 && !source && (
          <>
            <TextInput
              size="xs"
              className={classes.find}
              type="text"
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key === 'Escape' && typed !== '') setTyped('');
                else if (event.key === 'ArrowDown') moveTo(0);
                else return;
                event.preventDefault();
              }}
              placeholder={t('exports.find')}
              aria-label={t('exports.findLabel')}
              ref={find}
              leftSection={<IconSearch size={14} stroke={1.75} aria-hidden />}
              rightSection={
                typed === '' ? null : (
                  <CloseButton aria-label={t('exports.findClear')} onClick={() => setTyped('')} />
                )
              }
            />
            <Select
              size="xs"
              className={classes.sort}
              aria-label={t('exports.sortLabel')}
              data={SORTS.map((value) => ({ value, label: t(`exports.sorts.${value}`) }))}
              value={sort}
              allowDeselect={false}
              onChange={(value) => {
                const next = SORTS.find((one) => one === value);
                if (next) setSort(next);
              }}
            />
          </>
        )}
      </header>
      {(rows.length > 0 || (registry?.source_exports ?? 0) > 0) && (
        <ExportTabs
          view={source ? 'source' : tab}
          counts={counts}
          ofSource={registry?.source_exports ?? 0}
          onView={setView}
        />
      )}
      {source ? (
        <SourceExports registry={source} />
      ) : rows.length === 0 ? (
        <Empty />
      ) : (
        <>
          <div className="visually-hidden" role="status">
            {typed === '' ? '' : t('exports.shown', { count: shown.length, n: format.count(shown.length) })}
          </div>
          {shown.length === 0 ? (
            <div className={classes.none}>
              <p>{t('exports.nothingFits')}</p>
              <Button variant="default" onClick={clear}>
                {t('exports.showAll')}
              </Button>
            </div>
          ) : (
            // Keys belong to the rows, which have the focus.
            // eslint-disable-next-line jsx-a11y/interactive-supports-focus
            <div
              ref={box}
              className={classes.list}
              role="grid"
              aria-label={t('exports.list')}
              aria-rowcount={shown.length}
              onKeyDown={onKeyDown}
            >
              <div role="rowgroup" className={classes.inner} style={{ height: virtualizer.getTotalSize() }}>
                {virtualizer.getVirtualItems().map((item) => {
                  const row = shown[item.index];
                  return (
                    row && (
                      <ExportItem
                        key={row.id}
                        row={row}
                        index={item.index}
                        top={item.start}
                        current={item.index === current}
                        opened={row.id === openedId}
                        menuOpen={menu?.id === row.id}
                        task={acts.tasks.get(row.id)}
                        outcome={acts.outcomes.get(row.id)}
                        onAct={onAct}
                        onStop={acts.cancelTask}
                        onDismiss={acts.dismiss}
                        onCurrent={setCurrentId}
                        onMenu={onMenu}
                      />
                    )
                  );
                })}
              </div>
            </div>
          )}
        </>
      )}
      {menu && menuRow && onPage && (
        <RowMenu
          row={menuRow}
          place={menu.place}
          busy={acts.tasks.has(menuRow.id)}
          onAct={onAct}
          onClose={closeMenu}
        />
      )}
      <ExportDrawer
        row={opened}
        acts={acts}
        onAct={onAct}
        onClose={() => {
          goTo('exports');
          if (opened) focusRow(opened.id);
        }}
      />
    </>
  );
}

/** No export yet: what this page is for. */
function Empty() {
  const { t } = useTranslation();
  return (
    <div className={classes.empty}>
      <IconPackages size={40} stroke={1.25} aria-hidden className={classes.emptyIcon} />
      <h2 className={classes.emptyTitle}>{t('exports.empty.title')}</h2>
      <p className={classes.emptyBody}>{t('exports.empty.body')}</p>
      <Button onClick={() => goTo('new-export')}>{t('exports.empty.action')}</Button>
    </div>
  );
}
