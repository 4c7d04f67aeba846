import { Button } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import {
  IconColumns3,
  IconCopy,
  IconDownload,
  IconSearch,
  IconTableImport,
  IconUsers,
  IconX,
} from '@tabler/icons-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useCommands } from '../../app/commands';
import { useFormat } from '../../app/FormatContext';
import { dialogIsOpen, isTyping } from '../../app/shortcutKeys';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import type { StudiesState } from '../../bindings/StudiesState';
import type { StudiesWhat } from '../../bindings/StudiesWhat';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { toast, toastError } from '../../components/toast';
import { SearchField } from '../../components/SearchField';
import { useHost } from '../../host/context';
import { ColumnsDialog } from './ColumnsDialog';
import { ExportMenu } from './ExportMenu';
import { FilterBar } from './FilterBar';
import { Inspector } from './Inspector';
import { noFilter } from './filter';
import { ListMenu } from './ListMenu';
import { PatientsButton } from './PatientsButton';
import { nextSort } from './sort';
import { StudyTable, type TableHandle } from './StudyTable';
import { Summary } from './Summary';
import { useColumns } from './useColumns';
import { usePatients, type Carried } from './usePatients';
import { useStudies } from './useStudies';
import { hasLists, type StudyList } from './useStudyList';
import classes from './Studies.module.css';

/** Below this width the inspector stands over the table. */
const NARROW = '(max-width: 1099px)';

interface Props {
  registry: OpenRegistry;
  state: StudiesState;
  studyList: StudyList;
}

export function Studies({ registry, state, studyList }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const narrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  const { source, list, wish, asking, error, setFilter, setSort, select, settled } = useStudies(state);
  const { columns, setColumns, saveSet, deleteSet } = useColumns(state);
  const { carry, carried, dismiss } = usePatients(registry, settled);
  const search = useRef<HTMLInputElement>(null);
  const table = useRef<TableHandle>(null);
  const [opened, setOpened] = useState<{ row: number; list: number } | null>(null);
  const [choosing, setChoosing] = useState(false);
  const [exporting, setExporting] = useState(false);
  const [what, setWhat] = useState<StudiesWhat>('matching');
  // Another list has other studies in its rows.
  const open = opened !== null && opened.list === list && opened.row < state.matching ? opened.row : null;
  const onOpen = useCallback((row: number | null) => setOpened(row === null ? null : { row, list }), [list]);

  const { selected, matching } = state;
  const ready = registry.project !== null && state.record_numbers;
  const beginExport = useCallback((of: StudiesWhat) => {
    setWhat(of);
    setExporting(true);
  }, []);
  const copy = useCallback(
    (row: number | null) =>
      void settled()
        .then((selected) =>
          host.call('studies_copy', {
            revision: source.revision,
            row: selected > 0 ? null : row,
            columns: [...columns.fields],
          }),
        )
        .then(({ rows }) =>
          toast({
            id: 'studies-copied',
            message: t('studies.selection.copied', { count: rows, n: format.count(rows) }),
          }),
        )
        .catch(toastError),
    [host, source, settled, columns, t, format],
  );
  const copyOne = useCallback(
    (row: number) =>
      void host
        .call('studies_copy', { revision: source.revision, row, columns: [...columns.fields] })
        .then(() =>
          toast({ id: 'studies-copied', message: t('studies.selection.copied', { count: 1, n: 1 }) }),
        )
        .catch(toastError),
    [host, source, columns, t],
  );
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || dialogIsOpen()) return;
      const ctrl = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if ((ctrl && key === 'f') || (key === '/' && !ctrl && !isTyping(event.target))) {
        event.preventDefault();
        search.current?.focus();
        search.current?.select();
      } else if (ctrl && key === 'enter' && !event.repeat) {
        event.preventDefault();
        void settled().then((selected) => beginExport(selected > 0 ? 'selected' : 'matching'));
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [beginExport, settled]);

  useCommands(
    useMemo(() => {
      const group = t('common.pages.studies');
      // A menu opens after the palette has closed and given the focus back.
      const later = (run: () => void) => () => void setTimeout(run);
      return [
        {
          id: 'studies:search',
          group,
          label: t('studies.search.label'),
          icon: IconSearch,
          keys: ['/'],
          run: () => setTimeout(() => search.current?.focus()),
        },
        {
          id: 'studies:export',
          group,
          label: t('studies.export.title'),
          icon: IconDownload,
          keys: [t('common.shortcuts.keys.ctrl'), t('common.shortcuts.keys.enter')],
          run: later(() => beginExport('matching')),
        },
        {
          id: 'studies:columns',
          group,
          label: t('studies.columns.open'),
          icon: IconColumns3,
          run: later(() => setChoosing(true)),
        },
        ...(ready
          ? [
              {
                id: 'studies:patients',
                group,
                label: t('studies.patients.use'),
                icon: IconUsers,
                run: () => carry(false),
              },
            ]
          : []),
      ];
    }, [t, ready, beginExport, carry]),
  );

  const all = state.matching_selected === 0 ? 'none' : state.matching_selected >= matching ? 'all' : 'some';
  const hidden = selected - state.matching_selected;
  return (
    <>
      <div className={classes.tools}>
        <div className={classes.line}>
          <SearchField
            ref={search}
            testId="studies-search"
            label={t('studies.search.label')}
            placeholder={t('studies.search.placeholder')}
            clear={t('studies.search.clear')}
            about={t('studies.search.about')}
            text={wish.filter.q}
            onText={(q) => setFilter((before) => ({ ...before, q }))}
            onLeave={() => table.current?.focus()}
          />
          <Button
            variant="default"
            leftSection={<IconColumns3 size={14} stroke={1.75} aria-hidden />}
            aria-haspopup="dialog"
            onClick={() => setChoosing(true)}
          >
            {t('studies.columns.open')}
          </Button>
          {hasLists(registry) && <ListMenu list={studyList} view={state.list} zone={state.time_zone} />}
          <PatientsButton
            project={registry.project !== null}
            recordNumbers={state.record_numbers}
            own={state.own_record_numbers}
            onUse={carry}
          />
          <ExportMenu
            settled={settled}
            opened={exporting}
            onOpened={(now) => {
              if (now) setWhat('matching');
              setExporting(now);
            }}
            what={what}
            onWhat={setWhat}
            matching={matching}
            selected={selected}
            limit={state.limit}
            mayExport={state.may_export}
            shown={columns.fields}
            sets={state.columns.sets}
            zone={state.time_zone}
          />
        </div>
        <FilterBar filter={wish.filter} change={setFilter} zone={state.time_zone} />
        {error !== null && <ErrorNotice report={reportOf(error)} />}
        {carried && <CarriedNotice carried={carried} onDismiss={dismiss} />}
      </div>
      <div className={classes.result} aria-busy={asking}>
        <strong
          className={classes.of}
          title={t('studies.ofAllTitle')}
          data-testid="studies-count"
          role="status"
        >
          {t('studies.ofAll', { n: format.count(matching), of: format.count(state.total) })}
        </strong>
        <Summary revision={list} matching={matching} />
        {state.list && (
          <span
            className={classes.from}
            title={t('studies.list.fromTitle', {
              when: state.list.read_at === null ? '' : format.exactTime(state.list.read_at),
            })}
            data-testid="studies-from"
          >
            <IconTableImport size={14} stroke={1.75} aria-hidden />
            <bdi>{t('studies.list.from', { name: state.list.name })}</bdi>
          </span>
        )}
        <span
          className={classes.zone}
          title={t('studies.zoneTitle', { menu: t('studies.filter.date') })}
          data-testid="studies-zone"
        >
          {t('studies.zone', { zone: state.time_zone })}
        </span>
      </div>
      <div className={classes.body}>
        <div className={classes.main}>
          {matching === 0 ? (
            <div className={classes.empty} role="status">
              <p>{t('studies.table.noMatch')}</p>
              <Button variant="default" onClick={() => setFilter(noFilter)}>
                {t('studies.table.clearFilter')}
              </Button>
            </div>
          ) : (
            <StudyTable
              ref={table}
              label={t('studies.table.label')}
              source={source}
              list={list}
              columns={columns}
              onColumns={setColumns}
              sort={wish.sort}
              onSort={(field) => setSort((before) => nextSort(before, field))}
              all={all}
              onSelect={select}
              open={open}
              onOpen={onOpen}
              onCopy={copy}
            />
          )}
          {source.error !== null && <RowsError error={source.error} onRetry={() => source.retry()} />}
          {selected > 0 && (
            <div className={classes.foot} data-testid="studies-selected">
              <strong>{t('studies.selection.count', { count: selected, n: format.count(selected) })}</strong>
              {hidden > 0 && (
                <span className={classes.hidden}>
                  {t('studies.selection.hidden', { n: format.count(hidden) })}
                </span>
              )}
              <Button variant="subtle" size="compact-sm" onClick={() => select({ type: 'none' })}>
                {t('studies.selection.clear')}
              </Button>
              <span className={classes.space} />
              <Button
                variant="default"
                leftSection={<IconCopy size={14} stroke={1.75} aria-hidden />}
                onClick={() => copy(null)}
              >
                {t('studies.selection.copy')}
              </Button>
              <Button
                variant="default"
                leftSection={<IconDownload size={14} stroke={1.75} aria-hidden />}
                onClick={() => beginExport('selected')}
              >
                {t('studies.selection.export')}
              </Button>
            </div>
          )}
        </div>
        {open !== null && (
          <div className={classes.side} data-over={narrow || undefined}>
            <Inspector source={source} row={open} onRow={onOpen} onCopy={copyOne} zone={state.time_zone} />
          </div>
        )}
      </div>
      <ColumnsDialog
        opened={choosing}
        onClose={() => setChoosing(false)}
        columns={columns}
        onColumns={setColumns}
        sets={state.columns.sets}
        onSave={saveSet}
        onDelete={deleteSet}
      />
    </>
  );
}

function RowsError({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation();
  return <ErrorNotice report={reportOf(error)} action={{ label: t('common.retry'), onClick: onRetry }} />;
}

function CarriedNotice({ carried, onDismiss }: { carried: Carried; onDismiss: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  return (
    <p className={classes.carried} role="status">
      <span>
        {t('studies.patients.report', {
          count: carried.unmatched,
          n: format.count(carried.unmatched),
          matched: format.count(carried.matched),
        })}
      </span>
      {carried.unmatched > 0 && (
        <Button
          variant="subtle"
          size="compact-xs"
          onClick={() =>
            void host
              .call('studies_copy_unmatched', {})
              .then(() => toast({ message: t('common.copied') }))
              .catch(toastError)
          }
        >
          {t('studies.patients.copyUnmatched')}
        </Button>
      )}
      <Button
        variant="subtle"
        color="gray"
        size="compact-xs"
        aria-label={t('studies.patients.dismiss')}
        onClick={onDismiss}
      >
        <IconX size={12} stroke={2} aria-hidden />
      </Button>
    </p>
  );
}
