import { ActionIcon, Button, Tooltip } from '@mantine/core';
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconFoldUp,
  IconListSearch,
  IconFoldDown,
} from '@tabler/icons-react';
import { useCallback, useEffect, useMemo, useState, type Ref } from 'react';
import { useTranslation } from 'react-i18next';

import { useCommands } from '../../app/commands';
import { useFormat } from '../../app/FormatContext';
import type { BrowseState } from '../../bindings/BrowseState';
import type { RowPlace } from '../../bindings/RowPlace';
import type { TreeItem } from '../../bindings/TreeItem';
import type { TreeRow } from '../../bindings/TreeRow';
import type { TreeWindow } from '../../bindings/TreeWindow';
import { Check } from '../../components/Check';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { toast } from '../../components/toast';
import { RowSource } from '../../components/VirtualTree/source';
import { VirtualTree, type TreeHandle } from '../../components/VirtualTree/VirtualTree';
import { useHost } from '../../host/context';
import { FilterBar } from './FilterBar';
import { FindField } from './FindField';
import { narrows, noFilter } from './filter';
import { ListDialog } from './ListDialog';
import { useActs } from './useActs';
import { useWishes } from './wishes';
import classes from './NewExport.module.css';

interface Props {
  state: BrowseState;
  /** Rows that came along with the registry. */
  first: TreeWindow | null;
  find: Ref<HTMLInputElement>;
  tree: React.RefObject<TreeHandle | null>;
}

/** Whose row it is, for finding it again. */
function placeOf(item: TreeItem): RowPlace {
  return item.type === 'folder'
    ? { target: { type: 'folder', id: item.id }, folder: null }
    : { target: { type: 'patient', id: item.id }, folder: item.folder };
}

/** Rows that say the same need not be drawn anew. They are small and flat. */
function sameRow(a: TreeRow, b: TreeRow): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function PatientsColumn({ state, first, find, tree }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const { act, problem, dismiss, layout } = useActs();
  const { filter, setFilter } = useWishes();
  const [listOpen, setListOpen] = useState(false);
  useCommands(
    useMemo(
      () => [
        {
          id: 'paste-list',
          group: t('common.pages.newExport'),
          label: t('newExport.list.title'),
          keywords: t('newExport.list.words'),
          icon: IconListSearch,
          run: () => setListOpen(true),
        },
      ],
      [t],
    ),
  );
  const [source] = useState(
    () =>
      new RowSource<TreeRow>((offset, limit) => host.call('tree_window', { offset, limit }), sameRow, first),
  );
  useEffect(() => source.expect(state.revision, state.rows), [source, state.revision, state.rows]);

  const { counts } = state;
  const check = useCallback(
    (item: TreeItem) =>
      void act('patients', 'check', {
        target: placeOf(item).target,
        on: null,
      }),
    [act],
  );
  const checkRows = useCallback(
    (revision: number, from: number, to: number, on: boolean) =>
      void act('patients', 'check_rows', { revision, from, to, on }),
    [act],
  );
  const checkAll = useCallback(() => void act('patients', 'check_matching', { on: true }), [act]);
  const open = useCallback(
    (folder: number, to: boolean) => void act('patients', 'expand', { folder, open: to }),
    [act],
  );
  const openSiblings = useCallback(
    (item: TreeItem) => void act('patients', 'expand_beside', placeOf(item)),
    [act],
  );
  const findShown = useCallback(
    async (text: string, after: number | null) => {
      const found = await act('patients', 'find', { text, after, shown: true });
      return found?.row ?? null;
    },
    [act],
  );
  const locate = useCallback(
    (item: TreeItem) =>
      host.call('locate', placeOf(item)).then(
        ({ row }) => row,
        () => null, // focus is a convenience: it stays where it is
      ),
    [host],
  );

  const failed = source.error;
  const stale = problem?.area === 'patients' && problem.report.code === 'STALE_ROWS';
  useEffect(() => {
    if (!stale) return;
    toast({ id: 'stale', message: t('newExport.tree.stale'), tone: 'warn' });
    dismiss();
  }, [stale, dismiss, t]);

  return (
    <section className={classes.column} aria-labelledby="patients-title">
      <header className={classes.head}>
        <h2 id="patients-title">{t('newExport.patients')}</h2>
        <span
          className={classes.of}
          data-testid="of-patients"
          title={t('newExport.ofPatientsTitle', {
            count: counts.selected,
            n: format.count(counts.selected),
            of: format.count(counts.visible),
          })}
        >
          {t('newExport.ofPatients', { n: format.count(counts.selected), of: format.count(counts.visible) })}
        </span>
      </header>
      <div className={classes.tools}>
        <div className={classes.findRow}>
          <FindField ref={find} onLeave={() => tree.current?.focus()} />
          <Button
            variant="default"
            leftSection={<IconListSearch size={14} stroke={1.75} aria-hidden />}
            onClick={() => setListOpen(true)}
          >
            {t('newExport.filter.list')}
          </Button>
        </div>
        <FilterBar state={state} />
      </div>
      {problem?.area === 'patients' && !stale && (
        <div className={classes.notice}>
          <ErrorNotice report={problem.report} action={{ label: t('common.close'), onClick: dismiss }} />
        </div>
      )}
      <div className={classes.allRow}>
        <Check
          checked={counts.matching > 0 && counts.matching_selected === counts.matching}
          mixed={counts.matching_selected > 0 && counts.matching_selected < counts.matching}
          disabled={counts.matching === 0}
          onChange={() =>
            void act('patients', 'check_matching', { on: counts.matching_selected < counts.matching })
          }
        >
          <span data-testid="matching">
            {t('newExport.allMatching', { n: format.count(counts.matching) })}
          </span>
        </Check>
        <span className={classes.space} />
        <IconButton
          testid="expand-all"
          label={t('newExport.tree.expandAll')}
          Icon={IconFoldDown}
          onClick={() => void act('patients', 'expand_all', { open: true })}
        />
        <IconButton
          label={t('newExport.tree.collapseAll')}
          Icon={IconFoldUp}
          onClick={() => void act('patients', 'expand_all', { open: false })}
        />
      </div>
      {failed !== null && (
        <div className={classes.notice}>
          <ErrorNotice
            report={reportOf(failed)}
            action={{ label: t('common.retry'), onClick: () => source.retry() }}
          />
        </div>
      )}
      {state.rows > 0 ? (
        <VirtualTree
          ref={tree}
          label={t('newExport.tree.label')}
          source={source}
          layout={layout}
          locate={locate}
          find={findShown}
          onCheck={check}
          onCheckRows={checkRows}
          onCheckAll={checkAll}
          onOpen={open}
          onOpenSiblings={openSiblings}
        />
      ) : (
        <div className={classes.empty}>
          <p>{t(narrows(filter) ? 'newExport.tree.noMatch' : 'newExport.tree.nobody')}</p>
          {narrows(filter) && (
            <Button variant="default" onClick={() => setFilter(noFilter)}>
              {t('newExport.tree.clearFilter')}
            </Button>
          )}
        </div>
      )}
      <footer className={classes.foot}>
        <span data-testid="selected" aria-live="polite">
          {t('newExport.selected', { count: counts.selected, n: format.count(counts.selected) })}
          {counts.hidden > 0 && (
            <>
              {' · '}
              <span className={classes.hidden}>
                {t('newExport.hidden', { n: format.count(counts.hidden) })}
              </span>{' '}
              <button
                type="button"
                className={classes.link}
                onClick={() => setFilter((before) => ({ ...noFilter(before), among: { type: 'hidden' } }))}
              >
                {t('newExport.show')}
              </button>
            </>
          )}
        </span>
        <span className={classes.space} />
        <IconButton
          label={t('common.undo')}
          keys="Ctrl+Z"
          Icon={IconArrowBackUp}
          disabled={!state.can_undo}
          onClick={() => void act('patients', 'undo', {})}
        />
        <IconButton
          label={t('common.redo')}
          keys="Ctrl+Shift+Z"
          Icon={IconArrowForwardUp}
          disabled={!state.can_redo}
          onClick={() => void act('patients', 'redo', {})}
        />
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          title={t('newExport.clearTitle')}
          disabled={counts.selected === 0}
          onClick={() => void act('patients', 'clear_selection', {})}
        >
          {t('newExport.clear')}
        </Button>
      </footer>
      <ListDialog opened={listOpen} onClose={() => setListOpen(false)} />
    </section>
  );
}

interface IconButtonProps {
  label: string;
  testid?: string;
  keys?: string;
  Icon: typeof IconFoldUp;
  disabled?: boolean;
  onClick: () => void;
}

function IconButton({ label, testid, keys, Icon, disabled = false, onClick }: IconButtonProps) {
  return (
    <Tooltip label={keys ? `${label} (${keys})` : label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={label}
        data-testid={testid}
        disabled={disabled}
        onClick={onClick}
      >
        <Icon size={16} stroke={1.75} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
